# outcome: fork=hangs spawn=hangs forkserver=hangs

# --- more than there is room for
from multiprocessing import Process, Queue

def work(queue):
    for _ in range(10):
        print(queue.get())

def main():
    queue = Queue(5)
    worker = Process(target=work, args=(queue,))
    for n in range(10):
        queue.put(n)  # expect: MP602 error
    worker.start()
    worker.join()

# --- nobody knows how many
import multiprocessing as mp

class Worker(mp.Process):
    def __init__(self, tasks):
        super().__init__()
        self.tasks = tasks

    def run(self):
        while self.tasks.get():
            pass

def main(paths):
    tasks = mp.JoinableQueue(maxsize=mp_size())
    return tasks

def run(paths):
    tasks = mp.JoinableQueue(maxsize=4)
    for path in paths:
        tasks.put(path)  # expect: MP602 warning
    workers = [Worker(tasks) for _ in range(2)]
    for worker in workers:
        worker.start()

# --- there is room enough
from multiprocessing import Process, Queue

def work(queue):
    for _ in range(10):
        print(queue.get())

def main(items):
    queue, other = Queue(10), Queue()
    worker, second = Process(target=work, args=(queue,)), Process(target=work, args=(other,))
    for n in range(10):
        queue.put(n)
    for item in items:
        other.put(item)
    worker.start()
    second.start()

# --- readers first
from multiprocessing import Process, Queue

def work(queue):
    while queue.get():
        pass

def main(items):
    queue = Queue(5)
    worker = Process(target=work, args=(queue,))
    worker.start()
    for item in items:
        queue.put(item)
    another = Process(target=work, args=(queue,))
    another.start()

# --- a put that gives up
from multiprocessing import Process, Queue
from queue import Full

def work(queue):
    while queue.get():
        pass

def main(items):
    queue = Queue(5)
    worker = Process(target=work, args=(queue,))
    for item in items:
        try:
            queue.put(item, timeout=1)
            queue.put(item, False)
        except Full:
            break
    worker.start()

# --- someone else may read
from multiprocessing import Process, Queue
from threading import Thread

def work(queue):
    while queue.get():
        pass

def main(items, start):
    queue = Queue(5)
    Thread(target=work, args=(queue,)).start()
    for item in items:
        queue.put(item)
    Process(target=work, args=(queue,)).start()

# --- one message
from multiprocessing import Process, Queue

def work(queue):
    queue.get()

def main(items):
    queue = Queue(1)
    queue.put(items)
    Process(target=work, args=(queue,)).start()
