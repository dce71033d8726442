# outcome: fork=works spawn=differs forkserver=differs

# --- a lock of the module, in a pool
from multiprocessing import Lock, Pool

lock = Lock()

def work(n):
    with lock:  # expect: MP704 error
        print(n)

def main():
    with Pool() as pool:
        pool.map(work, range(9))

# --- a queue, a Value and a pipe, in processes of a context [python=3.10-3.13]
import multiprocessing as mp

results, total = mp.Queue(), mp.Value("i", 0)
ours, theirs = mp.Pipe()

def note(n):
    total.value = n  # expect: MP704 warning
    theirs.send(n)  # expect: MP704 warning

class Worker(mp.Process):
    def run(self):
        results.put(3)  # expect: MP704 warning
        note(3)

def main():
    Worker().start()
    print(results.get(), ours.recv(), total.value)

# --- an attribute of a class [start-method=spawn]
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Lock

class Store:
    lock = Lock()

    def put(self, x):
        with self.lock:  # expect: MP704 error
            print(x)

def main(store):
    with ProcessPoolExecutor() as executor:
        executor.submit(Store().put, 1).result()

# --- given to the workers
from multiprocessing import Lock, Pool, Process, Queue

lock = Lock()
queue = Queue()

def prepare(shared):
    global guard
    guard = shared

def work(n):
    with guard:
        print(n)

def put(queue, n):
    queue.put(n)

def main():
    with Pool(initializer=prepare, initargs=(lock,)) as pool:
        pool.map(work, range(9))
    Process(target=put, args=(queue, 1)).start()

# --- forked children inherit it
import multiprocessing as mp

ctx = mp.get_context("fork")
lock = ctx.Lock()

def work(n):
    with lock:
        print(n)

def main():
    with ctx.Pool() as pool:
        pool.map(work, range(9))

# --- used by the parent and its threads alone
from multiprocessing import Lock, Pool
from threading import Thread

lock = Lock()

def show(n):
    with lock:
        print(n)

def main():
    with Pool() as pool:
        for n in pool.map(abs, range(9)):
            show(n)
    Thread(target=show, args=(1,)).start()

# --- an initializer sets the same name in the workers
from multiprocessing import Lock, Pool

lock = Lock()

def prepare(shared):
    global lock
    lock = shared

def work(n):
    with lock:
        print(n)

def main():
    with Pool(initializer=prepare, initargs=(lock,)) as pool:
        pool.map(work, range(9))

# --- a manager's objects and others of threads
import queue
import threading
from multiprocessing import Pool

lock, jobs = threading.Lock(), queue.Queue()

def work(n):
    with lock:
        jobs.put(n)

def main():
    with Pool() as pool:
        pool.map(work, range(9))
