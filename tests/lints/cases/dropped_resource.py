# outcome: fork=works spawn=fails forkserver=fails

# --- the function that made it is over
from multiprocessing import Process, Queue

def start(work):
    queue = Queue()
    process = Process(target=work, args=(queue,))  # expect: MP512 warning
    process.start()
    return process

# --- made in the call, in a context
import multiprocessing as mp

ctx = mp.get_context("spawn")

def start(work):
    ctx.Process(target=work, args=(1, 2)).start()

def begin(work):
    stop = ctx.Event()
    process = ctx.Process(
        target=work,
        args=(
            stop,  # expect: MP512
            ctx.Lock(),  # expect: MP512
        ),
    )
    process.start()
    return process

# --- joined there
from multiprocessing import Process, Queue

def run(work):
    queue = Queue()
    process = Process(target=work, args=(queue,))
    process.start()
    print("started")
    process.join()

# --- used, returned, stored, passed on
from multiprocessing import Event, Process, Queue

class Runner:
    def start(self, work, watch):
        queue, stop, other = Queue(), Event(), Queue()
        self.process = Process(target=work, args=(queue, stop, other))
        self.process.start()
        self.queue = queue
        watch(stop)
        return other

def ask(work):
    queue = Queue()
    process = Process(target=work, args=(queue,))
    process.start()
    return queue.get()

# --- the function goes on
import time
from multiprocessing import Event, Process

def serve(work):
    stop = Event()
    process = Process(target=work, args=(stop,))
    process.start()
    time.sleep(3600)

# --- forked children inherit it [start-method=fork]
from multiprocessing import Process, Queue

def start(work):
    queue = Queue()
    process = Process(target=work, args=(queue,))
    process.start()
    return process

# --- a parameter, a global, the top level
from multiprocessing import Process, Queue

shared = Queue()

def start(work, queue: Queue):
    process = Process(target=work, args=(queue, shared))
    process.start()
    return process

own = Queue()
process = Process(target=print, args=(own,))
process.start()

# --- what holds no semaphore
from multiprocessing import Pipe, Process

def start(work):
    ours, theirs = Pipe()
    process = Process(target=work, args=(theirs, 3, "x"))
    process.start()
    return process
