# outcome: fork=works spawn=works forkserver=works

# --- a process
from multiprocessing import Process

def work(n):
    print(n)

p = Process(target=work(3))  # expect: MP113 error

# --- without arguments
import multiprocessing as mp

def work():
    print("…")

p = mp.Process(None, work())  # expect: MP113

# --- tasks of an executor and of a pool
import concurrent.futures
import multiprocessing

def double(n):
    result = n * 2
    return result

def run(executor: concurrent.futures.ProcessPoolExecutor, items):
    executor.submit(double(1))  # expect: MP113
    with multiprocessing.Pool(initializer=double(3)) as pool:  # expect: MP113
        pool.map(double(2), items)  # expect: MP113
        pool.apply_async(double(2))  # expect: MP113

# --- a method, a coroutine, a generator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Process

class Job:
    def run(self):
        self.done = True

    def items(self):
        yield 1

async def main():
    pass

job = Job()
p = Process(target=job.run())  # expect: MP113
q = Process(target=main())  # expect: MP113
ThreadPoolExecutor().submit(job.items())  # expect: MP113

# --- something to iterate over
from multiprocessing import Pool
from tqdm import tqdm

def run(function, items):
    with Pool() as pool:
        return list(pool.imap_unordered(tqdm(function), items))  # expect: MP113

# --- an instance that cannot be called
from multiprocessing import Process

class Work:
    def __init__(self, n):
        self.n = n

p = Process(target=Work(3))  # expect: MP113

# --- a partial
import functools
import operator
from multiprocessing import Pool, Process

def work(n):
    print(n)

p = Process(target=functools.partial(work, 3))
Pool().map(operator.itemgetter(1), [])

# --- a function that makes functions
from multiprocessing import Process

def make(n):
    def work():
        print(n)
    return work

def choose(name):
    return HANDLERS[name]

def through(function):
    return function

def lazily(n):
    return lambda: n

p = Process(target=make(3))
q = Process(target=choose("a"))
r = Process(target=through(print))
s = Process(target=lazily(1))

# --- a function that returns what a decorator made
from multiprocessing import Process

def make(function):
    return logged(function)

def bound(job):
    return job.run

p = Process(target=make(print))
q = Process(target=bound(3))

# --- an instance that can be called
from multiprocessing import Process

class Work:
    def __call__(self):
        print(1)

class Inherits(Base):
    pass

p = Process(target=Work())
q = Process(target=Inherits())

# --- a function of which nothing is known
from multiprocessing import Process
from .jobs import make

p = Process(target=make(3))

# --- a decorated function may return anything
from multiprocessing import Process

@curry
def work(n):
    print(n)

p = Process(target=work(3))

# --- other libraries
import threading
from jobs import Process

def work(n):
    print(n)

p = Process(target=work(3))
