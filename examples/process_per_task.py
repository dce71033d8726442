"""MP101 process-per-task: a process is started for every small item.

Mistake: each item gets a process of its own, which takes longer to start and to join than the item takes.
Remedy: one pool, kept alive, is handed all the items.
Run: python examples/process_per_task.py [--scale F] [--start-method spawn]
Ask: mpdiag probe start_method --select MP101

On two busy CPUs (CPython 3.11, Linux) the answer was:

    Starting and joining a process takes 4.39 ms [4.18–5.60] by fork, the default here, 75.5 ms [69.7–86.5] by
    spawn: 22.7× [16.1–24.4] what a thread takes.
"""

import multiprocessing
import zlib

from compare import compare


def compressed_size(page):
    return len(zlib.compress(f"page {page} ".encode() * 2000))


def measure(page, results):
    results.put((page, compressed_size(page)))


def bad(pages):
    results = multiprocessing.SimpleQueue()
    processes = [multiprocessing.Process(target=measure, args=(page, results)) for page in range(pages)]
    for process in processes:
        process.start()
    sizes = dict(results.get() for _ in processes)
    for process in processes:
        process.join()
    return [sizes[page] for page in range(pages)]


def good(pages):
    with multiprocessing.Pool() as pool:
        return pool.map(compressed_size, range(pages))


if __name__ == "__main__":
    compare(bad, good, size=32)
