# outcome: own=differs

# --- NumPy's global state
import multiprocessing as mp
import numpy as np

def sample(n):
    return np.random.normal(size=n)  # expect: MP509 warning

def main():
    with mp.get_context("fork").Pool(4) as pool:
        return pool.map(sample, [10] * 8)

# --- a generator of the module, by default [python=3.10-3.13]
import random
from concurrent.futures import ProcessPoolExecutor
from numpy.random import default_rng

rng, dice = default_rng(), random.Random()

def sample(n):
    return rng.random(n)  # expect: MP509 warning

def roll(n):
    return dice.randrange(n)  # expect: MP509 warning

def main():
    with ProcessPoolExecutor() as executor:
        return list(executor.map(sample, [10] * 8)), list(executor.map(roll, [6] * 8))

# --- with a seed, under every start method [start-method=spawn]
from multiprocessing import Process
import numpy

rng = numpy.random.default_rng(42)

def sample():
    print(rng.random())  # expect: MP509 warning

def main():
    for _ in range(4):
        Process(target=sample).start()

# --- started anew, NumPy seeds itself [start-method=spawn]
from multiprocessing import Pool
import numpy as np

rng = np.random.default_rng()

def sample(n):
    return np.random.normal(size=n), rng.random()

def main():
    with Pool(4) as pool:
        return pool.map(sample, [10] * 8)

# --- seeded in an initializer, or in the task [start-method=fork]
import os
from multiprocessing import Pool
import numpy as np

def prepare():
    np.random.seed(os.getpid())

def sample(n):
    return np.random.normal(size=n)

def main():
    with Pool(4, prepare) as pool:
        return pool.map(sample, [10] * 8)

# --- a generator of one's own [start-method=fork]
from multiprocessing import Pool
import numpy as np

def sample(seed):
    rng = np.random.default_rng(seed)
    return rng.random()

def main():
    with Pool(4) as pool:
        return pool.map(sample, np.random.SeedSequence(3).spawn(8))

# --- Python seeds itself anew in a child [start-method=fork]
import random
from multiprocessing import Pool

def sample(n):
    return random.random() * n

def main():
    with Pool(4) as pool:
        return pool.map(sample, [10] * 8)

# --- one process alone, or the parent [start-method=fork]
from multiprocessing import Process
import numpy as np

def sample():
    print(np.random.normal())

def main():
    Process(target=sample).start()
    print(np.random.normal())

# --- the workers of joblib begin with nothing
import numpy as np
from joblib import Parallel, delayed
def draw(_):
    return np.random.rand()
def main():
    return Parallel(n_jobs=2)(delayed(draw)(number) for number in range(9))
