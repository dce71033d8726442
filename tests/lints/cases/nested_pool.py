# outcome: fork=fails spawn=fails forkserver=fails

# --- a pool in a pool's task, also further down
from multiprocessing import Pool

def inner(numbers):
    with Pool(2) as pool:  # expect: MP413 error
        return pool.map(abs, numbers)

def task(numbers):
    return sum(inner(numbers))

def main(jobs):
    with Pool() as pool:
        return pool.map(task, jobs)

# --- an executor, a manager, a process
import multiprocessing as mp
from concurrent.futures import ProcessPoolExecutor

class Runner:
    def one(self, job):
        with ProcessPoolExecutor() as executor:  # expect: MP413
            return list(executor.map(abs, job))

    def two(self, job):
        return mp.Manager().dict(job)  # expect: MP413

    def three(self, job):
        process = mp.Process(target=print, args=(job,))
        process.start()  # expect: MP413

    def run(self, jobs):
        with mp.get_context("spawn").Pool(4) as pool:
            pool.map(self.one, jobs)
            pool.imap(self.two, jobs)
            pool.apply_async(self.three, jobs)

# --- a daemonic process, by argument, attribute or class
from multiprocessing import Pool, Process

def work():
    Pool().map(abs, [1])  # expect: MP413

def other():
    Pool().map(abs, [1])  # expect: MP413

class Server(Process):
    def __init__(self):
        super().__init__()
        self.daemon = True

    def run(self):
        Pool().map(abs, [1])  # expect: MP413

def main():
    Process(target=work, daemon=True).start()
    process = Process(target=other)
    process.daemon = True
    process.start()
    Server().start()

# --- workers of an executor may have children
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Pool

def task(numbers):
    with Pool(2) as pool:
        return pool.map(abs, numbers)

def main(jobs):
    with ProcessPoolExecutor() as executor:
        return list(executor.map(task, jobs))

# --- so may processes that are no daemons
from multiprocessing import Manager, Pool, Process

def work():
    with Pool() as pool:
        pool.map(abs, [1])

class Server(Process):
    def run(self):
        Manager().dict()

def main():
    Process(target=work).start()
    Process(target=work, daemon=False).start()
    process = Server()
    process.daemon = False
    process.start()

# --- a pool of threads is none of processes
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Pool
from multiprocessing.pool import ThreadPool

def task(numbers):
    with ThreadPool(2) as pool, ThreadPoolExecutor() as executor:
        return pool.map(abs, numbers), executor.submit(print)

def outer(numbers):
    with Pool() as pool:
        return pool.map(abs, numbers)

def main(jobs):
    with Pool() as pool:
        pool.map(task, jobs)
    with ThreadPool() as pool:
        pool.map(outer, jobs)

# --- a pool whose workers are no daemons
import multiprocessing
import multiprocessing.pool

class Open(multiprocessing.Process):
    daemon = False

class OpenPool(multiprocessing.pool.Pool):
    def Process(self, *args, **kwds):
        return Open(*args, **kwds)

def task(numbers):
    with multiprocessing.Pool(2) as pool:
        return pool.map(abs, numbers)

def main(jobs):
    with OpenPool() as pool:
        return pool.map(task, jobs)

# --- one after the other
from multiprocessing import Pool

def main(jobs):
    with Pool() as pool:
        first = pool.map(abs, jobs)
    with Pool() as pool:
        return pool.map(abs, first)

# --- billiard lets daemons have children
from billiard import Pool

def task(numbers):
    with Pool(2) as pool:
        return pool.map(abs, numbers)

def main(jobs):
    with Pool() as pool:
        return pool.map(task, jobs)

# --- the way to the pool is open for other constants
from multiprocessing import Pool
def region(numbers, processes=2, *, serial=False):
    if serial or processes == 1:
        return sum(numbers)
    with Pool(processes) as inner:  # expect: MP413
        return sum(inner.map(abs, numbers))
def one(numbers):
    return region(numbers, 3)
def main():
    with Pool() as outer:
        outer.map(one, [[1], [2]])

# --- a constant argument keeps a task from the pool
from multiprocessing import Pool
def fit(data, parallel=False, processes=None):
    if parallel and processes != 1:
        return fit_all(data, processes)
    return sum(data)
def fit_all(data, processes):
    with Pool(processes) as pool:
        return pool.map(one, data)
def one(data):
    return fit(data, parallel=False)

# --- a default keeps a task from the pool, or a constant in its arguments, or in a partial
from functools import partial
from multiprocessing import Pool, Process
def fit(data, parallel=False):
    if not parallel:
        return sum(data)
    with Pool() as pool:
        return pool.map(abs, data)
def score(data, workers):
    return Pool(workers).map(abs, data) if workers > 1 else sum(data)
def main():
    with Pool() as pool:
        pool.map(fit, [[1], [2]])
        pool.starmap(score, [([1], 1)])
        pool.map(partial(score, workers=1), [[1]])
    Process(target=score, args=([1],), kwargs={"workers": 0}, daemon=True).start()

# --- a constant is handed on, through a function and itself
from multiprocessing import Pool
def region(numbers, depth):
    if depth is None:
        with Pool() as inner:
            return inner.map(abs, numbers)
    return inner_region(numbers, depth)
def inner_region(numbers, depth):
    return region(numbers, depth=depth)
def one(numbers):
    return region(numbers, 0)
def main():
    with Pool() as outer:
        outer.map(one, [[1], [2]])

# --- asked whether a worker runs it
from multiprocessing import Pool, current_process, parent_process
def region(numbers):
    if current_process().daemon:
        return sum(numbers)
    with Pool(2) as inner:
        return sum(inner.map(abs, numbers))
def area(numbers):
    if parent_process() is None:
        with Pool(2) as inner:
            return sum(inner.map(abs, numbers))
    return sum(numbers)
def main():
    with Pool() as outer:
        outer.map(region, [[1], [2]])
        outer.map(area, [[1], [2]])

# --- a pool in a task of joblib with the backend of the standard library
from multiprocessing import Pool
from joblib import Parallel, delayed
def region(numbers):
    with Pool(2) as inner:  # expect: MP413
        return sum(inner.map(abs, numbers))
def main():
    Parallel(n_jobs=2, backend="multiprocessing")(delayed(region)(numbers) for numbers in [[1], [2]])

# --- the workers of loky may have children, and joblib looks after its own
from multiprocessing import Pool
from joblib import Parallel, delayed
def region(numbers):
    with Pool(2) as inner:
        return sum(inner.map(abs, numbers))
def area(numbers):
    return Parallel(n_jobs=2)(delayed(abs)(number) for number in numbers)
def main():
    Parallel(n_jobs=2)(delayed(region)(numbers) for numbers in [[1], [2]])
    Parallel(n_jobs=2, backend="multiprocessing")(delayed(area)(numbers) for numbers in [[1], [2]])
