# outcome: fork=hangs spawn=hangs forkserver=hangs

# --- one None for three
from multiprocessing import Process, Queue

def work(queue):
    while True:
        item = queue.get()
        if item is None:
            break
        print(item)

def main(items):
    queue = Queue()
    workers = [Process(target=work, args=(queue,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for item in items:
        queue.put(item)
    queue.put(None)  # expect: MP611 error
    for worker in workers:
        worker.join()

# --- read by iter(), as many workers as there are CPUs
import multiprocessing as mp

def work(tasks, results):
    for task in iter(tasks.get, "STOP"):
        results.put(task)

class Farm:
    def __init__(self):
        self.tasks, self.results = mp.JoinableQueue(), mp.SimpleQueue()
        self.workers = []

    def run(self, items):
        for _ in range(mp.cpu_count()):
            worker = mp.Process(target=work, args=(self.tasks, self.results))
            worker.start()
            self.workers.append(worker)
        for item in items:
            self.tasks.put(item)
        self.tasks.put("STOP")  # expect: MP611 warning
        for worker in self.workers:
            worker.join()

# --- one for each
from multiprocessing import Process, Queue

def work(queue):
    while (item := queue.get()) is not None:
        print(item)

def main(items):
    queue = Queue()
    workers = [Process(target=work, args=(queue,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for item in items:
        queue.put(item)
    for worker in workers:
        queue.put(None)
    for worker in workers:
        worker.join()

# --- written one by one
from multiprocessing import Process, Queue

def work(queue):
    while (item := queue.get()) is not None:
        print(item)

def main(items):
    queue = Queue()
    workers = [Process(target=work, args=(queue,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    queue.put(None)
    queue.put(None)
    for worker in workers:
        worker.join()

# --- passed on from worker to worker
from multiprocessing import Process, Queue

def work(queue):
    while True:
        item = queue.get()
        if item is None:
            queue.put(None)
            break

def main(items):
    queue = Queue()
    workers = [Process(target=work, args=(queue,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    queue.put(None)
    for worker in workers:
        worker.join()

# --- a single worker
from multiprocessing import Process, Queue

def work(queue):
    while (item := queue.get()) is not None:
        print(item)

def main(items):
    queue = Queue()
    worker = Process(target=work, args=(queue,))
    worker.start()
    queue.put(None)
    worker.join()

# --- terminated, or given up waiting
from multiprocessing import Process, Queue

def work(queue):
    while (item := queue.get()) is not None:
        print(item)

def waiting(queue):
    while (item := queue.get(timeout=3)) is not None:
        print(item)

def main(items):
    queue, other = Queue(), Queue()
    workers = [Process(target=work, args=(queue,), daemon=True) for _ in range(3)]
    for worker in workers:
        worker.start()
    queue.put(None)
    for worker in workers:
        worker.terminate()
        worker.join()
    more = [Process(target=waiting, args=(other,)) for _ in range(3)]
    for worker in more:
        worker.start()
    other.put(None)
    for worker in more:
        worker.join()

# --- one item for each worker
from multiprocessing import Process, Queue

def work(queue):
    print(queue.get())

def main(items):
    queue = Queue()
    workers = [Process(target=work, args=(queue,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    queue.put(1)
    for item in items:
        queue.put(item)
    for worker in workers:
        worker.join()

# --- threads are stopped elsewhere
from queue import Queue
from threading import Thread
import multiprocessing

def work(queue):
    while (item := queue.get()) is not None:
        print(item)

def main():
    queue = Queue()
    threads = [Thread(target=work, args=(queue,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    queue.put(None)
    for thread in threads:
        thread.join()
