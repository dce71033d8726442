"""The parent watches the runners while they work."""
import argparse
import multiprocessing as mp


def lap(n):
    acc = 0
    for k in range(n):
        acc = (acc * 5 + k) % 65521
    return acc


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    size = int(18_000_000 * parser.parse_args().scale)
    with mp.Pool(2) as pool:
        pending = [pool.apply_async(lap, (size,)) for _ in range(2)]
        print("result:", sum(p.get() for p in pending))


if __name__ == "__main__":
    main()
