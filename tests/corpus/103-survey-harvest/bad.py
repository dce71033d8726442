import argparse
import multiprocessing as mp
import queue


def answer(todo, done):
    while True:
        n = todo.get()
        if n < 0:
            break
        acc = 0
        for k in range(20_000):
            acc += (n * k) % 7
        done.put(acc)


def harvest(done, count):
    total = 0
    try:
        while True:
            total += done.get_nowait()
    except queue.Empty:
        return total


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    count = int(1500 * parser.parse_args().scale)
    ctx = mp.get_context("fork")
    todo, done = ctx.Queue(), ctx.Queue()
    crew = [ctx.Process(target=answer, args=(todo, done), daemon=True) for _ in range(2)]
    for p in crew:
        p.start()
    for n in range(count):
        todo.put(n)
    total = harvest(done, count)
    for _ in crew:
        todo.put(-1)
    for p in crew:
        p.join()
    print("result:", total)


if __name__ == "__main__":
    main()
