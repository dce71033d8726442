"""MP402 tiny-tasks: handing a task to a worker costs more than the task.

Mistake: an executor's map() without a chunksize: each item is pickled, queued and awaited by itself.
Remedy: chunks that hold some milliseconds of work. When all the work together is that small, no pool at all.
Run: python examples/tiny_tasks.py [--scale F] [--start-method spawn]
Ask: mpdiag probe pool_overhead --select MP402

On two busy CPUs (CPython 3.11, Linux) the answer was:

    One task handed to a ProcessPoolExecutor costs 249 µs beyond its work (68.8 µs by Pool.imap, 5.35 µs by the
    executor's map with chunksize 100). A task below 249 µs is done faster by a plain loop than by a pool of all
    usable CPUs.
"""

from concurrent.futures import ProcessPoolExecutor

from compare import compare

WORKERS = 2


def is_palindrome(number):
    text = str(number)
    return text == text[::-1]


def bad(numbers):
    with ProcessPoolExecutor(WORKERS) as pool:
        return sum(pool.map(is_palindrome, range(numbers)))


def good(numbers):
    with ProcessPoolExecutor(WORKERS) as pool:
        return sum(pool.map(is_palindrome, range(numbers), chunksize=1000))


def no_pool(numbers):
    return sum(map(is_palindrome, range(numbers)))


if __name__ == "__main__":
    compare(bad, good, no_pool, size=4000)
