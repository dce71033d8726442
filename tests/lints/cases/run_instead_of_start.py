# outcome: fork=works spawn=works forkserver=works

# --- of a variable
from multiprocessing import Process

p = Process(target=print)
p.run()  # expect: MP115 error

# --- of a context's process, an attribute, and at once
import multiprocessing as mp

ctx = mp.get_context("spawn")

class App:
    def __init__(self):
        self.worker = ctx.Process(target=print)

    def go(self):
        self.worker.run()  # expect: MP115

mp.Process(target=print).run()  # expect: MP115

# --- of each in a list
from multiprocessing import Process

workers = [Process(target=print) for _ in range(3)]
for worker in workers:
    worker.run()  # expect: MP115

# --- start
from multiprocessing import Process

p = Process(target=print)
p.start()
p.join()

# --- of a subclass, on purpose
from multiprocessing import Process

class Worker(Process):
    def run(self):
        super().run()

Worker().run()

# --- of something else
import asyncio
import subprocess
import multiprocessing
from psutil import Process

asyncio.run(main())
subprocess.run(["ls"])
Process().run()

# --- in a test [file=test_worker.py]
from multiprocessing import Process

p = Process(target=print)
p.run()
