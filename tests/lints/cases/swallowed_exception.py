# outcome: fork=differs spawn=differs forkserver=differs

# --- results of a pool, dropped
import multiprocessing as mp

def load(path):
    return open(path).read()

def main(paths):
    pool = mp.Pool(4)
    for path in paths:
        pool.apply_async(load, (path,), callback=print)  # expect: MP607 warning
    pool.map_async(load, paths)  # expect: MP607 warning
    pool.starmap_async(load, [(path,) for path in paths])  # expect: MP607 warning
    pool.imap_unordered(load, paths)  # expect: MP607 warning
    pool.close()
    pool.join()

# --- the results of an executor's map() are not looked at
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

def load(path):
    return open(path).read()

def main(paths):
    with ProcessPoolExecutor() as executor:
        executor.map(load, paths)  # expect: MP607 warning
    with ThreadPoolExecutor(8) as threads:
        threads.map(load, paths)  # expect: MP607 warning

# --- a submit that nobody remembers
from concurrent.futures import ThreadPoolExecutor

class Uploader:
    def __init__(self):
        self._executor = ThreadPoolExecutor(max_workers=2)

    def upload(self, path):
        self._executor.submit(self._send, path)  # expect: MP607 note

    def _send(self, path):
        send(open(path))

# --- waited for, never asked
from concurrent.futures import ProcessPoolExecutor, as_completed, wait
import concurrent.futures as cf

def first(paths):
    with ProcessPoolExecutor() as executor:
        futures = []
        for path in paths:
            futures.append(executor.submit(load, path))  # expect: MP607 warning
        wait(futures)

def second(paths, bar):
    with ProcessPoolExecutor() as executor:
        futures = {executor.submit(load, path): path for path in paths}  # expect: MP607 warning
        for future in cf.as_completed(futures):
            print(futures[future])
            bar.update(1)

def keyed(paths, bar):
    with ProcessPoolExecutor() as executor:
        futures = {}
        for path in paths:
            futures[executor.submit(load, path)] = path  # expect: MP607 warning
        for number, future in enumerate(cf.as_completed(futures)):
            bar.update(number)

def third(paths):
    with ProcessPoolExecutor() as executor:
        futures = [executor.submit(load, path) for path in paths]  # expect: MP607 note
        print("submitted", len(futures))

# --- wait() of a result does not raise
from multiprocessing import Pool

def run(jobs):
    with Pool() as pool:
        results = [pool.apply_async(print, (job,)) for job in jobs]  # expect: MP607 warning
        for result in results:
            result.wait()

# --- asked one by one
from concurrent.futures import ProcessPoolExecutor, as_completed, wait
from tqdm import tqdm

def run(paths):
    with ProcessPoolExecutor() as executor:
        futures = [executor.submit(load, path) for path in paths]
        for future in tqdm(as_completed(futures), total=len(futures)):
            future.result()
        more = [executor.submit(load, path) for path in paths]
        done, pending = wait(more)
        for future in done:
            if future.exception():
                print(future.exception())
        last = executor.submit(load, paths[0])
        last.add_done_callback(print)

# --- kept as a key
from concurrent.futures import ThreadPoolExecutor, as_completed

def run(paths):
    with ThreadPoolExecutor() as executor:
        names = {}
        for path in paths:
            future = executor.submit(load, path)
            names[future] = path
        for future in as_completed(names):
            print(names[future], future.result())

# --- asked beside something else
from concurrent.futures import ThreadPoolExecutor

def run(paths):
    with ThreadPoolExecutor() as executor:
        futures, more = [], []
        for path in paths:
            futures.append((executor.submit(load, path), path))
            more.append((path, executor.submit(load, path)))
        for future, path in futures:
            print(path, future.result())
        for number, (path, future) in enumerate(more):
            print(number, future.result())

# --- iterated, returned, stored, passed on
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Pool

class Runner:
    def run(self, paths):
        with ProcessPoolExecutor() as executor:
            for _ in executor.map(load, paths):
                pass
            list(executor.map(load, paths))
            self.future = executor.submit(load, paths)
            pending = executor.submit(load, paths)
            watch(pending)
            return executor.submit(load, paths)

def results(pool: Pool, paths):
    return [each.get() for each in [pool.apply_async(load, (path,)) for path in paths]]

# --- an error_callback
from multiprocessing import Pool

def run(paths):
    with Pool() as pool:
        for path in paths:
            pool.apply_async(load, (path,), error_callback=print)
            pool.apply_async(load, (path,), {}, None, print)
        pool.close()
        pool.join()

# --- the task itself catches everything
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Pool
import logging

def load(path):
    """Load it."""
    try:
        print(open(path).read())
    except Exception:
        logging.exception("cannot load %s", path)

def poll(path):
    while True:
        try:
            load(path)
        except:
            return

def run(paths):
    with Pool() as pool, ThreadPoolExecutor() as executor:
        for path in paths:
            pool.apply_async(load, (path,))
            executor.submit(poll, path)
        pool.close()
        pool.join()

# --- threads of a pool are watched elsewhere
from multiprocessing.pool import ThreadPool
from multiprocessing.dummy import Pool

def run(paths):
    pool, other = ThreadPool(), Pool()
    for path in paths:
        pool.apply_async(load, (path,))
        other.apply_async(load, (path,))
    pool.close()
    pool.join()

# --- what the end of the block does is worse (MP411)
from multiprocessing import Pool

def run(paths):
    with Pool() as pool:
        for path in paths:
            pool.apply_async(load, (path,))

# --- other things with such methods
import multiprocessing
import asyncio

def run(form, client, frame, celery_task):
    form.submit()
    client.submit(print, 1)
    frame.map(str)
    celery_task.apply_async((1,))
    loop = asyncio.get_event_loop()
    loop.run_in_executor(None, print)
