# outcome: fork=works spawn=works forkserver=works

# --- in a loop
from multiprocessing import Pool

def run(batches):
    for batch in batches:
        with Pool(4) as pool:  # expect: MP102 warning
            pool.map(print, batch)

# --- an executor, in a function that only a loop calls
from concurrent.futures import ProcessPoolExecutor

def total(batch):
    with ProcessPoolExecutor() as pool:  # expect: MP102
        return sum(pool.map(abs, batch))

def run(batches):
    for batch in batches:
        print(total(batch))

# --- in a method
import multiprocessing

class App:
    def step(self, items):
        pool = multiprocessing.get_context("spawn").Pool()  # expect: MP102
        pool.map(print, items)
        pool.close()

    def run(self, batches):
        for batch in batches:
            self.step(batch)

# --- before the loop
from multiprocessing import Pool

def run(batches):
    with Pool(4) as pool:
        for batch in batches:
            pool.map(print, batch)

# --- pools of several sizes
from multiprocessing import Pool

def run(items):
    for workers in (1, 2, 4, 8, 16):
        with Pool(workers) as pool:
            pool.map(print, items)

# --- with what each round prepares
from multiprocessing import Pool

def run(tables):
    for table in tables:
        loaded = table.load()
        with Pool(initializer=print, initargs=(loaded,)) as pool:
            pool.map(print, table)

# --- a few rounds, or until one succeeds
from multiprocessing import Pool

def run(items):
    for mode in ("fast", "slow"):
        with Pool() as pool:
            pool.map(print, items)
    for attempt in range(9):
        with Pool() as pool:
            if all(pool.map(abs, items)):
                break

# --- when it is needed for the first time
from multiprocessing import Pool

def run(batches):
    pool = None
    for batch in batches:
        if len(batch) > 1:
            if pool is None:
                pool = Pool()
            pool.map(print, batch)

# --- a service
import time
from multiprocessing import Pool

while True:
    with Pool() as pool:
        pool.map(print, [1])
    time.sleep(60)

# --- a function that others call, too
from multiprocessing import Pool

def total(batch):
    with Pool() as pool:
        return sum(pool.map(abs, batch))

def run(batches):
    total(batches[0])
    for batch in batches:
        total(batch)

# --- threads start quickly
from concurrent.futures import ThreadPoolExecutor

def run(batches):
    for batch in batches:
        with ThreadPoolExecutor() as pool:
            pool.map(print, batch)

# --- a test [file=pool_test.py]
from multiprocessing import Pool

for batch in batches():
    with Pool() as pool:
        pool.map(print, batch)

# --- joblib keeps its workers from call to call
from joblib import Parallel, delayed
def main(batches):
    for batch in batches:
        Parallel(n_jobs=2)(delayed(abs)(item) for item in batch)
