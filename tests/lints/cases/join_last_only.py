# outcome: fork=works spawn=works forkserver=works

# --- behind a for loop
from multiprocessing import Process

def run(items):
    for item in items:
        p = Process(target=print, args=(item,))
        p.start()
    p.join()  # expect: MP119 warning

# --- behind a while loop, at the top level
import multiprocessing as mp

items = [1, 2]
while items:
    worker = mp.get_context("fork").Process(target=print, args=(items.pop(),))
    worker.daemon = True
    worker.start()
worker.join(5)  # expect: MP119

# --- kept in a list
from multiprocessing import Process

def run(items):
    ps = []
    for item in items:
        p = Process(target=print, args=(item,))
        p.start()
        ps.append(p)
    p.join()
    for p in ps:
        p.join()

# --- joined in the loop
from multiprocessing import Process

def run(items):
    for item in items:
        p = Process(target=print, args=(item,))
        p.start()
        p.join()
    p.join()

# --- handed to someone
from multiprocessing import Process

def run(items, watch):
    for item in items:
        p = Process(target=print, args=(item,))
        p.start()
        watch(p)
    p.join()

# --- no loop, or both in one
from multiprocessing import Process

def run(items):
    p = Process(target=print)
    p.start()
    p.join()
    for item in items:
        for part in item:
            q = Process(target=print)
        q.start()
        q.join()

# --- started behind the loop
from multiprocessing import Process

def run(items):
    for item in items:
        p = Process(target=print, args=(item,))
    p.start()
    p.join()
