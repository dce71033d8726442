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

# --- batch by batch
from itertools import batched
from multiprocessing import Process

def run(items, width):
    for start in range(0, len(items), width):
        running = [Process(target=print, args=(item,)) for item in items[start:start + width]]  # expect: MP101 note
        for process in running:
            process.start()
        for process in running:
            process.join()
    for batch in batched(items, width):
        running = []
        for item in batch:
            process = Process(target=print, args=(item,))  # expect: MP101 note
            process.start()
            running.append((process, item))
        for process, item in running:
            process.join()

# --- as many at a time as there are workers, or joined after all batches
from multiprocessing import Process

def run(rounds, workers, items, width):
    for number in range(rounds):
        running = [Process(target=print, args=(number, rank)) for rank in range(workers)]
        for process in running:
            process.start()
        for process in running:
            process.join()
    running = []
    for start in range(0, len(items), width):
        for item in items[start:start + width]:
            running.append(Process(target=print, args=(item,)))
            running[-1].start()
    for process in running:
        process.join()

# --- one process for each stride
from multiprocessing import Process

def run(items, width):
    for start in range(0, len(items), width):
        process = Process(target=print, args=(items[start:start + width],))
        process.start()
        process.join()
