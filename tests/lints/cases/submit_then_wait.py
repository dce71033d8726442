# outcome: fork=works spawn=works forkserver=works

# --- in one expression
from concurrent.futures import ProcessPoolExecutor

def run(pages):
    texts = []
    with ProcessPoolExecutor() as pool:
        for page in pages:
            texts.append(pool.submit(len, page).result())  # expect: MP401 warning
    return texts

# --- on the next line
from concurrent.futures import ThreadPoolExecutor as Threads

def run(pages):
    with Threads(8) as pool:
        for page in pages:
            future = pool.submit(len, page)
            print(future.result())  # expect: MP401

# --- in a comprehension
import concurrent.futures as cf

class Reader:
    def __init__(self):
        self.pool = cf.ProcessPoolExecutor(4)

    def texts(self, pages):
        return [self.pool.submit(len, page).result() for page in pages]  # expect: MP401

# --- results of a pool
from multiprocessing import Pool

def run(pages):
    with Pool() as pool:
        for page in pages:
            print(pool.apply_async(len, (page,)).get())  # expect: MP401
        while pages:
            print(pool.apply(len, (pages.pop(),)))  # expect: MP401

# --- the pool is a parameter
from multiprocessing import Pool

def run(pool, pages):
    for page in pages:
        pool.apply(len, [page])  # expect: MP401

def main():
    with Pool() as pool:
        run(pool, ["a"])

# --- awaited by an event loop
import asyncio
from concurrent.futures import ProcessPoolExecutor

async def run(pages):
    loop = asyncio.get_running_loop()
    total = 0
    with ProcessPoolExecutor() as pool:
        for page in pages:
            total += await loop.run_in_executor(pool, len, page)  # expect: MP401
    return total

# --- what comes is answered
import asyncio
from concurrent.futures import ProcessPoolExecutor

async def serve(stream, pool: ProcessPoolExecutor):
    loop = asyncio.get_running_loop()
    async for page in stream:
        print(await loop.run_in_executor(pool, len, page))

def answer(conn, pool: ProcessPoolExecutor):
    while True:
        conn.send(pool.submit(len, conn.recv()).result())

# --- each batch is spread over the workers
from multiprocessing import Pool

def run(batches):
    with Pool() as pool:
        for batch in batches:
            print(pool.map_async(len, batch).get())

# --- gathered
import asyncio
from concurrent.futures import ProcessPoolExecutor

async def run(pages, pool: ProcessPoolExecutor):
    loop = asyncio.get_running_loop()
    return await asyncio.gather(*[loop.run_in_executor(pool, len, page) for page in pages])

# --- all of them first
from concurrent.futures import ProcessPoolExecutor, as_completed

def run(pages):
    with ProcessPoolExecutor() as pool:
        futures = [pool.submit(len, page) for page in pages]
        for future in as_completed(futures):
            print(future.result())
        print([future.result() for future in futures])

# --- one task, no loop
from concurrent.futures import ProcessPoolExecutor

def run(page):
    with ProcessPoolExecutor() as pool:
        return pool.submit(len, page).result()

# --- what a comprehension begins with is no part of the loop
from concurrent.futures import ProcessPoolExecutor

def run(page):
    with ProcessPoolExecutor() as pool:
        return [line for line in pool.submit(open, page).result()]

# --- one worker
from concurrent.futures import ProcessPoolExecutor

def run(pages):
    with ProcessPoolExecutor(max_workers=1) as pool:
        for page in pages:
            print(pool.submit(len, page).result())

# --- a wait that may time out
from concurrent.futures import ProcessPoolExecutor

def run(pages):
    with ProcessPoolExecutor() as pool:
        for page in pages:
            print(pool.submit(len, page).result(timeout=3))

# --- each task needs the one before
from concurrent.futures import ProcessPoolExecutor

def run(state):
    with ProcessPoolExecutor() as pool:
        for _ in range(10):
            state = pool.submit(step, state).result()

# --- until one succeeds
from concurrent.futures import ProcessPoolExecutor

def run(pages):
    with ProcessPoolExecutor() as pool:
        for attempt in range(10):
            try:
                print(pool.submit(len, pages).result())
                break
            except OSError:
                pass

# --- other things with such methods
import multiprocessing

def run(session, jobs, frame):
    for job in jobs:
        session.submit(job).result()
        frame.apply(len)
        jobs.apply_async(job).get()

# --- tests wait on purpose [file=test_pool.py]
from concurrent.futures import ProcessPoolExecutor

def test_pool():
    with ProcessPoolExecutor() as pool:
        for n in range(3):
            assert pool.submit(abs, -n).result() == n
