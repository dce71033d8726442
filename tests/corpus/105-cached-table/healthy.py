"""A global cache that only the workers need, filled once for each."""
import argparse
import multiprocessing as mp

CACHE = {}


def table():
    if not CACHE:
        CACHE.update((n, n * n % 1009) for n in range(100_000))
    return CACHE


def work(n):
    known = table()
    acc = 0
    for k in range(250_000):
        acc += known[(n + k) % 100_000]
    return acc


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    with mp.get_context("fork").Pool(2) as pool:
        print("result:", sum(pool.map(work, range(int(80 * parser.parse_args().scale)))))
        print("cached here:", len(table()))


if __name__ == "__main__":
    main()
