# outcome: fork=works spawn=works forkserver=works

# --- an executor and a pool
from concurrent.futures import ProcessPoolExecutor
import multiprocessing as mp

WORKERS = 16 * 5

def main():
    with ProcessPoolExecutor(max_workers=WORKERS) as executor:  # expect: MP418 warning
        executor.submit(print)
    with mp.Pool(61) as pool:  # expect: MP418 warning
        pool.apply(print)

# --- to run on Windows alone, before Python 3.13 [systems=Windows python=3.10-3.12]
from concurrent.futures import ProcessPoolExecutor
import multiprocessing as mp

first = ProcessPoolExecutor(64)  # expect: MP418
second = mp.get_context("spawn").Pool(processes=64)  # expect: MP418

# --- a Pool from Python 3.13 on [python=3.13-3.14]
from multiprocessing import Pool

pool = Pool(64)

# --- not on Windows [systems=Linux,macOS]
from concurrent.futures import ProcessPoolExecutor

executor = ProcessPoolExecutor(64)

# --- few enough, or unknown
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Pool

first = ProcessPoolExecutor(61)
second = Pool(60)
third = Pool(os.cpu_count())
fourth = ProcessPoolExecutor(min(61, os.cpu_count()))

# --- threads
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import ThreadPool

first, second = ThreadPoolExecutor(200), ThreadPool(200)
