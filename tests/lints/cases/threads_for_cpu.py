# outcome: fork=works spawn=works forkserver=works

# --- nested loops
from concurrent.futures import ThreadPoolExecutor

def primes(most):
    found = []
    for n in range(2, most):
        for d in range(2, n):
            if n % d == 0:
                break
        else:
            found.append(n)
    return found

def main():
    with ThreadPoolExecutor(4) as threads:
        return list(threads.map(primes, [1000] * 4))  # expect: MP408 note

# --- a long one, recursion, in threads by hand
from multiprocessing.pool import ThreadPool
from threading import Thread

class Solver:
    def solve(self, depth):
        total = 0
        for step in range(1_000_000):
            total = total * 31 + step
        return total if depth == 0 else self.solve(depth - 1)

    def count(self):
        n = 0
        while n < 1000:
            for _ in range(1000):
                n += 1

    def run(self):
        with ThreadPool(4) as pool:
            pool.map(self.solve, range(4))  # expect: MP408
        for _ in range(4):
            Thread(target=self.count).start()  # expect: MP408

# --- something that may let go of the lock
import hashlib
import time
from concurrent.futures import ThreadPoolExecutor

def digest(data):
    for _ in range(100_000):
        data = hashlib.sha256(data + b"x").digest()
    return data

def fetch(url):
    for attempt in range(3):
        for part in range(4):
            time.sleep(attempt + part)

def main(parts):
    with ThreadPoolExecutor(4) as threads:
        return list(threads.map(digest, parts)), list(threads.map(fetch, parts))

# --- little to do
from concurrent.futures import ThreadPoolExecutor

def total(numbers):
    result = 0
    for number in numbers:
        result += number
    return result

def main(parts):
    with ThreadPoolExecutor(4) as threads:
        return list(threads.map(total, parts))

# --- processes
from concurrent.futures import ProcessPoolExecutor

def work(n):
    total = 0
    for step in range(1_000_000):
        total = total * 31 + step
    return total

def main():
    with ProcessPoolExecutor() as executor:
        return list(executor.map(work, range(4)))

# --- one thread beside the main one
from threading import Thread
import multiprocessing

def work():
    total = 0
    for step in range(1_000_000):
        total = total * 31 + step

def main():
    thread = Thread(target=work)
    thread.start()
    thread.join()

# --- joblib is asked for threads
from joblib import Parallel, delayed
def total(rows):
    found = 0
    for row in rows:
        for cell in row:
            found += cell * cell
    return found
def main(tables):
    return Parallel(n_jobs=4, prefer="threads")(delayed(total)(rows) for rows in tables)  # expect: MP408

# --- joblib takes processes unless asked
from joblib import Parallel, delayed
def total(rows):
    found = 0
    for row in rows:
        for cell in row:
            found += cell * cell
    return found
def main(tables):
    return Parallel(n_jobs=4)(delayed(total)(rows) for rows in tables)
