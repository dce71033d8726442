# outcome: fork=works spawn=works forkserver=works

# --- in the with statement
import multiprocessing as mp
from multiprocessing import Lock, Manager

def first(n):
    with Lock():  # expect: MP511 error
        print(n)

def second(n):
    with open("log") as log, mp.get_context("spawn").Semaphore(2) as slot:  # expect: MP511
        log.write(n)

def third(n):
    with Manager().Lock():  # expect: MP511
        print(n)

# --- acquired where it is made
from multiprocessing import RLock

def work(n):
    RLock().acquire()  # expect: MP511
    print(n)

# --- a local of the function that uses it
from multiprocessing import BoundedSemaphore, Lock, Pool

def work(n):
    lock = Lock()  # expect: MP511
    with lock:
        print(n)

def other(n):
    slots = BoundedSemaphore(3)  # expect: MP511
    slots.acquire()
    try:
        print(n)
    finally:
        slots.release()

# --- given to the processes
from multiprocessing import Lock, Process

def work(lock, n):
    with lock:
        print(n)

def main():
    lock = Lock()
    for n in range(4):
        Process(target=work, args=(lock, n)).start()
    with lock:
        print("started")

# --- returned, stored, a default, a global
from multiprocessing import Condition, Lock, Semaphore

class Store:
    def __init__(self):
        self.lock = Lock()
        own = Lock()
        self.other = own

    def put(self, x):
        with self.lock:
            print(x)

def make():
    lock = Lock()
    with lock:
        return lock

def work(n, lock=Lock()):
    with lock:
        print(n)

def setup():
    global guard
    guard = Semaphore(2)
    with guard:
        pass

# --- a nested function or a generator may be run by many
from multiprocessing import Lock

def main(start):
    lock = Lock()

    def report(x):
        with lock:
            print(x)

    start(report)
    with lock:
        print("started")

# --- at the top level
from multiprocessing import Lock

lock = Lock()
with lock:
    print("importing")

# --- a lock of a Value is its own
from multiprocessing import Process, Value

def work(total):
    with total.get_lock():
        total.value += 1

def main():
    Process(target=work, args=(Value("i", 0),)).start()

# --- other libraries
import multiprocessing
import asyncio
from filelock import FileLock as Lock
from redis import Redis

async def work():
    with Lock("x.lock"):
        pass
    async with asyncio.Lock():
        pass
    with Redis().lock("x"):
        pass

# --- threading's locks are another linter's (PLW2101)
import multiprocessing
import threading

def work():
    with threading.Lock():
        pass
