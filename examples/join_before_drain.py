"""MP601 join-before-drain: a process is joined before what it put into a queue was taken out.

Mistake: join() first, get() afterwards: a process does not end before the pipe has taken all that it put into the
queue, and nobody reads the pipe. With little data it works; with more it stands still for ever.
Remedy: get all results, then join.
Run: python examples/join_before_drain.py good (bad has to be stopped)
Ask: mpdiag run --hang-after 2 --on-hang kill examples/join_before_drain.py bad

The answer was, and exit code 4:

    Joined before its queue was drained: main waits in join() at join_before_drain.py:33 for Process-1 (23460) to
    end, which cannot: what it put into the Queue made at join_before_drain.py:25 does not fit into the pipe, and
    nobody reads it. Get all results from the queue first, then join.
"""

import multiprocessing
import sys


def read(queue):
    queue.put("x" * 1_000_000)


def start():
    queue = multiprocessing.Queue()
    process = multiprocessing.Process(target=read, args=(queue,))
    process.start()
    return process, queue


def bad():
    process, queue = start()
    process.join()
    return len(queue.get())


def good():
    process, queue = start()
    text = queue.get()
    process.join()
    return len(text)


if __name__ == "__main__":
    print({"bad": bad, "good": good}[sys.argv[1]]())
