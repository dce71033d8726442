"""A producer hands jobs to the workers by a queue and then waits."""
import argparse
import multiprocessing as mp


def digger(jobs, finds):
    for job in iter(jobs.get, "stop"):
        acc = 0
        for k in range(job):
            acc = (acc + k * 5) % 30013
        finds.put(acc)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    size = int(500_000 * parser.parse_args().scale)
    ctx = mp.get_context("fork")
    jobs, finds = ctx.SimpleQueue(), ctx.SimpleQueue()
    crew = [ctx.Process(target=digger, args=(jobs, finds)) for _ in range(2)]
    for p in crew:
        p.start()
    for _ in range(120):
        jobs.put(size)
    for _ in crew:
        jobs.put("stop")
    print("result:", sum(finds.get() for _ in range(120)))
    for p in crew:
        p.join()


if __name__ == "__main__":
    main()
