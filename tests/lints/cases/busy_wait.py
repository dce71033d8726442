# outcome: fork=works spawn=works forkserver=works

# --- poll() in an endless loop
from multiprocessing import Pipe

def main(handle):
    ours, theirs = Pipe()
    while True:
        if ours.poll():  # expect: MP302 warning
            handle(ours.recv())

# --- get_nowait() and its likes, with Empty passed over
import multiprocessing as mp
import queue

class Reader:
    def __init__(self):
        self.queue = mp.Queue()
        self.stop = mp.Event()

    def run(self, handle):
        while not self.stop.is_set():
            try:
                item = self.queue.get_nowait()  # expect: MP302
            except queue.Empty:
                continue
            handle(item)

    def other(self, handle):
        while True:
            try:
                item = self.queue.get(block=False)  # expect: MP302
            except queue.Empty:
                pass
            else:
                handle(item)

# --- waiting for processes, futures, results and events
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Event, Pool, Process

def main(jobs):
    process, ready = Process(target=print), Event()
    process.start()
    while process.is_alive():  # expect: MP302
        pass
    while not ready.is_set():  # expect: MP302
        continue
    with ProcessPoolExecutor() as executor, Pool() as pool:
        futures = [executor.submit(print, job) for job in jobs]
        while not all(future.done() for future in futures):  # expect: MP302
            pass
        result = pool.map_async(print, jobs)
        start = time.time()
        while not result.ready():  # expect: MP302
            if time.time() - start > 10:
                break

# --- several connections, asked in turn
from multiprocessing import Pipe

def main(handle):
    pairs = [Pipe() for _ in range(4)]
    done = 0
    while done < 4:
        for ours, theirs in pairs:
            if not ours.poll(0):  # expect: MP302
                continue
            handle(ours.recv())
            done += 1

# --- a manager's queue
from multiprocessing import Manager

def main(handle):
    jobs = Manager().Queue()
    while True:
        if not jobs.empty():  # expect: MP302
            handle(jobs.get())

# --- what is there is taken, and the loop ends
from multiprocessing import Pipe, Queue

def main(handle):
    ours, theirs = Pipe()
    queue = Queue()
    while ours.poll():
        handle(ours.recv())
    while not queue.empty():
        x = queue.get_nowait()
    while True:
        try:
            x = queue.get_nowait()
        except Exception:
            break

# --- asked with a timeout, or after a pause
import time
from multiprocessing import Event, Pipe, Process, Queue
from queue import Empty

def main(handle, process: Process):
    ours, theirs = Pipe()
    queue, stop = Queue(), Event()
    while True:
        if ours.poll(0.5):
            handle(ours.recv())
    while not stop.is_set():
        time.sleep(0.1)
    while not stop.wait(0.1):
        pass
    while process.is_alive():
        process.join(1)
    while True:
        try:
            x = queue.get(timeout=1)
        except Empty:
            continue
    while not stop.is_set():
        try:
            x = queue.get_nowait()
        except Empty:
            time.sleep(0.01)

# --- something is done in each round
from multiprocessing import Event, Pipe

def main(step, handle):
    ours, theirs = Pipe()
    stop, total = Event(), 0
    while not stop.is_set():
        total += step()
    while not stop.is_set():
        total += total
    while True:
        step()
        if ours.poll():
            handle(ours.recv())
    while True:
        if ours.poll():
            handle(ours.recv())
        else:
            step()

# --- other things that can be asked
import multiprocessing
import queue
import select
import threading

def main(poller: select.poll, thread: threading.Thread, loop):
    tasks, stop = queue.Queue(), threading.Event()
    while thread.is_alive():
        pass
    while tasks.empty():
        pass
    while not stop.is_set():
        pass
    while not poller.poll():
        pass

# --- an event loop goes on meanwhile
import asyncio
from multiprocessing import Queue

async def main(handle):
    queue = Queue()
    while True:
        if queue.empty():
            await asyncio.sleep(0)
            continue
        handle(queue.get())

# --- tests may be in a hurry [file=test_stop.py]
from multiprocessing import Process

def test_stop():
    process = Process(target=print)
    process.start()
    while process.is_alive():
        pass
