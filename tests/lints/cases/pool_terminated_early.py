# outcome: fork=hangs spawn=hangs forkserver=hangs

# --- asked for behind the block
from multiprocessing import Pool

def run(numbers):
    with Pool() as pool:
        results = [pool.apply_async(abs, (number,)) for number in numbers]  # expect: MP411 error
    return [result.get() for result in results]

# --- appended, then asked for
import multiprocessing as mp

def run(numbers):
    results = []
    with mp.get_context("spawn").Pool(4) as pool:
        for number in numbers:
            results.append(pool.apply_async(abs, (number,)))  # expect: MP411
    for result in results:
        print(result.get())

# --- one result, one iterator
from multiprocessing.pool import Pool

def run(numbers):
    with Pool(2) as pool:
        result = pool.map_async(abs, numbers)  # expect: MP411 error
        squares = pool.imap(abs, numbers)  # expect: MP411 error
    print(result.get())
    for square in squares:
        print(square)

# --- returned out of the block
from multiprocessing import Pool

class Runner:
    def stream(self, paths):
        with Pool() as pool:
            return pool.imap_unordered(len, paths)  # expect: MP411 error

    def start(self, path):
        with Pool() as pool:
            return pool.apply_async(len, (path,))  # expect: MP411 error

    def lazily(self, paths):
        with Pool() as pool:
            return (size + 1 for size in pool.imap(len, paths))  # expect: MP411 error

# --- handed out, and the block is over
from multiprocessing import Pool

def store(path):
    open(path, "w").close()

def run(paths):
    with Pool() as pool:
        for number, path in enumerate(paths):
            print("starting", number)
            pool.apply_async(store, args=(path,))  # expect: MP411 error

def run_all(paths):
    pool = Pool()
    with pool:
        pool.map_async(store, paths)  # expect: MP411 error

# --- asked for inside
from multiprocessing import Pool

def run(numbers):
    with Pool() as pool:
        results = [pool.apply_async(abs, (number,)) for number in numbers]
        values = [result.get() for result in results]
    print(results)
    return values

# --- joined inside
from multiprocessing import Pool

def run(numbers):
    with Pool() as pool:
        results = [pool.apply_async(abs, (number,)) for number in numbers]
        pool.close()
        pool.join()
    return [result.get() for result in results]

# --- what is waited for inside, though not by get()
from multiprocessing import Pool

def run(numbers, event):
    with Pool() as pool:
        result = pool.map_async(abs, numbers)
        while not result.ready():
            print("waiting")
    return result.get()

# --- whole results, and a generator that stays in the block
from multiprocessing import Pool

def run(numbers):
    with Pool() as pool:
        return pool.map(abs, numbers)

def listed(numbers):
    with Pool() as pool:
        return list(pool.imap(abs, numbers))

def stream(numbers):
    with Pool() as pool:
        yield from pool.imap(abs, numbers)

# --- executors wait at the end of their block
from concurrent.futures import ProcessPoolExecutor

def run(numbers):
    with ProcessPoolExecutor() as executor:
        futures = [executor.submit(abs, number) for number in numbers]
    return [future.result() for future in futures]

def lazily(numbers):
    with ProcessPoolExecutor() as executor:
        return executor.map(abs, numbers)

# --- a background task that may end with the block
from multiprocessing import Pool

def run(numbers):
    with Pool() as pool:
        _watcher = pool.apply_async(print)
        for value in pool.imap(abs, numbers):
            print(value)

# --- dropped tasks, and then something that waits
from multiprocessing import Pool

def run(numbers, finished):
    with Pool() as pool:
        pool.map_async(abs, numbers, callback=finished.set)
        finished.wait()
    with Pool() as pool:
        for number in numbers:
            pool.apply_async(abs, (number,), callback=finished.set)
        finished.wait()

# --- a block that keeps the pool open while it serves
from multiprocessing import Pool

def serve(requests):
    with Pool() as pool:
        while True:
            pool.apply_async(abs, (requests.read(),))

# --- closed without with
from multiprocessing import Pool

def run(numbers):
    pool = Pool()
    result = pool.map_async(abs, numbers)
    pool.close()
    return result.get()

# --- the pool of another block
from multiprocessing import Pool

def run(numbers, lock):
    pool = Pool()
    with lock:
        result = pool.map_async(abs, numbers)
    print(result.get())
    pool.close()
