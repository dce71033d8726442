import argparse
import multiprocessing as mp
from concurrent.futures import ProcessPoolExecutor


def shout(lines):
    return [line.upper() for line in lines]


def batches(lines, size):
    for k in range(0, len(lines), size):
        yield lines[k:k + size]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    scale = parser.parse_args().scale
    lines = ["line number %d of the long letter" % n for n in range(int(1_600_000 * scale))]
    shouted = 0
    with ProcessPoolExecutor(2, mp_context=mp.get_context("fork")) as ex:
        for part in ex.map(shout, batches(lines, 20_000)):
            shouted += part[0].count("E") + len(part)
    print("result:", shouted)


if __name__ == "__main__":
    main()
