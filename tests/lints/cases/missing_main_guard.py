# outcome: fork=works spawn=hangs forkserver=hangs

# --- a pool at the top level
import multiprocessing as mp

with mp.Pool(4) as pool:  # expect: MP106 error
    print(pool.map(abs, [1, -2]))

# --- a process at the top level
from multiprocessing import Process

p = Process(target=print)
p.start()  # expect: MP106 error
p.join()

# --- an executor starts its processes with its first task
import concurrent.futures

executor = concurrent.futures.ProcessPoolExecutor()
future = executor.submit(abs, -1)  # expect: MP106 error

# --- a manager
from multiprocessing import Manager

shared = Manager().dict()  # expect: MP106 error

# --- through functions of the same file
from multiprocessing import get_context

def main():
    run()

def run():
    with get_context("spawn").Pool() as pool:  # expect: MP106 error
        pool.map(abs, [1])

main()

# --- only some Python versions [python=3.9-3.13]
from multiprocessing import Pool

pool = Pool()  # expect: MP106

# --- the class body and a loop are run on import too
from multiprocessing import Process

class Workers:
    for number in range(2):
        worker = Process(target=print, args=(number,))
        worker.start()  # expect: MP106 error

# --- a method called at the top level
import multiprocessing

class App:
    def __init__(self):
        self.workers = [multiprocessing.Process(target=print) for _ in range(2)]

    def start(self):
        for worker in self.workers:
            worker.start()  # expect: MP106 error

App().start()

# --- under a guard of another condition
import sys
from billiard import Pool

if len(sys.argv) > 1:
    pool = Pool()  # expect: MP106 error

# --- other names than __main__ are no guard
from multiprocessing import Pool

if __name__ == "app":
    pool = Pool()  # expect: MP106 error

# --- the start method is known to be spawn [start-method=spawn python=3.9-3.13]
from multiprocessing import Pool

pool = Pool()  # expect: MP106 error

# --- a guard
from multiprocessing import Pool

if __name__ == "__main__":
    pool = Pool()

# --- a guard with more conditions
import sys
from multiprocessing import Pool

if __name__ == "__main__" and sys.argv[1:]:
    pool = Pool()

# --- a guard the other way round
from multiprocessing import Pool

if __name__ != "__main__":
    pass
else:
    pool = Pool()

# --- a guard that ends the import
import sys
from multiprocessing import Pool

if __name__ != "__main__":
    sys.exit()
pool = Pool()

# --- a guard in a variable
from multiprocessing import Pool

IS_MAIN = "__main__" == __name__
if IS_MAIN:
    pool = Pool()

# --- a guard inside the function
from multiprocessing import Pool

def main():
    if __name__ != "__main__":
        return
    pool = Pool()

main()

# --- not in the children
from multiprocessing import Pool

if __name__ != "__mp_main__":
    pool = Pool()

# --- asked of multiprocessing
import multiprocessing

if multiprocessing.parent_process() is None:
    pool = multiprocessing.Pool()
if multiprocessing.current_process().name == "MainProcess":
    pool = multiprocessing.Pool()

# --- a guard by match, and one by `and`
from multiprocessing import Pool

match __name__:
    case "__main__":
        pool = Pool()
__name__ == "__main__" and Pool()
pool = Pool() if __name__ == "__main__" else None

# --- a function that nobody calls here
from multiprocessing import Pool

def main():
    with Pool() as pool:
        pool.map(abs, [1])

# --- called under the guard only
from multiprocessing import Pool

def main():
    with Pool() as pool:
        pool.map(abs, [1])

if __name__ == "__main__":
    main()

# --- fork by a context
import multiprocessing

pool = multiprocessing.get_context("fork").Pool()

# --- fork for the whole program
import multiprocessing

multiprocessing.set_start_method("fork")
pool = multiprocessing.Pool()

# --- fork asked for on the command line [start-method=fork]
from multiprocessing import Pool

pool = Pool()

# --- Linux only, before the default changed [python=3.9-3.13 systems=Linux]
from multiprocessing import Pool

pool = Pool()

# --- __main__.py is not imported again [file=package/__main__.py]
from multiprocessing import Pool

pool = Pool()

# --- a cell of a notebook [file=analysis.ipynb]
from multiprocessing import Pool

pool = Pool()

# --- threads
from multiprocessing.dummy import Pool
from multiprocessing.pool import ThreadPool
from concurrent.futures import ThreadPoolExecutor

pool = Pool()
other = ThreadPool()
executor = ThreadPoolExecutor()
executor.submit(print)

# --- loky's children do not import the main module
from loky import get_reusable_executor

get_reusable_executor().submit(print)

# --- an executor without a task, a process that is not started
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

executor = ProcessPoolExecutor()
process = multiprocessing.Process(target=print)

# --- processes of another library
import multiprocessing
import psutil
from connections import Pool, Process

process = psutil.Process()
process.start()
pool = Pool()
other = Process()
other.start()

# --- the top level of a Streamlit page runs in children too
import streamlit as st
from multiprocessing import Pool
st.title("Squares")
pool = Pool()  # expect: MP106

# --- what a click starts no child comes to
from concurrent.futures import ProcessPoolExecutor
import streamlit as st
def run(items):
    with ProcessPoolExecutor() as executor:
        return [executor.submit(pow, item, 2) for item in items]
if st.button("Run"):
    st.write(run([1, 2]))

# --- joblib's own children do not import the main module
from joblib import Parallel, delayed
print(Parallel(n_jobs=2)(delayed(abs)(item) for item in [1, -2]))
