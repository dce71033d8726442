# outcome: fork=fails spawn=fails forkserver=fails

# --- a lambda for a pool
from multiprocessing import Pool

with Pool() as pool:
    pool.map(lambda n: n * n, range(9))  # expect: MP204 error

# --- nested functions and local classes, whatever the start method
import functools
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

def run(items):
    def double(n):
        return 2 * n

    class Job:
        pass

    half = lambda n: n / 2
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(mp_context=context) as pool:
        pool.submit(double, 3)  # expect: MP204 error
        pool.map(functools.partial(double), items)  # expect: MP204
        pool.map(half, items)  # expect: MP204
        pool.submit(Job)  # expect: MP204

# --- the target of a process
from multiprocessing import Process

def run():
    def work():
        print(1)

    Process(target=work).start()  # expect: MP204 error
    Process(target=lambda: print(1)).start()  # expect: MP204 error

# --- the same before the default on Linux changed [python=3.9-3.13]
from multiprocessing import Pool, Process

def run():
    def work():
        print(1)

    Process(target=work).start()  # expect: MP204 warning
    Pool(initializer=work).map(print, [1])  # expect: MP204 warning
    Pool().map(work, [1])  # expect: MP204 error

# --- a method takes its pool along
from multiprocessing import Pool

class App:
    def __init__(self):
        self.pool = Pool()

    def work(self, n):
        return n

    def run(self):
        return self.pool.map(self.work, range(9))  # expect: MP204 error

# --- a method takes a lock, a queue or an open file along
import queue
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Process, Queue

class App:
    def __init__(self):
        self.lock = threading.Lock()

    def work(self):
        print(1)

class Shared:
    def __init__(self):
        self.results = Queue()

    def work(self):
        print(1)

    def run(self):
        with ProcessPoolExecutor() as pool:
            pool.submit(self.work)  # expect: MP204 error

app = App()
Process(target=app.work).start()  # expect: MP204 error

# --- a process that holds a thread's lock
import threading
from multiprocessing import Process, get_context

class Worker(Process):
    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()  # expect: MP204 error

class Other(get_context("spawn").Process):
    def __init__(self, path):
        super().__init__()
        self.log = open(path)  # expect: MP204 error

# --- an executor of asyncio
import asyncio
from concurrent.futures import ProcessPoolExecutor

async def main():
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor() as pool:
        await loop.run_in_executor(pool, lambda: 1)  # expect: MP204 error

# --- functions of the module
import functools
from multiprocessing import Pool, Process

def work(n):
    return n

def run():
    with Pool(initializer=work) as pool:
        pool.map(work, range(9))
        pool.map(functools.partial(work, 3), range(9))
        pool.map(len, ["a"])
    Process(target=work).start()

# --- fork hands targets on as they are
import multiprocessing as mp

def run():
    def work():
        print(1)

    ctx = mp.get_context("fork")
    ctx.Process(target=work).start()
    ctx.Pool(initializer=lambda: None)

# --- a name that `global` sends to the module
from multiprocessing import Pool

def run():
    global work

    def work(n):
        return n

    Pool().map(work, range(9))

# --- libraries that pickle functions by their code
import multiprocess
from loky import get_reusable_executor

multiprocess.Pool().map(lambda n: n, range(9))
get_reusable_executor().submit(lambda: 1)

# --- threads
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import ThreadPool
import multiprocessing

ThreadPool().map(lambda n: n, range(9))
ThreadPoolExecutor().submit(lambda: 1)

# --- a class that says how it is pickled, or leaves nothing to refuse
import threading
from multiprocessing import Pool, Process, Queue

class Careful:
    def __init__(self):
        self.lock = threading.Lock()

    def __getstate__(self):
        return {}

    def work(self, n):
        return n

class Later:
    def __init__(self):
        self.results = Queue()
        self.file = None

    def work(self):
        self.file = open("log")

    @staticmethod
    def apart(n):
        return n

    @classmethod
    def made(cls, n):
        return n

careful = Careful()
later = Later()
Pool().map(careful.work, range(9))
Pool().map(later.apart, range(9))
Pool().map(Later.made, range(9))
Process(target=later.work).start()

# --- a process that makes its lock when it runs, or is forked
import multiprocessing
import threading

class Worker(multiprocessing.Process):
    def __init__(self):
        super().__init__()
        self.lock = multiprocessing.Lock()

    def run(self):
        self.guard = threading.Lock()

class Forked(multiprocessing.get_context("fork").Process):
    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()

# --- bases that are not known
import threading
from engine import Base
from multiprocessing import Pool

class App(Base):
    def __init__(self):
        self.lock = threading.Lock()

    def work(self, n):
        return n

Pool().map(App().work, range(9))

# --- what is not known
from multiprocessing import Pool

def run(function, items):
    Pool().map(function, items)

# --- joblib with the backend of the standard library pickles as that does
from joblib import Parallel, delayed
def main(items):
    def nested(item):
        return item
    Parallel(n_jobs=2, backend="multiprocessing")(delayed(lambda item: item)(item) for item in items)  # expect: MP204
    Parallel(n_jobs=2, backend="multiprocessing")(delayed(nested)(item) for item in items)  # expect: MP204

# --- no pickler knows locks
import threading
from joblib import Parallel, delayed
class Store:
    def __init__(self):
        self.lock = threading.Lock()
    def load(self, item):
        return item
    def all(self, items):
        return Parallel(n_jobs=2)(delayed(self.load)(item) for item in items)  # expect: MP204

# --- joblib's own pickler knows functions without a name, and files
from joblib import Parallel, delayed
class Store:
    def __init__(self, path):
        self.file = open(path)
    def load(self, item):
        return item
    def all(self, items):
        return Parallel(n_jobs=2)(delayed(self.load)(item) for item in items)
def main(items):
    Parallel(n_jobs=2)(delayed(lambda item: item)(item) for item in items)
    Parallel(n_jobs=2, backend="threading")(delayed(lambda item: item)(item) for item in items)
    Parallel(n_jobs=2, prefer="threads")(delayed(lambda item: item)(item) for item in items)

# --- a backend that is set elsewhere, or by a name
from joblib import Parallel, delayed, parallel_config
def main(items, backend):
    Parallel(n_jobs=2, backend=backend)(delayed(lambda item: item)(item) for item in items)
    with parallel_config(backend="multiprocessing"):
        Parallel(n_jobs=2)(delayed(lambda item: item)(item) for item in items)

# --- processes that are never started
import unittest
from multiprocessing import Process

class Names(unittest.TestCase):
    def test_name(self):
        process = Process(target=lambda: 1, name="one")
        self.assertTrue(process)
        assert process.name == "one"

def count():
    processes = []
    for _ in range(4):
        processes.append(Process(target=lambda: 1))
    assert processes

# --- processes that may be started elsewhere, or by another name
import threading
from multiprocessing import Process

waiting = Process(target=lambda: 1)  # expect: MP204

def by_thread():
    process = Process(target=lambda: 1)  # expect: MP204
    threading.Thread(target=process.start).start()

def first():
    processes = [Process(target=lambda: 1)]  # expect: MP204
    processes[0].start()

def later():
    global worker
    worker = Process(target=lambda: 1)  # expect: MP204
