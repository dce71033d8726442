# outcome: fork=works spawn=works forkserver=works

# --- a table of the program, and a list at the top level
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
import numpy as np
NUMBERS = [number * 2 for number in range(6_000_000)]
def square(number):
    return number * number
def first():
    process = multiprocessing.Process(target=square, args=(3,))
    process.start()  # expect: MP109 note
def second():
    grid = np.ones((10_000, 10_000))
    executor = ProcessPoolExecutor(mp_context=multiprocessing.get_context("fork"))
    print(executor.submit(square, 3).result(), grid.sum())  # expect: MP109 note

# --- a pool, where fork is the default [python=3.9-3.13 systems=Linux]
from multiprocessing import Pool
def main():
    table = list(range(5_000_000))
    with Pool(2) as pool:  # expect: MP109 note
        print(pool.map(abs, table[:10]))

# --- not by fork [python=3.14-3.15]
import multiprocessing
from multiprocessing import Pool
def main():
    table = list(range(5_000_000))
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        print(pool.map(abs, table[:10]))
    with Pool(2) as pool:
        print(pool.map(abs, table[:10]))

# --- workers read it, or are given it
from multiprocessing import Pool, Process
TABLE = list(range(5_000_000))
def look(place):
    return TABLE[place]
def show(table):
    print(len(table))
def main():
    numbers = list(range(5_000_000))
    Process(target=show, args=(numbers,)).start()
    with Pool(2) as pool:
        print(pool.map(look, range(10)))

# --- made later, in another function, or gone by then
from multiprocessing import Pool
def main():
    with Pool(2) as pool:
        table = list(range(5_000_000))
        print(pool.map(abs, table[:10]))
def other():
    table = list(range(5_000_000))
    return sum(table)
def gone():
    table = list(range(5_000_000))
    some = table[:10]
    del table
    with Pool(2) as pool:
        print(pool.map(abs, some))

# --- small, without memory of its own, or not known
from multiprocessing import Pool
import numpy as np
def main(count):
    few, many, lazy, some = list(range(1000)), range(10**9), (x for x in range(10**9)), list(range(count))
    grid, text = np.zeros((10_000, 10_000)), bytes(10**9)
    with Pool(2) as pool:
        print(pool.map(abs, some), few, many, lazy, grid, text)

# --- made under the guard, perhaps after the start
from multiprocessing import Process
def start():
    Process(target=print).start()
if __name__ == "__main__":
    table = list(range(5_000_000))
