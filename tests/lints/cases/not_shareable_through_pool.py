# outcome: fork=fails spawn=fails forkserver=fails

# --- a queue in the arguments of one task
from multiprocessing import Pool, Queue

queue = Queue()
with Pool() as pool:
    pool.apply_async(print, (queue,)).get()  # expect: MP207 error
    pool.apply(print, [1, queue])  # expect: MP207

# --- locks, events and values for an executor
import multiprocessing as mp
from concurrent.futures import ProcessPoolExecutor

class App:
    def __init__(self):
        self.lock = mp.Lock()

    def run(self, loop):
        with ProcessPoolExecutor() as executor:
            executor.submit(print, self.lock)  # expect: MP207
            executor.submit(print, flag=mp.Event())  # expect: MP207
            loop.run_in_executor(executor, print, mp.Value("i"))  # expect: MP207

# --- in the tuples of starmap, in a list, in a partial
import functools
from multiprocessing import Array, JoinableQueue, Pool, RLock

lock = RLock()
jobs = JoinableQueue()
with Pool() as pool:
    pool.starmap(print, [(n, lock) for n in range(9)])  # expect: MP207
    pool.map(print, [(n, jobs) for n in range(9)])  # expect: MP207
    pool.map(print, [lock] * 3)  # expect: MP207
    pool.imap(functools.partial(print, Array("d", 3)), range(9))  # expect: MP207

# --- given to the workers when they start
from multiprocessing import Pool, Process, Queue

queue = Queue()
with Pool(initializer=print, initargs=(queue,)) as pool:
    pool.map(print, [1])
Process(target=print, args=(queue,)).start()

# --- proxies
from multiprocessing import Manager, Pool

with Manager() as manager, Pool() as pool:
    pool.apply_async(print, (manager.Queue(), manager.Lock())).get()
    pool.map(print, [(n, manager.dict()) for n in range(3)])

# --- connections may be sent
from multiprocessing import Pipe, Pool

here, there = Pipe()
with Pool() as pool:
    pool.apply(print, (there,))

# --- threads share everything
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Queue
from multiprocessing.pool import ThreadPool

queue = Queue()
ThreadPool().apply_async(print, (queue,))
ThreadPoolExecutor().submit(print, queue)

# --- what is not known
from multiprocessing import Pool

def run(queue, pool: Pool):
    pool.apply_async(print, (queue, 3))
    pool.map(print, [(queue, 3)])

# --- an argument of a task of joblib
from multiprocessing import Lock, Queue
from joblib import Parallel, delayed
def work(number, queue):
    queue.put(number)
def main():
    queue, lock = Queue(), Lock()
    Parallel(n_jobs=2)(delayed(work)(number, queue) for number in range(9))  # expect: MP207
    Parallel(n_jobs=2, backend="multiprocessing")(delayed(work)(number, queue=lock) for number in [1])  # expect: MP207

# --- threads of joblib, and what a manager gives
from multiprocessing import Manager, Queue
from joblib import Parallel, delayed
def work(number, queue):
    queue.put(number)
def main():
    queue = Queue()
    Parallel(n_jobs=2, prefer="threads")(delayed(work)(number, queue) for number in range(9))
    with Manager() as manager:
        shared = manager.Queue()
        Parallel(n_jobs=2)(delayed(work)(number, shared) for number in range(9))
