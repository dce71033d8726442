"""MP502 unlocked-update: ``counter.value += 1`` reads, adds and writes, and another process may write in between.

Mistake: the lock inside a Value guards each read and each write, not the pair: updates get lost.
Remedy: hold the lock around the pair. Better still, count in the worker and add once, as ``add_once`` does.
Run: python examples/unlocked_update.py [--scale F] [--start-method spawn]
Ask: mpdiag probe shared_state --select MP502

On two busy CPUs (CPython 3.11, Linux) the answer was:

    Two processes adding to one Value by += lost at least 10,130 of 40,000 updates (25.3 %; elsewhere 15–23 % were
    lost); with get_lock() none was.

Some runs lose nothing, above all short ones and those on one CPU: that is why the mistake lives long.
"""

import multiprocessing

from compare import compare

WORKERS = 2


def count_unlocked(counter, together, steps):
    together.wait()
    for _ in range(steps):
        counter.value += 1


def count_locked(counter, together, steps):
    together.wait()
    for _ in range(steps):
        with counter.get_lock():
            counter.value += 1


def count_locally(counter, together, steps):
    together.wait()
    count = 0
    for _ in range(steps):
        count += 1
    with counter.get_lock():
        counter.value += count


def total(target, steps):
    counter = multiprocessing.Value("q", 0)
    # Workers that do not run at the same time lose nothing.
    together = multiprocessing.Barrier(WORKERS)
    workers = [multiprocessing.Process(target=target, args=(counter, together, steps)) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return f"{WORKERS * steps - counter.value} of {WORKERS * steps} updates lost"


def bad(steps):
    return total(count_unlocked, steps)


def good(steps):
    return total(count_locked, steps)


def add_once(steps):
    return total(count_locally, steps)


if __name__ == "__main__":
    for way, lost in compare(bad, good, add_once, size=50_000, same=False).items():
        print(f"{way}: {lost}")
