# outcome: fork=works spawn=works forkserver=works

# --- on the next line
from multiprocessing import Process

def run(items):
    for item in items:
        p = Process(target=print, args=(item,))
        p.start()
        p.join()  # expect: MP118 warning

# --- of processes that were made before
import multiprocessing as mp

class App:
    def run(self):
        workers = [mp.Process(target=print) for _ in range(8)]
        for worker in workers:
            worker.start()
            worker.join()  # expect: MP118

# --- with the result in between
import multiprocessing as mp

def run(items, queue):
    results = []
    for item in items:
        p = mp.Process(target=print, args=(item, queue))
        p.start()
        result = queue.get()
        p.join()  # expect: MP118

# --- all are started first
from multiprocessing import Process

def run(items):
    ps = [Process(target=print, args=(item,)) for item in items]
    for p in ps:
        p.start()
    for p in ps:
        p.join()

# --- no loop
from multiprocessing import Process

p = Process(target=print)
p.start()
p.join()

# --- one round, or a service that starts its worker again
from multiprocessing import Process

for item in ["once"]:
    p = Process(target=print, args=(item,))
    p.start()
    p.join()
while True:
    p = Process(target=print)
    p.start()
    p.join()

# --- with a timeout, an exit code, a way out
from multiprocessing import Process

def run(items):
    for item in items:
        p = Process(target=print, args=(item,))
        p.start()
        p.join(30)
    for item in items:
        q = Process(target=print, args=(item,))
        q.start()
        q.join()
        if q.exitcode:
            print("failed")
    for attempt in range(3):
        r = Process(target=print)
        r.start()
        r.join()
        if succeeded():
            break

# --- something else goes on in between
from multiprocessing import Process

def run(items):
    for item in items:
        p = Process(target=print, args=(item,))
        p.start()
        work(item)
        p.join()

# --- threads
import multiprocessing
from threading import Thread

for item in "abc":
    t = Thread(target=print)
    t.start()
    t.join()

# --- in a test [file=test_processes.py]
from multiprocessing import Process

for item in "abc":
    p = Process(target=print)
    p.start()
    p.join()
