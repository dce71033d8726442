# outcome: own=works

# --- a pool
from multiprocessing import Pool

pool = Pool(4, maxtasksperchild=1)  # expect: MP103 note

# --- by place and by name
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

TASKS = 1
pool = multiprocessing.get_context("spawn").Pool(2, None, (), 1)  # expect: MP103
executor = ProcessPoolExecutor(max_tasks_per_child=TASKS)  # expect: MP103

# --- more tasks
from multiprocessing import Pool

pool = Pool(4, maxtasksperchild=100)

# --- no limit, or one that is not known
from multiprocessing import Pool

def run(limit):
    Pool(4)
    Pool(1)
    Pool(maxtasksperchild=None)
    Pool(maxtasksperchild=limit)

# --- a few tasks
from multiprocessing import Pool

pool = Pool(4, maxtasksperchild=2)  # expect: MP103

# --- as many as pay for a start
from multiprocessing import Pool

pool = Pool(4, maxtasksperchild=5)
