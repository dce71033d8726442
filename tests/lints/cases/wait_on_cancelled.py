# outcome: fork=hangs spawn=hangs forkserver=hangs

# --- wait()
from concurrent.futures import ProcessPoolExecutor, wait

def main(paths):
    executor = ProcessPoolExecutor()
    futures = [executor.submit(len, path) for path in paths]
    executor.shutdown(wait=False, cancel_futures=True)
    wait(futures)  # expect: MP415 error

# --- as_completed(), below a branch, of futures collected in a loop
import concurrent.futures as cf

def main(paths, stop):
    futures = {}
    with cf.ThreadPoolExecutor(8) as threads:
        for path in paths:
            futures[threads.submit(len, path)] = path
        if stop:
            threads.shutdown(cancel_futures=True)
        for future in cf.as_completed(futures):  # expect: MP415
            print(futures[future])

# --- with a timeout
from concurrent.futures import ProcessPoolExecutor, as_completed, wait

def main(paths):
    executor = ProcessPoolExecutor()
    futures = [executor.submit(len, path) for path in paths]
    executor.shutdown(cancel_futures=True)
    done, pending = wait(futures, timeout=3)
    for future in as_completed(futures, 3):
        print(future)

# --- before the shutdown, or without cancelling
from concurrent.futures import ProcessPoolExecutor, wait

def main(paths):
    executor = ProcessPoolExecutor()
    futures = [executor.submit(len, path) for path in paths]
    wait(futures)
    executor.shutdown(cancel_futures=True)

def other(paths):
    executor = ProcessPoolExecutor()
    futures = [executor.submit(len, path) for path in paths]
    executor.shutdown(wait=False)
    wait(futures)
    executor.shutdown(cancel_futures=False)

# --- the futures of another executor
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, wait

def main(paths):
    executor, threads = ProcessPoolExecutor(), ThreadPoolExecutor()
    futures = [threads.submit(len, path) for path in paths]
    dropped = [executor.submit(len, path) for path in paths]
    executor.shutdown(cancel_futures=True)
    wait(futures)
    return dropped

# --- another branch, another function
from concurrent.futures import ProcessPoolExecutor, wait

def main(paths, stop):
    executor = ProcessPoolExecutor()
    futures = [executor.submit(len, path) for path in paths]
    if stop:
        executor.shutdown(cancel_futures=True)
        return
    wait(futures)
