import argparse
import multiprocessing
from concurrent.futures import ProcessPoolExecutor


def genuine(coin):
    return coin % 7 != 3


def history(years):
    worth = 1.0
    for year in range(years):
        worth = worth * 1.0000001 + year % 3
    return worth


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    scale = parser.parse_args().scale
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as executor:
        good = sum(executor.map(genuine, range(60)))
        worths = list(executor.map(history, [int(9_000_000 * scale)] * 4))
    print("result:", good, round(sum(worths)))


if __name__ == "__main__":
    main()
