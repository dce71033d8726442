# outcome: fork=hangs spawn=hangs forkserver=hangs

# --- in the task
import sys
from multiprocessing import Pool

def check(path):
    if not path:
        sys.exit(1)  # expect: MP416 error
    return path

def run(paths):
    with Pool() as pool:
        return pool.map(check, paths)

# --- in a function that the task calls
import multiprocessing as mp
from os import _exit
from sys import exit as leave

def fail(message):
    print(message)
    leave(message)  # expect: MP416

def parse(line):
    return line or fail("empty")

class Reader:
    def __init__(self):
        self.pool = mp.get_context("spawn").Pool(2)

    def read(self, lines):
        return [self.pool.apply_async(self.one, (line,)) for line in lines]

    def one(self, line):
        if line == "!":
            _exit(3)  # expect: MP416
        return parse(line)

# --- raised by name, or by the builtins for interactive use
from functools import partial
from multiprocessing.pool import Pool, ThreadPool

def first(n):
    raise SystemExit  # expect: MP416

def second(n):
    raise SystemExit("no")  # expect: MP416

def third(n):
    quit()  # expect: MP416

def fourth(n, verbose):
    exit(0)  # expect: MP416

def run(numbers):
    with Pool() as pool, ThreadPool() as threads:
        pool.map(first, numbers)
        pool.imap(second, numbers)
        threads.map(third, numbers)
        pool.map(partial(fourth, verbose=True), numbers)

# --- os._exit breaks an executor
import os
from concurrent.futures import ProcessPoolExecutor

def work(n):
    if n > 3:
        os._exit(1)  # expect: MP416 error
    return n

def run():
    with ProcessPoolExecutor() as executor:
        return [executor.submit(work, n) for n in range(9)]

# --- an executor passes SystemExit on, and ends with os._exit only
import os
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

def work(n):
    if n > 3:
        sys.exit(1)
    return n

def run():
    with ProcessPoolExecutor() as executor, ThreadPoolExecutor() as threads:
        threads.submit(work, 3).result()
        return list(executor.map(work, range(9)))

# --- billiard's pools tell of a task that exits
import os
import sys
import billiard
from billiard.pool import Pool

def first(n):
    sys.exit(n)

def second(n):
    os._exit(n)

def run(numbers):
    with Pool() as pool:
        pool.map(first, numbers)
        return pool.apply_async(second, (1,)).get()

# --- a process of its own may exit
import os
import sys
from multiprocessing import Process

def work(n):
    sys.exit(n)

class Worker(Process):
    def run(self):
        os._exit(1)

def run():
    Process(target=work, args=(1,)).start()
    Worker().start()

# --- caught in the task, or around the call
import sys
from contextlib import suppress
from multiprocessing import Pool

def main(arguments):
    if not arguments:
        sys.exit(2)

def task(arguments):
    try:
        main(arguments)
    except SystemExit as error:
        return error.code

def other(arguments):
    with suppress(SystemExit):
        sys.exit(1)
    try:
        sys.exit(2)
    except:
        return 0

def run(jobs):
    with Pool() as pool:
        pool.map(task, jobs)
        pool.map(other, jobs)

# --- in the parent, in a signal handler, in a function that no task runs
import signal
import sys
from multiprocessing import Pool

def init():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

def work(n):
    signal.signal(signal.SIGINT, lambda *_: sys.exit(1))
    return n

def usage():
    sys.exit(__doc__)

def run(jobs):
    with Pool(initializer=init) as pool:
        if not pool.map(work, jobs):
            sys.exit(1)

# --- methods called exit
from multiprocessing import Pool

def work(session):
    session.exit()
    session._exit(1)
    return session

def run(jobs):
    with Pool() as pool:
        return pool.map(work, jobs)

# --- a test of what happens [file=test_broken.py]
import os
from concurrent.futures import ProcessPoolExecutor

def die(_):
    os._exit(1)

def test_broken():
    with ProcessPoolExecutor() as executor:
        executor.map(die, range(3))
