# outcome: fork=hangs spawn=works forkserver=works

# --- a thread, then a process
import multiprocessing as mp
from threading import Thread

ctx = mp.get_context("fork")

def main(watch, work):
    Thread(target=watch, daemon=True).start()
    process = ctx.Process(target=work)
    process.start()  # expect: MP603 warning
    process.join()

# --- a pool and an executor, where fork is the default [python=3.10-3.13]
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Pool
import threading

def main(beat, items):
    timer = threading.Timer(1, beat)
    timer.start()
    with Pool() as pool:  # expect: MP603 warning
        pool.map(abs, items)
    with ProcessPoolExecutor() as executor:
        executor.map(abs, items)  # expect: MP603 warning
    timer.join()

# --- by hand
import multiprocessing
import os
import threading

def main(beat):
    threading.Thread(target=beat).start()
    if os.fork() == 0:  # expect: MP603 warning
        os._exit(0)

# --- a pool of threads that workers inherit [start-method=fork]
import multiprocessing as mp
from concurrent.futures import ThreadPoolExecutor

threads = ThreadPoolExecutor(8)

def fetch(urls):
    return list(threads.map(len, urls))  # expect: MP603 error

def main(jobs):
    print(fetch(["robots.txt"]))
    with mp.Pool() as pool:
        return pool.map(fetch, jobs)

# --- children that are started anew
import multiprocessing as mp
from threading import Thread

ctx = mp.get_context("forkserver")

def main(watch, work):
    Thread(target=watch, daemon=True).start()
    ctx.Process(target=work).start()

# --- by default [python=3.14-3.15]
import multiprocessing as mp
from threading import Thread

def main(watch, work):
    Thread(target=watch, daemon=True).start()
    mp.Process(target=work).start()

# --- the thread comes after, or has ended [start-method=fork]
import multiprocessing as mp
from threading import Thread

def main(watch, work):
    process = mp.Process(target=work)
    process.start()
    Thread(target=watch, daemon=True).start()

def other(watch, work):
    thread = Thread(target=watch)
    thread.start()
    thread.join()
    mp.Process(target=work).start()

# --- either, or [start-method=fork]
import multiprocessing as mp
from threading import Thread

def main(watch, threaded):
    if threaded:
        worker = Thread(target=watch)
        worker.start()
    else:
        worker = mp.Process(target=watch)
        worker.start()
    worker.join()

# --- a pool of threads of each worker's own [start-method=fork]
import multiprocessing as mp
from concurrent.futures import ThreadPoolExecutor

def fetch(urls):
    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(len, urls))

def main(jobs):
    print(fetch(["robots.txt"]))
    with mp.Pool() as pool:
        return pool.map(fetch, jobs)

# --- a pool of threads that the parent never uses [start-method=fork]
import multiprocessing as mp
from concurrent.futures import ThreadPoolExecutor

threads = ThreadPoolExecutor(8)

def fetch(urls):
    return list(threads.map(len, urls))

def main(jobs):
    with mp.Pool() as pool:
        return pool.map(fetch, jobs)
