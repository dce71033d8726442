# outcome: fork=works spawn=works forkserver=works

# --- a local pool
from multiprocessing import Pool

def run(numbers):
    pool = Pool(4)  # expect: MP412 warning
    return pool.map(abs, numbers)

# --- a pool without a name
import multiprocessing as mp

def run(numbers):
    return mp.Pool().map(abs, numbers)  # expect: MP412

# --- a script's pool
import multiprocessing
from multiprocessing.pool import ThreadPool

if __name__ == "__main__":
    pool = multiprocessing.get_context("spawn").Pool()  # expect: MP412
    results = pool.imap_unordered(abs, range(10))
    for result in results:
        print(result)
    threads = ThreadPool(8)  # expect: MP412
    if threads is not None:
        threads.apply(print)

# --- used in a nested function
from multiprocessing import Pool

def run(numbers):
    pool: Pool = Pool()  # expect: MP412

    def part(start):
        return pool.map(abs, numbers[start:])

    return part(0) + part(10)

# --- left by with, in any way
from contextlib import ExitStack, closing
from multiprocessing import Pool

def run(numbers):
    with Pool() as pool:
        pool.map(abs, numbers)
    other = Pool()
    with other:
        other.map(abs, numbers)
    with closing(Pool()) as third, ExitStack() as stack:
        third.map(abs, numbers)
        fourth = stack.enter_context(Pool())
        fourth.map(abs, numbers)

# --- closed or terminated
import atexit
from multiprocessing import Pool

def run(numbers):
    pool = Pool()
    try:
        return pool.map(abs, numbers)
    finally:
        pool.close()

def start():
    pool = Pool()
    atexit.register(pool.terminate)
    return pool.apply_async

# --- returned, stored, passed on
from multiprocessing import Pool

class Runner:
    def __init__(self):
        self.pool = Pool()
        pool = Pool()
        self.other = pool

def make():
    pool = Pool()
    print(pool)
    return pool

def run(numbers):
    pool = Pool()
    work(pool, numbers)
    pools = [Pool() for _ in range(2)]
    for each in pools:
        each.close()

# --- global on purpose
from multiprocessing import Pool

_pool = None

def get_pool():
    global _pool
    if _pool is None:
        _pool = Pool()
    return _pool

# --- perhaps a pool
from contextlib import nullcontext
from multiprocessing import Pool

def run(numbers, jobs):
    if jobs:
        context = Pool(jobs)
    else:
        context = nullcontext()
    with context as pool:
        print(pool)

# --- executors close themselves when the last reference goes
from concurrent.futures import ProcessPoolExecutor

def run(numbers):
    executor = ProcessPoolExecutor()
    return list(executor.map(abs, numbers))

# --- pools of other kinds
import multiprocessing
from sqlalchemy.pool import Pool
from mylib import ThreadPool

def run():
    pool = Pool()
    threads = ThreadPool()
    return pool.connect(), threads.get()

# --- tests end soon [file=test_pool.py]
from multiprocessing import Pool

def test_map():
    pool = Pool(2)
    assert pool.map(abs, [-1]) == [1]
