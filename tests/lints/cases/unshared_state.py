# outcome: fork=differs spawn=differs forkserver=differs

# --- a list that workers fill
from multiprocessing import Pool

results = []

def work(n):
    results.append(n * n)  # expect: MP501 error

def main():
    with Pool() as pool:
        pool.map(work, range(10))
    print(results)

# --- a counter, a set and a dictionary, in processes and what they call
import multiprocessing as mp

count, seen, totals = 0, set(), {}

def note(n):
    global count
    count += 1  # expect: MP501 error
    seen.add(n)  # expect: MP501 error
    totals[n] = n * n  # expect: MP501 error

def work(numbers):
    for n in numbers:
        note(n)

if __name__ == "__main__":
    processes = [mp.Process(target=work, args=([1, 2],)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    print(count, len(seen))
    for key, value in totals.items():
        print(key, value)

# --- read by a function that is called later
from concurrent.futures import ProcessPoolExecutor

stats = {"done": 0}

class Worker:
    def run(self, path):
        stats["done"] += 1  # expect: MP501 error
        return path

def report():
    print(stats["done"])

def main(paths):
    worker = Worker()
    with ProcessPoolExecutor() as executor:
        list(executor.map(worker.run, paths))
    report()

# --- set under the guard
import multiprocessing as mp
import sys

def work(path):
    return path + suffix  # expect: MP501 error

if __name__ == "__main__":
    suffix = sys.argv[1]
    with mp.Pool() as pool:
        print(pool.map(work, ["a"]))

# --- the same where fork is the default of some [python=3.10-3.13]
import multiprocessing as mp
import sys

def work(path):
    return path + suffix  # expect: MP501 warning

if __name__ == "__main__":
    suffix = sys.argv[1]
    with mp.Pool() as pool:
        print(pool.map(work, ["a"]))

# --- set by main(), with a default [start-method=spawn]
from multiprocessing import Pool

model = None
verbose = False

def predict(row):
    if verbose:  # expect: MP501 error
        print(row)
    return model.predict(row)  # expect: MP501 error

def main(rows):
    global model, verbose
    model, verbose = load("model.bin"), True
    with Pool() as pool:
        return pool.map(predict, rows)

# --- filled before the start [python=3.14-3.15]
import multiprocessing

prices = {}

class Shop(multiprocessing.Process):
    def run(self):
        print(prices["tea"])  # expect: MP501 error

def main():
    prices["tea"] = 3
    Shop().start()

# --- a lock made under the guard is no global of a spawned worker
import multiprocessing as mp

ctx = mp.get_context("forkserver")

def work(n):
    with lock:  # expect: MP501 error
        print(n)

if __name__ == "__main__":
    lock = ctx.Lock()
    ctx.Process(target=work, args=(1,)).start()

# --- returned
from multiprocessing import Pool

results = []

def work(n):
    return n * n

def main():
    with Pool() as pool:
        results.extend(pool.map(work, range(10)))
    print(results)

# --- filled by a callback, which runs in the parent
from multiprocessing import Pool

results = []

def keep(value):
    results.append(value)

def main():
    with Pool() as pool:
        for n in range(10):
            pool.apply_async(abs, (n,), callback=keep)
        pool.close()
        pool.join()
    print(results)

# --- a cache of each process, which nobody reads elsewhere
from multiprocessing import Pool

cache = {}
tables = None

def work(n):
    global tables
    if tables is None:
        tables = load()
    if n not in cache:
        cache[n] = n * n
    return cache[n] + tables[n]

def main():
    with Pool() as pool:
        print(pool.map(work, range(10)))

# --- the parent runs the function too
from multiprocessing import Pool

results = []

def work(n):
    results.append(n)
    return n

def main(jobs):
    if jobs == 1:
        for n in range(10):
            work(n)
    else:
        with Pool(jobs) as pool:
            results.extend(pool.map(work, range(10)))
    print(results)

# --- the parent changes it as well
from multiprocessing import Pool

done = 0

def work(n):
    global done
    done += 1
    return done

def main():
    global done
    with Pool() as pool:
        for _ in pool.imap(work, range(10)):
            done += 1
    print(done)

# --- set by an initializer, also with a partial
from functools import partial
from multiprocessing import Pool

model = None
limit = 0

def prepare(path):
    global model
    model = load(path)

def bound(number):
    global limit
    limit = number

def work(row):
    return model.predict(row) < limit

def main(rows):
    global model, limit
    model, limit = load("model.bin"), 3
    with Pool(initializer=prepare, initargs=("model.bin",)) as pool:
        pool.map(work, rows)
    with Pool(initializer=partial(bound, 3)) as pool:
        pool.map(work, rows)

# --- fork copies what is set before [start-method=fork]
from multiprocessing import Pool

def work(path):
    return path + suffix

if __name__ == "__main__":
    suffix = ".txt"
    with Pool() as pool:
        print(pool.map(work, ["a"]))

# --- what importing sets, children have too
import logging
from multiprocessing import Pool

def build():
    global table
    table = {n: n * n for n in range(1000)}

build()
log = logging.getLogger(__name__)
limit = 3
limit += 4

def work(n):
    log.info("%s", n)
    return table[n] + limit

if __name__ == "__main__":
    with Pool() as pool:
        print(pool.map(work, range(10)))

# --- a Value, a Queue and a manager's list are shared
import multiprocessing as mp

total = mp.Value("i", 0)
found = mp.Manager().list()

def work(n):
    with total.get_lock():
        total.value += n
    found.append(n)

if __name__ == "__main__":
    process = mp.Process(target=work, args=(1,))
    process.start()
    process.join()
    print(total.value, found)

# --- threads share globals
import multiprocessing.dummy
from concurrent.futures import ThreadPoolExecutor
from threading import Thread

results = []

def work(n):
    results.append(n)

def main():
    with ThreadPoolExecutor() as executor:
        list(executor.map(work, range(10)))
    thread = Thread(target=work, args=(1,))
    thread.start()
    thread.join()
    print(results)

# --- names of the function itself
from multiprocessing import Pool

results = []

def work(n, suffix="x"):
    results = []
    results.append(n)
    for row in results:
        suffix += str(row)
    return suffix

if __name__ == "__main__":
    suffix, row = "y", 3
    with Pool() as pool:
        pool.map(work, range(10))
    print(results)

# --- cloudpickle sends the globals of a function along
from loky import ProcessPoolExecutor

def work(path):
    return path + suffix

if __name__ == "__main__":
    suffix = ".txt"
    with ProcessPoolExecutor() as executor:
        print(list(executor.map(work, ["a"])))

# --- what a task of joblib changes stays in its worker
from joblib import Parallel, delayed
found = []
def check(number):
    if number % 7 == 0:
        found.append(number)  # expect: MP501
def main():
    with Parallel(n_jobs=2) as parallel:
        parallel([delayed(check)(number) for number in range(100)])
    print(found)

# --- threads share it; joblib sends the globals of a script along with its functions
from joblib import Parallel, delayed
found = []
limit = None
def check(number):
    found.append(number)
def below(number):
    return number < limit
if __name__ == "__main__":
    Parallel(n_jobs=2, require="sharedmem")(delayed(check)(number) for number in range(100))
    limit = 7
    print(found, Parallel(n_jobs=2)(delayed(below)(number) for number in range(100)))
