# outcome: fork=works spawn=works forkserver=works

# --- as many as the machine has
import os
from concurrent.futures import ProcessPoolExecutor
import multiprocessing as mp

WORKERS = mp.cpu_count()

def main():
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as executor:  # expect: MP701 note
        executor.submit(print)
    with mp.Pool(WORKERS) as pool:  # expect: MP701
        pool.apply(print)

# --- or what is asked for
import os
from multiprocessing import Pool

def main(jobs):
    with Pool(processes=jobs or os.cpu_count() or 1) as pool:  # expect: MP701
        pool.apply(print)

# --- the default, or what may be used
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Pool

def main(jobs):
    with ProcessPoolExecutor() as executor, Pool(len(os.sched_getaffinity(0))) as pool:
        executor.submit(print)
        pool.apply(print)
    with ProcessPoolExecutor(os.process_cpu_count()) as executor, Pool(jobs) as pool:
        executor.submit(print)

# --- threads
import os
from concurrent.futures import ThreadPoolExecutor

def main():
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        threads.submit(print)

# --- counted for something else
import os
from multiprocessing import Pool

def main(items):
    size = len(items) // os.cpu_count()
    with Pool() as pool:
        return pool.map(abs, items, size)

# --- joblib, with the CPUs of the machine
import os
from joblib import Parallel, delayed
def main(items):
    Parallel(n_jobs=os.cpu_count())(delayed(abs)(item) for item in items)  # expect: MP701

# --- joblib counts for itself
from joblib import Parallel, delayed
def main(items):
    Parallel(n_jobs=-1)(delayed(abs)(item) for item in items)
