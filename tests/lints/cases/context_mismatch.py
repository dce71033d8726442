# outcome: fork=fails spawn=fails forkserver=fails

# --- literal contexts
import multiprocessing as mp

forks, spawns = mp.get_context("fork"), mp.get_context("spawn")

def main():
    queue, stop = forks.Queue(), forks.Event()
    arguments = (
        queue,  # expect: MP513 error
        stop,  # expect: MP513 error
    )
    spawns.Process(target=print, args=arguments).start()

# --- the default context, where it forks
import multiprocessing as mp
from concurrent.futures import ProcessPoolExecutor

class Runner:
    def __init__(self):
        self.context = mp.get_context("spawn")
        self.lock = mp.Lock()

    def run(self):
        self.context.Process(target=print, kwargs={"sep": self.lock}).start()  # expect: MP513 warning
        with ProcessPoolExecutor(mp_context=self.context, initializer=print, initargs=(self.lock,)) as executor:  # expect: MP513
            executor.submit(print)
        with self.context.Pool(2, print, (mp.Value("i", 0),)) as pool:  # expect: MP513
            pool.apply(print)

# --- one context for both
import multiprocessing as mp

context = mp.get_context("spawn")

def main():
    queue = context.Queue()
    context.Process(target=print, args=(queue, context.Value("i", 0))).start()

# --- the default for both, or chosen for all [start-method=spawn]
import multiprocessing as mp

def main():
    queue = mp.Queue()
    mp.Process(target=print, args=(queue,)).start()
    mp.get_context("forkserver").Process(target=print, args=(queue,)).start()

# --- a forked process takes what any context has made
import multiprocessing as mp

def main():
    queue, lock = mp.get_context("spawn").Queue(), mp.Lock()
    mp.get_context("fork").Process(target=print, args=(queue, lock)).start()

# --- chosen by the program
import multiprocessing as mp

def main(method, other):
    lock = mp.get_context(method).Lock()
    mp.get_context("spawn").Process(target=print, args=(lock,)).start()
    mp.get_context(other).Process(target=print, args=(mp.get_context("fork").Lock(),)).start()

# --- what has no semaphore
import multiprocessing as mp

def main():
    ours, theirs = mp.Pipe()
    value = mp.RawValue("i", 0)
    found = mp.Manager().dict()
    mp.get_context("spawn").Process(target=print, args=(theirs, value, found, 3)).start()
