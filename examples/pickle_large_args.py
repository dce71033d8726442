"""MP201 pickle-large-args: a large argument is pickled anew for each task.

Mistake: submit(function, item, table), or a partial that holds the table: all of it is pickled, sent and unpickled for
each task.
Remedy: hand it to each worker once, by initializer and initargs, and send what differs from task to task.
Run: python examples/pickle_large_args.py bad, then good
Ask: mpdiag run examples/pickle_large_args.py bad

On two busy CPUs (CPython 3.11, Linux) the answer was:

    40 tasks of the ProcessPoolExecutor (~/examples/pickle_large_args.py:41) were sent 1.20 MiB each, 47.8 MiB in
    all; parameter 1 of score (the first is 0) never changed. Pickling, sending and unpickling that took 8.92 s, the
    tasks themselves 16.4 ms. Gain: at most 5.5 s (98 %) of 5.60 s.
"""

import sys
from concurrent.futures import ProcessPoolExecutor

BASKETS = [[f"item-{(basket * 7919 + n) % 60_000}" for n in range(500)] for basket in range(40)]
known = {}


def table():
    return {f"item-{number}": number / 7 for number in range(60_000)}


def score(basket, prices):
    return sum(prices[item] for item in basket)


def keep(prices):
    known.update(prices)


def score_by_known(basket):
    return score(basket, known)


def bad():
    prices = table()
    with ProcessPoolExecutor(2) as pool:
        futures = [pool.submit(score, basket, prices) for basket in BASKETS]
        return sum(future.result() for future in futures)


def good():
    with ProcessPoolExecutor(2, initializer=keep, initargs=(table(),)) as pool:
        return sum(pool.map(score_by_known, BASKETS, chunksize=5))


if __name__ == "__main__":
    print(f"{ {'bad': bad, 'good': good}[sys.argv[1]]():.0f}")
