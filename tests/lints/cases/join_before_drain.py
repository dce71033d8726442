# outcome: fork=hangs spawn=hangs forkserver=hangs

# --- one process, one message
from multiprocessing import Process, Queue

def work(queue):
    queue.put("x" * 10_000_000)

def main():
    queue = Queue()
    process = Process(target=work, args=(queue,))
    process.start()
    process.join()  # expect: MP601 error
    return queue.get()

# --- several processes of a context, joined in a loop
import multiprocessing as mp

ctx = mp.get_context("spawn")

def count(part, results):
    totals = {}
    for word in part:
        totals[word] = totals.get(word, 0) + 1
    results.put(totals)

def collect(parts):
    results = ctx.Queue()
    jobs = []
    for part in parts:
        job = ctx.Process(target=count, args=(part, results))
        jobs.append(job)
        job.start()
    for job in jobs:
        job.join()  # expect: MP601 error
    return [results.get() for _ in jobs]

# --- until it is empty, after the join
import multiprocessing

def fetch(url, out):
    out.put_nowait(url)

def run(urls):
    out = multiprocessing.Manager().Lock and multiprocessing.Queue()
    return out

def run_all(urls):
    out = multiprocessing.Queue()
    workers = [multiprocessing.Process(target=fetch, kwargs={"url": url, "out": out}) for url in urls]
    [worker.start() for worker in workers]
    [worker.join() for worker in workers]  # expect: MP601
    pages = []
    while not out.empty():
        pages.append(out.get())
    return pages

# --- a timeout only delays it
from multiprocessing import Process, Queue

def work(queue):
    queue.put(list(range(10**6)))

def main():
    queue = Queue()
    process = Process(target=work, args=[queue])
    process.start()
    process.join(timeout=30)  # expect: MP601 warning
    if process.is_alive():
        process.terminate()
        raise TimeoutError
    return queue.get(timeout=1)

# --- a loop that asks whether it is alive
from multiprocessing import Process, Queue

def work(queue):
    queue.put(list(range(10**6)))

def main():
    queue = Queue()
    process = Process(target=work, args=[queue])
    process.start()
    while process.is_alive():
        process.join(0.1)  # expect: MP601 warning
    return queue.get()

# --- a subclass of Process, read by a function of the same file
from multiprocessing import Process, Queue

class Scanner(Process):
    def __init__(self, path, found):
        super().__init__()
        self.path = path
        self.found = found

    def run(self):
        for line in open(self.path):
            self.found.put(line)

def drain(queue):
    while not queue.empty():
        yield queue.get()

def scan(paths):
    found = Queue()
    scanners = [Scanner(path, found) for path in paths]
    for scanner in scanners:
        scanner.start()
    for scanner in scanners:
        scanner.join()  # expect: MP601 error
    return list(drain(found))

# --- an object that keeps both
import multiprocessing as mp

class Runner:
    def __init__(self):
        self.results = mp.Queue()
        self.process = mp.Process(target=self.work)

    def work(self):
        self.results.put({"rows": list(range(100_000))})

    def run(self):
        self.process.start()
        self.process.join()  # expect: MP601 error
        return self.results.get()

# --- the function of another file gets the queue
from multiprocessing import Process, Queue
from jobs import convert

def run(path):
    answer = Queue()
    process = Process(target=convert, args=(path, answer))
    process.start()
    process.join()  # expect: MP601 error
    return answer.get()

# --- a function that gets the queue joins, who called it reads
import multiprocessing as mp

def work(queue):
    queue.put("x" * 10_000_000)

def run(queue, count):
    processes = [mp.Process(target=work, args=(queue,)) for _ in range(count)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()  # expect: MP601 error

if __name__ == "__main__":
    queue = mp.Queue()
    run(queue, 4)
    while not queue.empty():
        print(len(queue.get()))

# --- one function joins, another reads, and a third calls both
from multiprocessing import Process, Queue

def work(queue):
    queue.put("x" * 10_000_000)

def wait_for(processes, seconds):
    for process in processes:
        process.join(seconds)  # expect: MP601 warning

def texts(queue, count):
    for _ in range(count):
        yield queue.get()

def main():
    queue = Queue()
    processes = [Process(target=work, args=(queue,)) for _ in range(4)]
    for process in processes:
        process.start()
    wait_for(processes, seconds=60)
    return list(texts(queue, len(processes)))

# --- each call brings a queue of its own, and says so
from multiprocessing import Process, Queue

def work(queue):
    queue.put("x" * 10_000_000)

def run(queue: Queue):
    process = Process(target=work, args=(queue,))
    process.start()
    process.join()  # expect: MP601 error
    return queue.get()

def main():
    first = Queue()
    return run(first) + run(queue=Queue())

# --- a function makes the queue, and more
import multiprocessing as mp

def work(queue, done):
    queue.put("x" * 10_000_000)
    done.set()

def make():
    return mp.Queue(), mp.Event()

def main():
    queue, done = make()
    process = mp.Process(target=work, args=(queue, done))
    process.start()
    done.wait()
    process.join()  # expect: MP601 error
    return queue.get()

# --- read first
from multiprocessing import Process, Queue

def work(queue):
    queue.put("x" * 10_000_000)

def main():
    queue = Queue()
    process = Process(target=work, args=(queue,))
    process.start()
    text = queue.get()
    process.join()
    return text

# --- a message for each process first
from multiprocessing import Process, Queue

def work(queue):
    queue.put("x" * 10_000_000)

def main():
    queue = Queue()
    processes = [Process(target=work, args=(queue,)) for _ in range(4)]
    for p in processes:
        p.start()
    texts = [queue.get() for p in processes]
    for p in processes:
        p.join()
    leftover = queue.get(timeout=1)

# --- read until the sentinel by iter()
from multiprocessing import Process, Queue

def work(queue):
    queue.put("x" * 10_000_000)
    queue.put(None)

def main():
    queue = Queue()
    process = Process(target=work, args=(queue,))
    process.start()
    for text in iter(queue.get, None):
        print(text)
    process.join()

# --- a manager's queue needs no reader
from multiprocessing import Manager, Process

def work(queue):
    queue.put("x" * 10_000_000)

def main():
    queue = Manager().Queue()
    process = Process(target=work, args=(queue,))
    process.start()
    process.join()
    return queue.get()

# --- a SimpleQueue has no feeder thread
from multiprocessing import Process, SimpleQueue

def work(queue):
    queue.put(1)

def main():
    queue = SimpleQueue()
    process = Process(target=work, args=(queue,))
    process.start()
    process.join()
    return queue.get()

# --- what is left in the queue does not matter
from multiprocessing import Process, Queue

def work(queue):
    queue.cancel_join_thread()
    queue.put("x" * 10_000_000)

def main():
    queue = Queue()
    process = Process(target=work, args=(queue,))
    process.start()
    process.join()
    return queue.get()

# --- a thread reads
import threading
from multiprocessing import Process, Queue

def work(queue):
    queue.put("x" * 10_000_000)

def drain(queue, into):
    for text in iter(queue.get, None):
        into.append(text)

def main():
    queue, texts = Queue(), []
    reader = threading.Thread(target=drain, args=(queue, texts))
    reader.start()
    process = Process(target=work, args=(queue,))
    process.start()
    process.join()
    queue.put(None)
    reader.join()
    print(queue.get())

# --- another process reads
from multiprocessing import Process, Queue

def produce(queue):
    for n in range(1000):
        queue.put("x" * n)
    queue.put(None)

def consume(queue):
    while queue.get() is not None:
        pass

def main():
    queue = Queue()
    first, second = Process(target=produce, args=(queue,)), Process(target=consume, args=(queue,))
    first.start()
    second.start()
    first.join()
    second.join()

# --- the process only reads, the parent fills
from multiprocessing import Process, Queue

def work(tasks):
    while tasks.get() is not None:
        pass

def main():
    tasks = Queue()
    process = Process(target=work, args=(tasks,))
    process.start()
    tasks.put(None)
    process.join()
    while not tasks.empty():
        print(tasks.get())

# --- a function of another file may read it
from multiprocessing import Process, Queue
from readers import read_all

def work(queue):
    queue.put("x" * 10_000_000)

def main():
    queue = Queue()
    process = Process(target=work, args=(queue,))
    process.start()
    texts = read_all(queue)
    process.join()
    return texts, queue.get()

# --- one branch joins, another reads
from multiprocessing import Process, Queue

def work(queue):
    queue.put("x" * 10_000_000)

def main(quiet):
    queue = Queue()
    process = Process(target=work, args=(queue,))
    process.start()
    if quiet:
        queue.cancel_join_thread()
        process.join()
        return
    print(queue.get())

# --- one branch joins and leaves
from multiprocessing import Process, Queue

def work(queue):
    queue.put("x" * 10_000_000)

def main(stop):
    queue = Queue()
    process = Process(target=work, args=(queue,))
    process.start()
    if stop:
        process.terminate()
        process.join()
        return None
    text = queue.get()
    process.join()
    return text

# --- threads and their queues
import multiprocessing
import queue
from threading import Thread

def work(out):
    out.put("x" * 10_000_000)

def main():
    out = queue.Queue()
    thread = Thread(target=work, args=(out,))
    thread.start()
    thread.join()
    return out.get()

# --- strings are joined, dictionaries have get()
from multiprocessing import Process, Queue

def work(queue):
    queue.put(1)

def main(names, options):
    queue = Queue()
    process = Process(target=work, args=(queue,))
    process.start()
    print(", ".join(names))
    print(options.get("x"), queue.get())
    process.join()
    print(options.get("y"))

# --- one function joins, another reads, and a third calls them the other way round
from multiprocessing import Process, Queue

def work(queue):
    queue.put("x" * 10_000_000)

def wait_for(process):
    process.join()

def text(queue):
    return queue.get()

def main():
    queue = Queue()
    process = Process(target=work, args=(queue,))
    process.start()
    found = text(queue)
    wait_for(process)
    return found

# --- who calls what joins reads first, another afterwards
from multiprocessing import Process, Queue

class Job:
    def __init__(self):
        self.queue = Queue()
        self.process = Process(target=self.work)

    def work(self):
        self.queue.put("x" * 10_000_000)

    def stop(self):
        self.process.join()

    def text(self):
        return self.queue.get(timeout=1)

def main():
    job = Job()
    job.process.start()
    print(job.text())
    finish(job)

def finish(job):
    job.stop()
    return job.text()

# --- the join comes when the block is left
from contextlib import contextmanager
from multiprocessing import Process, Queue

def work(queue):
    queue.put("x" * 10_000_000)

@contextmanager
def working(queue):
    process = Process(target=work, args=(queue,))
    process.start()
    yield
    process.join()

def main():
    queue = Queue()
    with working(queue):
        return queue.get()

# --- a thread reads while a function waits, also after that
from multiprocessing import Process, Queue
from threading import Thread

def work(queue):
    queue.put("x" * 10_000_000)

def wait_for(process):
    process.join()

def drain(queue):
    while not queue.empty():
        print(queue.get())

def main():
    queue = Queue()
    process = Process(target=work, args=(queue,))
    process.start()
    Thread(target=drain, args=(queue,), daemon=True).start()
    wait_for(process)
    drain(queue)

# --- a function that starts the process may hand the queue to a reader of another file
from multiprocessing import Process, Queue
from readers import Reader

def work(queue):
    queue.put("x" * 10_000_000)

def start(queue):
    process = Process(target=work, args=(queue,))
    process.start()
    Reader(queue).start()
    return process

def main():
    queue = Queue()
    process = start(queue)
    process.join()
    print(queue.get())

# --- what is ended by force leaves its messages
import time
from multiprocessing import Process, Queue

def work(queue):
    while True:
        queue.put("x" * 10_000_000)

def main(seconds):
    queue = Queue()
    process = Process(target=work, args=(queue,))
    process.start()
    time.sleep(seconds)
    process.terminate()
    process.join()
    return queue.get_nowait()

# --- one of the queues that come in may be read elsewhere
from multiprocessing import Process, Queue
from threading import Thread

def work(queue):
    queue.put("x" * 10_000_000)

def drain(queue):
    for text in iter(queue.get, None):
        print(text)

def run(queue):
    process = Process(target=work, args=(queue,))
    process.start()
    process.join()
    return queue.get()

def main():
    first, second = Queue(), Queue()
    Thread(target=drain, args=(first,), daemon=True).start()
    return run(first), run(second)

# --- or is given to who knows whom
from multiprocessing import Process, Queue
from readers import Reader

def work(queue):
    queue.put("x" * 10_000_000)

def run(queue):
    process = Process(target=work, args=(queue,))
    process.start()
    process.join()
    return queue.get()

def main():
    first, second = Queue(), Queue()
    Reader(second).start()
    return run(first), run(second)

# --- nobody here passes the queue
from multiprocessing import Process, Queue

def work(queue):
    queue.put("x" * 10_000_000)

def run(queue: Queue):
    process = Process(target=work, args=(queue,))
    process.start()
    process.join()
    return queue.get()

# --- two processes of one function, with a queue each
from multiprocessing import Process, Queue

def work(queue):
    queue.put("x" * 10_000_000)

def main():
    first, second = Queue(), Queue()
    one = Process(target=work, args=(first,))
    two = Process(target=work, args=(second,))
    one.start()
    two.start()
    texts = [first.get()]
    one.join()
    texts.append(second.get())
    two.join()
    return texts
