# outcome: fork=hangs spawn=hangs forkserver=hangs

# --- a process executor of the module
from concurrent.futures import ProcessPoolExecutor

executor = ProcessPoolExecutor()

def part(n):
    return n * n

def work(n):
    return executor.submit(part, n).result()  # expect: MP419 error

def main():
    print(list(executor.map(work, range(9))))

# --- an attribute, a pool
import multiprocessing as mp

class Crawler:
    def __init__(self):
        self.pool = mp.Pool(4)

    def visit(self, page):
        for link in page.links:
            self.pool.apply_async(self.visit, (link,))  # expect: MP419

    def run(self, page):
        self.pool.apply_async(self.visit, (page,))

# --- threads that wait for their like
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import ThreadPool

threads, pool = ThreadPoolExecutor(8), ThreadPool(8)

def size(path):
    futures = [threads.submit(size, each) for each in path.iterdir()]  # expect: MP419 warning
    return sum(future.result() for future in futures)

def sizes(paths):
    return sum(pool.map(len, paths))  # expect: MP419 warning

def total(paths):
    return sum(threads.map(len, paths))  # expect: MP419

def main(path):
    print(threads.submit(size, path).result(), pool.map(sizes, [path]), threads.submit(total, [path]))

# --- threads that do not wait
from concurrent.futures import ThreadPoolExecutor

threads = ThreadPoolExecutor(8)

def visit(page):
    for link in page.links:
        threads.submit(visit, link)

def main(page):
    threads.submit(visit, page)

# --- another executor
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

threads, processes = ThreadPoolExecutor(), ProcessPoolExecutor()

def work(n):
    return processes.submit(abs, n).result()

def nested(numbers):
    with ProcessPoolExecutor() as executor:
        return list(executor.map(abs, numbers))

def main():
    print(list(threads.map(work, range(9))), list(processes.map(nested, [[1], [2]])))

# --- used by the parent alone
from concurrent.futures import ProcessPoolExecutor

executor = ProcessPoolExecutor()

def work(n):
    return n * n

def submit(n):
    return executor.submit(work, n)

def main():
    print([submit(n).result() for n in range(9)])

# --- a method of the same name
from concurrent.futures import ThreadPoolExecutor

class Job:
    def run(self, form):
        return form.submit(1).result()

def main(forms):
    with ThreadPoolExecutor() as executor:
        return list(executor.map(Job().run, forms))

# --- a constant argument keeps a task from its executor
from concurrent.futures import ProcessPoolExecutor
executor = ProcessPoolExecutor()
def total(numbers, parallel=True):
    if parallel and len(numbers) > 1:
        return sum(executor.map(one, numbers))
    return sum(numbers)
def one(number):
    return total([number], parallel=False)
def main():
    executor.submit(total, [1, 2], False)
    executor.map(one, [1, 2])
