# outcome: fork=differs spawn=differs forkserver=differs

# --- a worker beside its writer
from multiprocessing import Process, Queue

def work(queue):
    while not queue.empty():  # expect: MP306 warning
        print(queue.get())

def main(items):
    queue = Queue()
    process = Process(target=work, args=(queue,))
    process.start()
    for item in items:
        queue.put(item)
    process.join()

# --- Empty is the end, empty() leaves the loop
import multiprocessing as mp
from queue import Empty

class Worker(mp.Process):
    def __init__(self, tasks, more):
        super().__init__()
        self.tasks, self.more = tasks, more

    def run(self):
        while True:
            try:
                task = self.tasks.get_nowait()  # expect: MP306
            except Empty:
                print("done")
                break
            print(task)
        while True:
            if self.more.empty():  # expect: MP306
                return
            print(self.more.get())

def main(items):
    tasks, more = mp.Queue(), mp.SimpleQueue()
    worker = Worker(tasks, more)
    worker.start()
    for item in items:
        tasks.put(item)
        more.put(item)

# --- the parent does not wait for those who write
from multiprocessing import Process, Queue

def work(n, results):
    results.put(n * n)

def main():
    results = Queue()
    for n in range(10):
        Process(target=work, args=(n, results)).start()
    while not results.empty():  # expect: MP306
        print(results.get())

# --- a size that macOS does not know
from multiprocessing import JoinableQueue

def main():
    queue = JoinableQueue()
    print("waiting:", queue.qsize())  # expect: MP306 warning

# --- a sentinel
from multiprocessing import Process, Queue

def work(queue):
    while True:
        item = queue.get()
        if item is None:
            break

def main(items):
    queue = Queue()
    process = Process(target=work, args=(queue,))
    process.start()
    for item in [*items, None]:
        queue.put(item)
    process.join()

# --- filled before the worker starts
from multiprocessing import Process, Queue
from queue import Empty

def work(queue):
    while True:
        try:
            print(queue.get(block=False))
        except Empty:
            break

def main(items):
    queue = Queue()
    for item in items:
        queue.put(item)
    process = Process(target=work, args=(queue,))
    process.start()

# --- after those who write have ended
from multiprocessing import Process, Queue

def work(n, results):
    results.put(n * n)

def main():
    results = Queue()
    processes = [Process(target=work, args=(n, results)) for n in range(10)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    while not results.empty():
        print(results.get())

# --- looked at again and again
from multiprocessing import Process, Queue

def work(n, results):
    results.put(n * n)

def drain(results):
    while not results.empty():
        print(results.get())

def main():
    results = Queue()
    process = Process(target=work, args=(1, results))
    process.start()
    while process.is_alive():
        drain(results)
    drain(results)
    while process.is_alive():
        while not results.empty():
            print(results.get())

# --- a condition more, or a wait in between
import time
from multiprocessing import Event, Process, Queue
from queue import Empty

def work(queue, stop):
    while not stop.is_set() or not queue.empty():
        try:
            print(queue.get(timeout=1))
        except Empty:
            continue

def main(items):
    queue, stop = Queue(), Event()
    process = Process(target=work, args=(queue, stop))
    process.start()
    for item in items:
        queue.put(item)
    stop.set()

# --- qsize() with a way out, and on other systems [systems=Linux,Windows]
from multiprocessing import Queue

def main():
    print(Queue().qsize())

# --- qsize() where it may fail
from multiprocessing import Queue

def main():
    queue = Queue()
    try:
        print(queue.qsize())
    except NotImplementedError:
        print("unknown")

# --- queues of threads and of managers
import multiprocessing
import queue
from threading import Thread

def work(jobs):
    while not jobs.empty():
        print(jobs.get())

def main(items):
    jobs = queue.Queue()
    Thread(target=work, args=(jobs,)).start()
    for item in items:
        jobs.put(item)
    print(jobs.qsize(), multiprocessing.Manager().Queue().qsize())
