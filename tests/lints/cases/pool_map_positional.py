# outcome: fork=fails spawn=fails forkserver=fails

# --- two lists
from multiprocessing import Pool

def run(xs):
    with Pool() as pool:
        pool.map(pow, xs, [1, 2, 3])  # expect: MP417 error
        pool.map_async(pow, xs, range(9))  # expect: MP417 error
        pool.imap(pow, xs, [x + 1 for x in xs])  # expect: MP417 error

# --- through a name, as a third and fourth
import multiprocessing as mp
from itertools import repeat

class Runner:
    def __init__(self):
        self.pool = mp.get_context("spawn").Pool(4)

    def run(self, xs):
        ys = sorted(xs)
        self.pool.map(pow, xs, ys)  # expect: MP417
        self.pool.imap_unordered(pow, xs, repeat(2))  # expect: MP417
        self.pool.map(max, xs, xs, xs)  # expect: MP417
        self.pool.starmap(max, [(1, 2)], "abc")  # expect: MP417

# --- a pool of threads has the same methods
from multiprocessing.dummy import Pool as ThreadPool

def run(xs):
    with ThreadPool() as threads:
        threads.map(pow, xs, (1, 2))  # expect: MP417

# --- a chunk size
from multiprocessing import Pool

def run(xs, size):
    with Pool() as pool:
        pool.map(abs, xs, 10)
        pool.map(abs, xs, size)
        pool.map(abs, xs, len(xs) // 4)
        pool.imap(abs, xs, chunksize=16)
        pool.map_async(abs, xs, None, print, print)
        pool.starmap(pow, zip(xs, xs), 4)

# --- executors and the builtin take several iterables
from concurrent.futures import ProcessPoolExecutor

def run(xs):
    list(map(pow, xs, [1, 2]))
    with ProcessPoolExecutor() as executor:
        return list(executor.map(pow, xs, [1, 2]))

# --- arguments that cannot be counted
from multiprocessing import Pool

def run(*rest):
    with Pool() as pool:
        return pool.map(*rest, [1]), pool.map(abs, *rest)

# --- the pools of other libraries
import multiprocessing
from pathos.pools import ProcessPool

def run(xs, client):
    pool = ProcessPool()
    pool.map(pow, xs, [1, 2])
    client.map(pow, xs, [1, 2])
