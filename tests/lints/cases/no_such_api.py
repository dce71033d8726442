# outcome: fork=fails spawn=fails forkserver=fails

# --- a flag that never was, without any import of the library
import sys

if not hasattr(sys, "_called_from_multiprocessing"):  # expect: MP705 error
    print("in the parent")
if getattr(sys, "_called_from_multiprocessing", False):  # expect: MP705
    print("in a child")

def main():
    return sys._called_from_multiprocessing  # expect: MP705

# --- contexts that are none
import multiprocessing as mp
import multiprocessing.context

first = mp.context._ForkContext()  # expect: MP705
second = multiprocessing.context._SpawnContext  # expect: MP705

# --- methods of a relative
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import Pool, Process, Queue, SimpleQueue

def main(numbers):
    executor = ProcessPoolExecutor()
    future = executor.submit(abs, -1)
    print(future.get())  # expect: MP705
    executor.close()  # expect: MP705
    with ThreadPoolExecutor() as threads:
        threads.apply_async(print)  # expect: MP705
    pool = Pool()
    result = pool.submit(abs, -1)  # expect: MP705
    pool.apply_async(abs, (-1,)).result()  # expect: MP705
    pool.shutdown()  # expect: MP705
    queue, simple = Queue(), SimpleQueue()
    queue.task_done()  # expect: MP705
    queue.join()  # expect: MP705
    simple.put_nowait(1)  # expect: MP705
    process = Process(target=print)
    process.send_signal(15)  # expect: MP705
    print(process.returncode, result)  # expect: MP705

# --- functions of the package
import multiprocessing

print(multiprocessing.thread_count())  # expect: MP705
multiprocessing.get_context("spawn").pool  # a context is not looked at

# --- the names that there are
import multiprocessing as mp
import multiprocessing.shared_memory
from concurrent.futures import ProcessPoolExecutor

def main():
    mp.set_start_method("spawn")
    mp.util.log_to_stderr()
    print(mp.parent_process(), mp.cpu_count(), mp.dummy, mp.context.ForkContext, mp.__doc__)
    queue = mp.JoinableQueue()
    queue.task_done()
    queue.join()
    process = mp.Process(target=print)
    process.kill()
    print(process.exitcode, process.sentinel, process._popen, process.__class__)
    executor = ProcessPoolExecutor()
    executor.terminate_workers()
    executor.shutdown(cancel_futures=True)

# --- attributes that the program gives them
import multiprocessing as mp

def main():
    process = mp.Process(target=print)
    process.started_at = 3
    print(process.started_at)

# --- asked for first, or with a way out
import multiprocessing as mp

def main():
    pool = mp.Pool()
    if hasattr(pool, "shutdown"):
        pool.shutdown()
    try:
        pool.wait_completion()
    except AttributeError:
        pass

# --- subclasses and other libraries have more
import multiprocessing
import billiard
import torch.multiprocessing as tmp
from loky import get_reusable_executor

class Worker(multiprocessing.Process):
    def stop(self):
        self.terminate()

def main():
    worker = Worker()
    worker.stop()
    billiard.Pool().did_start_ok()
    tmp.spawn(print)
    get_reusable_executor().map(abs, [1]).other

# --- what is not known
import multiprocessing
from mypool import Pool

def main(future, queue, executor):
    future.get()
    queue.join()
    executor.close()
    Pool().submit(abs)
    multiprocessing.process.current_process().anything

# --- the flag that pytest's documentation shows
import sys

def main():
    return hasattr(sys, "_called_from_test")

# --- only an annotation says what it is
from concurrent.futures import ThreadPoolExecutor
from typing import Optional
class Trainer:
    def evaluate(self, training: Optional[ThreadPoolExecutor] = None):
        return self.until(training)
    def until(self, training):
        return training.done()
    def train(self):
        with ThreadPoolExecutor() as executor:
            training = executor.submit(self.step)
            self.evaluate(training=training)
            return training.result()
