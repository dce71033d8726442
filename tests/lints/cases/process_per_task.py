# outcome: own=works

# --- in a comprehension
from multiprocessing import Process

def run():
    ps = [Process(target=print, args=(n,)) for n in range(1000)]  # expect: MP101 warning
    for p in ps:
        p.start()

# --- in a loop, by a constant
import multiprocessing as mp

JOBS = 10 * 50

def run():
    for n in range(JOBS):
        p = mp.Process(target=print, args=(n,))  # expect: MP101
        p.start()
        p.join(10)

# --- a few
from multiprocessing import Process

WORKERS = 8
ps = [Process(target=print, args=(n,)) for n in range(WORKERS)]

# --- nobody knows how many
import os
from multiprocessing import Process

def run(items):
    for item in items:
        Process(target=print, args=(item,)).start()
    for n in range(os.cpu_count()):
        Process(target=print, args=(n,)).start()
    for n in range(1000):
        if n % 200 == 0:
            print(n)

# --- work for a pool
from multiprocessing import Pool

with Pool() as pool:
    for n in range(1000):
        pool.apply_async(print, (n,))
