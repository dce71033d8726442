# outcome: fork=differs spawn=fails forkserver=fails

# --- a thread's queue
import queue
from multiprocessing import Process

results = queue.Queue()
p = Process(target=print, args=(results,))  # expect: MP208 error

# --- locks and events, by keyword and in a list
import multiprocessing as mp
import threading

class App:
    def __init__(self):
        self.stop = threading.Event()

    def run(self):
        mp.Process(target=print, kwargs={"stop": self.stop}).start()  # expect: MP208
        mp.Process(target=print, args=[threading.Lock(), 3]).start()  # expect: MP208

# --- in the task of a pool
import sqlite3
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Pool

with Pool() as pool, open("log") as log:
    pool.apply_async(print, (log,))  # expect: MP208 error
    database = sqlite3.connect("a.db")
    ProcessPoolExecutor().submit(print, database)  # expect: MP208 error

# --- an open file, where the start method is not known
from multiprocessing import Process

log = open("log")
p = Process(target=print, args=(log,))  # expect: MP208 error

# --- what processes share
import multiprocessing as mp

queue = mp.Queue()
p = mp.Process(target=print, args=(queue, mp.Lock(), mp.Event()))

# --- given to a thread
import multiprocessing
import queue
import threading
from concurrent.futures import ThreadPoolExecutor

results = queue.Queue()
threading.Thread(target=print, args=(results,)).start()
ThreadPoolExecutor().submit(print, results, threading.Lock())

# --- fork hands an open file on
import multiprocessing

log = open("log")
p = multiprocessing.get_context("fork").Process(target=print, args=(log,))

# --- a path, a connection
from multiprocessing import Pipe, Process

here, there = Pipe()
p = Process(target=print, args=("log", there))

# --- an argument of a task of joblib
import queue
import threading
from joblib import Parallel, delayed
def work(number, kept):
    return number
def main(path):
    lock, file = threading.Lock(), open(path)
    Parallel(n_jobs=2)(delayed(work)(number, lock) for number in range(9))  # expect: MP208
    Parallel(n_jobs=2)(delayed(work)(number, kept=queue.Queue()) for number in range(9))  # expect: MP208
    Parallel(n_jobs=2, backend="multiprocessing")(delayed(work)(number, file) for number in range(9))  # expect: MP208

# --- joblib's own pickler copies an open file, and its threads share locks
import threading
from joblib import Parallel, delayed
def work(number, kept):
    return number
def main(path):
    lock, file = threading.Lock(), open(path)
    Parallel(n_jobs=2)(delayed(work)(number, file) for number in range(9))
    Parallel(n_jobs=2, backend="threading")(delayed(work)(number, lock) for number in range(9))
