"""MP401 submit-then-wait: each task is awaited before the next one is submitted.

Mistake: submit(...).result() in a loop, or Pool.apply(): one worker works, the others never do.
Remedy: submit everything, then collect: as_completed(), or map() where the order matters.
Run: python examples/submit_then_wait.py [--scale F] [--start-method spawn]
Ask: mpdiag probe futures --select MP401

On two busy CPUs (CPython 3.11, Linux) the answer was:

    Waiting for each task before the next is submitted took 3.26× as long as the best way to hand out the same
    tasks, with two workers, 7.36× with eight: only one of them works at a time.
"""

import time
from concurrent.futures import ProcessPoolExecutor, as_completed

from compare import compare

WORKERS = 4


def fetch(page):
    # A server that takes its time to answer.
    time.sleep(0.02)
    return len(f"page {page}")


def bad(pages):
    with ProcessPoolExecutor(WORKERS) as pool:
        return sum(pool.submit(fetch, page).result() for page in range(pages))


def good(pages):
    with ProcessPoolExecutor(WORKERS) as pool:
        futures = [pool.submit(fetch, page) for page in range(pages)]
        return sum(future.result() for future in as_completed(futures))


if __name__ == "__main__":
    compare(bad, good, size=40)
