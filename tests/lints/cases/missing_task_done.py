# outcome: fork=hangs spawn=hangs forkserver=hangs

# --- a worker takes, and says nothing
from multiprocessing import JoinableQueue, Process

def work(queue):
    while True:
        print(queue.get())

def main(items):
    queue = JoinableQueue()
    Process(target=work, args=(queue,), daemon=True).start()
    for item in items:
        queue.put(item)
    queue.join()  # expect: MP309 error

# --- in classes and contexts, of a manager
import multiprocessing as mp

class Worker(mp.get_context("spawn").Process):
    def __init__(self, tasks, more):
        super().__init__(daemon=True)
        self.tasks, self.more = tasks, more

    def run(self):
        for task in iter(self.tasks.get, None):
            print(task, self.tasks.get(timeout=3), self.more.get_nowait())

class Farm:
    def __init__(self):
        self.tasks = mp.get_context("spawn").JoinableQueue()
        self.more = mp.Manager().JoinableQueue()
        Worker(self.tasks, self.more).start()

    def wait(self):
        self.tasks.join()  # expect: MP309
        self.more.join()  # expect: MP309

# --- each item is done
from multiprocessing import JoinableQueue, Process

def work(queue):
    while True:
        try:
            print(queue.get())
        finally:
            queue.task_done()

def main(items):
    queue = JoinableQueue()
    Process(target=work, args=(queue,), daemon=True).start()
    for item in items:
        queue.put(item)
    queue.join()

# --- nobody joins it
from multiprocessing import JoinableQueue, Process

def work(queue):
    print(queue.get())

def main(items):
    queue = JoinableQueue()
    process = Process(target=work, args=(queue,))
    process.start()
    queue.put(1)
    process.join()

# --- another file has the readers
from multiprocessing import JoinableQueue, Process
from workers import work

def main(items):
    queue = JoinableQueue()
    Process(target=work, args=(queue,), daemon=True).start()
    queue.put(1)
    print(queue.get(timeout=3))
    queue.join()

# --- what is joined is something else
from multiprocessing import JoinableQueue, Process
from threading import Thread
import queue

def work(tasks):
    print(tasks.get())

def main(items, words):
    tasks, others = JoinableQueue(), queue.Queue()
    process = Process(target=work, args=(tasks,))
    process.start()
    process.join()
    Thread(target=work, args=(others,)).start()
    others.join()
    print(", ".join(words))
