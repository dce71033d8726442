# outcome: fork=fails spawn=fails forkserver=fails

# --- daemon after start
from multiprocessing import Process

def run():
    p = Process(target=print)
    p.start()
    p.daemon = True  # expect: MP117 error
    p.join()

# --- join before start
import multiprocessing as mp

p = mp.Process(target=print)
p.join()  # expect: MP117
p.start()

# --- in the body of a loop
import multiprocessing as mp

for n in range(3):
    p = mp.Process(target=print, args=(n,))
    p.terminate()  # expect: MP117
    p.start()

# --- a pool that still takes tasks
from multiprocessing import Pool

def run(items):
    pool = Pool(4)
    pool.map(print, items)
    pool.join()  # expect: MP117
    with Pool() as other:
        other.map(print, items)
        other.join()  # expect: MP117

# --- a pool in an attribute
from multiprocessing.pool import ThreadPool

class App:
    def __init__(self):
        self.pool = ThreadPool()

    def stop(self):
        self.pool.join()  # expect: MP117

# --- in order
from multiprocessing import Process

def run():
    p = Process(target=print)
    p.daemon = True
    p.start()
    p.terminate()
    p.join()

# --- started by someone else, or maybe
from multiprocessing import Process

def run(start, flag):
    p = Process(target=print)
    start(p)
    p.join()
    p.start()
    q = Process(target=print)
    if flag:
        q.start()
    q.daemon = True

# --- the name means another process by then
from multiprocessing import Process

def run():
    p = Process(target=print)
    p.start()
    p = Process(target=print)
    p.daemon = True
    p.start()

# --- closed
from multiprocessing import Pool

def run(items):
    pool = Pool(4)
    pool.map(print, items)
    pool.close()
    pool.join()
    other = Pool()
    try:
        other.map(print, items)
    except KeyboardInterrupt:
        other.terminate()
    other.join()

# --- closed by someone else, or by `with`
from multiprocessing import Pool

def run(items, stop):
    pool = Pool(4)
    stop(pool)
    pool.join()
    with Pool() as other:
        other.map(print, items)
    other.join()

class App:
    def __init__(self):
        self.pool = Pool()

    def close(self):
        self.pool.close()

    def stop(self):
        self.pool.join()

# --- other things are joined too
import os
import multiprocessing
import threading

t = threading.Thread(target=print)
t.start()
t.daemon = True
os.path.join("a", "b")
", ".join([])
