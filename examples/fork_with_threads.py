"""MP603 fork-with-threads: a forked worker uses a pool of threads that did not come along.

Mistake: one ThreadPoolExecutor for all, used before the fork: the worker's copy believes that it has threads, hands
them a task and waits for ever.
Remedy: make threads where they are used; or start workers by spawn or forkserver, which inherit nothing.
Run: python examples/fork_with_threads.py good (bad has to be stopped)
Ask: mpdiag run --hang-after 2 --on-hang kill examples/fork_with_threads.py bad

The answer was, and exit code 4:

    Fork copies locks, but not the threads that hold them: ForkPoolWorker-2 (23805) (as 1 other does) waits in
    result_iterator() at fork_with_threads.py:24 for results of its pool, and has no thread that could end that: it
    was forked at fork_with_threads.py:35 while its parent had 1 more thread.
"""

import multiprocessing
import sys
from concurrent.futures import ThreadPoolExecutor

threads = ThreadPoolExecutor(4)


def sizes(words):
    return list(threads.map(len, words))


def sizes_by_own(words):
    with ThreadPoolExecutor(4) as own:
        return list(own.map(len, words))


def run(function):
    print(function(["a", "bc"]))
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else None
    with multiprocessing.get_context(method).Pool(2) as pool:
        print(pool.map(function, [["def"], ["ghij"]]))


def bad():
    run(sizes)


def good():
    run(sizes_by_own)


if __name__ == "__main__":
    {"bad": bad, "good": good}[sys.argv[1]]()
