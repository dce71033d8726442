# outcome: fork=differs spawn=differs forkserver=differs

# --- a parameter of several processes
from multiprocessing import Process, Value

def count(total, lines):
    for line in lines:
        total.value += len(line)  # expect: MP502 warning
    total.value += 1  # expect: MP502

def main(parts):
    total = Value("q", 0)
    for part in parts:
        Process(target=count, args=(total, part)).start()

# --- a global that an initializer sets, in a pool
import multiprocessing as mp

done = None

def prepare(counter):
    global done
    done = counter

def work(n):
    done.value = done.value + 1  # expect: MP502
    return n

def main():
    counter = mp.Value("i", 0)
    with mp.Pool(initializer=prepare, initargs=(counter,)) as pool:
        pool.map(work, range(100))

# --- an attribute of a process, two of which are made
from multiprocessing import Process, RawValue, Array

class Counter(Process):
    def __init__(self, total, best):
        super().__init__()
        self.total, self.best = total, best

    def run(self):
        self.total.value -= 1  # expect: MP502
        self.best[0] = max(self.best[0], self.pid)  # expect: MP502

def main():
    total, best = RawValue("i", 10), Array("i", 1)
    first, second = Counter(total, best), Counter(total, best)
    first.start()
    second.start()

# --- a manager's dictionary and value have no lock at all
from multiprocessing import Manager, Process

def work(stats, total, n):
    stats["done"] += 1  # expect: MP502
    total.value += n  # expect: MP502

def start(stats, total, n):
    process = Process(target=work, args=(stats, total, n))
    process.start()
    return process

def main():
    with Manager() as manager:
        stats, total = manager.dict(done=0), manager.Value("i", 0)
        for process in [start(stats, total, n) for n in range(4)]:
            process.join()

# --- under its lock
from multiprocessing import Process, Value

def count(total, lines):
    for line in lines:
        with total.get_lock():
            total.value += len(line)
        with total:
            total.value += 1

def main(parts):
    total = Value("q", 0)
    for part in parts:
        Process(target=count, args=(total, part)).start()

# --- under another lock, by with or acquire()
from multiprocessing import Lock, Pool, Value

def prepare(counter, guard):
    global total, lock
    total, lock = counter, guard

def first(n):
    with lock:
        total.value += n

def second(n):
    lock.acquire()
    try:
        total.value += n
    finally:
        lock.release()

def main():
    with Pool(initializer=prepare, initargs=(Value("i", 0, lock=False), Lock())) as pool:
        pool.map(first, range(9))
        pool.map(second, range(9))

# --- one process alone
from multiprocessing import Pool, Process, Value

def work(progress):
    progress.value += 1

def update(total):
    total.value += 1

def main():
    progress, total = Value("i", 0), Value("i", 0)
    process = Process(target=work, args=(progress,))
    process.start()
    while progress.value < 10:
        process.join(1)
    with Pool(1) as pool:
        pool.apply(update, (total,))

# --- the parent alone
from multiprocessing import Pool, Value

def main():
    total = Value("i", 0)
    with Pool() as pool:
        for n in pool.imap(abs, range(10)):
            total.value += n

# --- plain assignments, and elements of one's own
from multiprocessing import Array, Process, Value

def work(number, sums, last):
    sums[number] += 1
    last.value = number

def main():
    sums, last = Array("i", 4), Value("i", 0)
    for number in range(4):
        Process(target=work, args=(number, sums, last)).start()

# --- other things with a value
from multiprocessing import Pool
from threading import Thread

class Counter:
    value = 0

counter = Counter()

def work(cell):
    counter.value += 1
    cell.value += 1
    return cell

def main(cells):
    with Pool() as pool:
        pool.map(work, cells)
