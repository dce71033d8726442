import argparse
import multiprocessing as mp


class Worker:
    def __init__(self, ctx, tasks, results):
        self.process = ctx.Process(target=run, args=(tasks, results))
        self.process.start()


def run(tasks, results):
    while (task := tasks.get()) is not None:
        value = 1.0
        for k in range(task):
            value = value * 1.0000003 + k % 2
        results.put(value)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    size = int(120_000 * parser.parse_args().scale)
    ctx = mp.get_context("spawn")
    tasks, results = ctx.Queue(), ctx.Queue()
    crew = [Worker(ctx, tasks, results) for _ in range(20)]
    for _ in range(80):
        tasks.put(size)
    for _ in crew:
        tasks.put(None)
    total = sum(results.get() for _ in range(80))
    for w in crew:
        w.process.join()
    print("result:", round(total))


if __name__ == "__main__":
    main()
