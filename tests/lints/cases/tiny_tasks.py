# outcome: fork=works spawn=works forkserver=works

# --- many items for an executor
from concurrent.futures import ProcessPoolExecutor

def main():
    with ProcessPoolExecutor() as executor:
        return sum(executor.map(abs, range(1_000_000)))  # expect: MP402 note

# --- the lines of a file, and a long list, for imap()
import multiprocessing as mp

def main(path):
    numbers = [n * n for n in range(5000)]
    with mp.Pool() as pool, open(path) as file:
        for length in pool.imap(len, file):  # expect: MP402
            print(length)
        for number in pool.imap_unordered(abs, numbers):  # expect: MP402
            print(number)

# --- in chunks
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Pool

def main(size):
    with ProcessPoolExecutor() as executor, Pool() as pool:
        print(sum(executor.map(abs, range(10**6), chunksize=1000)))
        print(sum(pool.imap(abs, range(10**6), 1000)))
        print(sum(pool.imap_unordered(abs, range(10**6), chunksize=size)))

# --- Pool.map() chooses by itself
from multiprocessing import Pool

def main():
    with Pool() as pool:
        return pool.map(abs, range(10**6)), pool.starmap(pow, [(1, 2)] * 10**6)

# --- few, or nobody knows how many
from concurrent.futures import ProcessPoolExecutor

def main(items):
    with ProcessPoolExecutor() as executor:
        print(list(executor.map(abs, range(100))))
        print(list(executor.map(abs, items)))
        print(list(executor.map(abs, range(len(items)))))

# --- threads send nothing
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import ThreadPool

def main():
    with ThreadPoolExecutor() as executor, ThreadPool() as pool:
        return list(executor.map(abs, range(10**6))), list(pool.imap(abs, range(10**6)))

# --- joblib asked for batches of one
from joblib import Parallel, delayed
def main():
    Parallel(n_jobs=4, batch_size=1)(delayed(abs)(number) for number in range(5000))  # expect: MP402
    with Parallel(n_jobs=-1, batch_size=1, backend="multiprocessing") as parallel:
        parallel(delayed(abs)(number) for number in range(5000))  # expect: MP402

# --- joblib by other names, with what is delayed in variables
import joblib as jl
from sklearn.utils.parallel import Parallel as Many, delayed as later
def main():
    work = later(abs)
    jobs = [work(number) for number in range(5000)]
    jl.Parallel(4, batch_size=1)(jl.delayed(abs)(number) for number in range(5000))  # expect: MP402
    Many(n_jobs=4, batch_size=1)(jobs)  # expect: MP402

# --- joblib makes batches by itself; one job is no pool
from joblib import Parallel, delayed
def main(batch):
    Parallel(n_jobs=4)(delayed(abs)(number) for number in range(5000))
    Parallel(n_jobs=4, batch_size=batch)(delayed(abs)(number) for number in range(5000))
    Parallel(n_jobs=1, batch_size=1)(delayed(abs)(number) for number in range(5000))
    Parallel(n_jobs=4, batch_size=1, prefer="threads")(delayed(abs)(number) for number in range(5000))
    Parallel(n_jobs=4, batch_size=1)(delayed(abs)(number) for number in range(50))
