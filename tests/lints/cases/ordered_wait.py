# outcome: fork=works spawn=works forkserver=works

# --- the first that fits
from concurrent.futures import ProcessPoolExecutor

def find(executor: ProcessPoolExecutor, parts):
    futures = [executor.submit(len, part) for part in parts]
    for future in futures:
        if future.result() > 3:  # expect: MP414 note
            return True
    return False

# --- by a name, of a pool
from multiprocessing import Pool

def find(parts):
    with Pool() as pool:
        results = []
        for part in parts:
            results.append(pool.apply_async(len, (part,)))
        found = None
        for result in results:
            size = result.get()  # expect: MP414 note
            if size:
                found = size
                break
        return found

# --- in the order in which they are ready
from concurrent.futures import ProcessPoolExecutor, as_completed

def find(executor: ProcessPoolExecutor, parts):
    futures = [executor.submit(len, part) for part in parts]
    for future in as_completed(futures):
        if future.result() > 3:
            return True

# --- all of them, in order
from concurrent.futures import ProcessPoolExecutor

def total(executor: ProcessPoolExecutor, parts):
    futures = [executor.submit(len, part) for part in parts]
    sizes = []
    for future in futures:
        sizes.append(future.result())
    for future in futures:
        size = future.result()
        if size:
            print(size)
    return sizes, sum(future.result() for future in futures)

# --- something is done with each on the way
from concurrent.futures import ProcessPoolExecutor

def write(executor: ProcessPoolExecutor, parts, file):
    futures = [executor.submit(len, part) for part in parts]
    for future in futures:
        if future.result() == 0:
            break
        file.write(str(future.result()))

# --- one future, again and again
from concurrent.futures import ProcessPoolExecutor

def wait(executor: ProcessPoolExecutor, parts):
    future = executor.submit(len, parts)
    for attempt in range(3):
        if future.result():
            return attempt
