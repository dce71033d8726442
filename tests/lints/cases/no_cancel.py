# outcome: fork=works spawn=works forkserver=works

# --- the first that fits
from concurrent.futures import ProcessPoolExecutor, as_completed

def search(parts):
    with ProcessPoolExecutor() as executor:
        futures = [executor.submit(len, part) for part in parts]
        for future in as_completed(futures):
            if future.result():
                return future.result()  # expect: MP410 warning
    return None

# --- out of the loop, in order, from a dictionary
import concurrent.futures as cf

def first(parts):
    found = None
    with cf.ThreadPoolExecutor(8) as threads:
        futures = []
        for part in parts:
            futures.append(threads.submit(len, part))
        for future in futures:
            try:
                found = future.result()
                break  # expect: MP410
            except OSError:
                print("next")
    return found

def any_of(parts):
    with cf.ProcessPoolExecutor() as executor:
        names = {executor.submit(len, part): part for part in parts}
        for future in cf.as_completed(names):
            if future.exception():
                print(names[future])
                return False  # expect: MP410
    return True

# --- cancelled, and taken back
from concurrent.futures import ProcessPoolExecutor, as_completed

def search(parts):
    with ProcessPoolExecutor() as executor:
        futures = [executor.submit(len, part) for part in parts]
        for future in as_completed(futures):
            if future.result():
                executor.shutdown(wait=False, cancel_futures=True)  # expect: MP410
                break

# --- cancelled before leaving
from concurrent.futures import ProcessPoolExecutor, as_completed

def search(parts):
    with ProcessPoolExecutor() as executor:
        futures = [executor.submit(len, part) for part in parts]
        for future in as_completed(futures):
            if future.result():
                executor.shutdown(cancel_futures=True)
                return future.result()

def one_by_one(parts):
    with ProcessPoolExecutor() as executor:
        futures = [executor.submit(len, part) for part in parts]
        for future in as_completed(futures):
            if future.result():
                for other in futures:
                    other.cancel()
                break

# --- all are needed
from concurrent.futures import ProcessPoolExecutor, as_completed

def total(parts):
    with ProcessPoolExecutor() as executor:
        futures = [executor.submit(len, part) for part in parts]
        for future in as_completed(futures):
            for line in future.result():
                if line:
                    break
        return sum(future.result() for future in futures)

# --- the loop ends, the work in the block goes on
from concurrent.futures import ThreadPoolExecutor, as_completed

def fetch(pages, most):
    with ThreadPoolExecutor() as executor:
        waiting = set()
        for page in pages:
            waiting.add(executor.submit(len, page))
            if len(waiting) > most:
                for future in as_completed(waiting):
                    waiting.remove(future)
                    break
        for future in as_completed(waiting):
            print(future.result())

# --- map() cancels the rest by itself
from concurrent.futures import ProcessPoolExecutor

def search(parts):
    with ProcessPoolExecutor() as executor:
        for size in executor.map(len, parts):
            if size:
                return size

# --- without a block, with one task, in a pool
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import Pool

executor = ProcessPoolExecutor()

def search(parts):
    futures = [executor.submit(len, part) for part in parts]
    for future in as_completed(futures):
        if future.result():
            return future.result()

def single(part):
    with ProcessPoolExecutor() as own:
        futures = [own.submit(len, part)]
        for future in futures:
            return future.result()

def in_pool(parts):
    with Pool() as pool:
        for size in pool.imap(len, parts):
            if size:
                return size

# --- a shutdown outside of its block
from concurrent.futures import ProcessPoolExecutor

def stop(parts):
    executor = ProcessPoolExecutor()
    executor.submit(len, parts)
    executor.shutdown(wait=False, cancel_futures=True)
