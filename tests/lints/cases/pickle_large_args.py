# outcome: fork=works spawn=works forkserver=works

# --- in a loop
from multiprocessing import Pool

TABLE = [0] * 10**7

def run(items):
    results = []
    with Pool() as pool:
        for item in items:
            results.append(pool.apply_async(print, (TABLE, item)))  # expect: MP201 warning

# --- in a comprehension, an array
import numpy as np
from concurrent.futures import ProcessPoolExecutor

def run(items):
    image = np.zeros((1080, 1920, 3), dtype=np.uint8)
    with ProcessPoolExecutor() as pool:
        return [pool.submit(print, item, image=image) for item in items]  # expect: MP201

# --- in a partial, in starmap's tuples, by repeat
import functools
import itertools
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Pool

words = {n for n in range(1_000_000)}
text = "x" * 2**21

def run(items):
    with Pool() as pool:
        pool.map(functools.partial(print, words), items)  # expect: MP201
        pool.starmap(print, [(item, text) for item in items])  # expect: MP201
    with ProcessPoolExecutor() as executor:
        executor.map(print, items, itertools.repeat(text))  # expect: MP201

# --- carried by the object of a method
import numpy
from multiprocessing import Pool

class Model:
    def __init__(self):
        self.weights = numpy.random.rand(1000, 1000)

    def score(self, n):
        return n

    def run(self, items):
        with Pool() as pool:
            return pool.map(self.score, items)  # expect: MP201

# --- loaded from a file: large as a rule
import pandas as pd
from concurrent.futures import ProcessPoolExecutor

frame = pd.read_csv("sales.csv")
with ProcessPoolExecutor() as pool:
    futures = [pool.submit(print, frame, n) for n in range(9)]  # expect: MP201 note

# --- given to each worker once
from multiprocessing import Pool

TABLE = [0] * 10**7

with Pool(initializer=print, initargs=(TABLE,)) as pool:
    pool.map(print, range(9))

# --- small
from multiprocessing import Pool

TABLE = [0] * 100
with Pool() as pool:
    for n in range(9):
        pool.apply_async(print, (TABLE, n))
    pool.starmap(print, [(n, TABLE) for n in range(9)])

# --- a range is a few bytes, whatever its length
from multiprocessing import Pool

numbers = range(10**9)
with Pool() as pool:
    for n in range(9):
        pool.apply_async(print, (numbers, n))

# --- each task gets another part
from multiprocessing import Pool

def run():
    table = [0] * 10**7
    with Pool() as pool:
        pool.map(print, table)
        for n in range(9):
            part = [n] * 10**7
            pool.apply_async(print, (part,))
            pool.apply_async(print, (table[n],))

# --- once
from multiprocessing import Pool

table = [0] * 10**7
with Pool() as pool:
    pool.apply(print, (table,))

# --- threads are given the object itself
from concurrent.futures import ThreadPoolExecutor

table = [0] * 10**7
with ThreadPoolExecutor() as pool:
    for n in range(9):
        pool.submit(print, table, n)

# --- an object that leaves its table out
from multiprocessing import Pool

class Model:
    def __init__(self):
        self.table = [0] * 10**7

    def __getstate__(self):
        return {}

    def score(self, n):
        return n

Pool().map(Model().score, range(9))

# --- a list that joblib pickles with every batch
from joblib import Parallel, delayed
def look(item, table):
    return table[item]
def main(items):
    table = list(range(2_000_000))
    Parallel(n_jobs=2)(delayed(look)(item, table) for item in items)  # expect: MP201

# --- joblib maps arrays, and what is made for each task is no repetition
import numpy as np
from joblib import Parallel, delayed
def look(item, table):
    return table[item]
def main(items):
    table = np.zeros((1000, 1000))
    Parallel(n_jobs=2)(delayed(look)(item, table) for item in items)
    Parallel(n_jobs=2, prefer="threads")(delayed(look)(item, list(range(2_000_000))) for item in items)
