# outcome: fork=works spawn=works forkserver=works

# --- a table that no worker reads
import pandas as pd
from multiprocessing import Pool

def work(n):
    return n

sales = pd.read_csv("sales.csv")  # expect: MP105 warning

if __name__ == "__main__":
    with Pool() as pool:
        pool.map(work, sales["price"])

# --- a long loop, in a try
import multiprocessing as mp

squares = {}
try:
    for n in range(2_000_000):  # expect: MP105
        squares[n] = n * n
except MemoryError:
    pass

def work(n):
    return n

def main():
    mp.get_context("spawn").Process(target=work, args=(3,)).start()

if __name__ == "__main__":
    main()

# --- under the guard
import pandas as pd
from multiprocessing import Pool

def work(n):
    return n

if __name__ == "__main__":
    sales = pd.read_csv("sales.csv")
    with Pool() as pool:
        pool.map(work, sales["price"])

# --- the workers read it
import pandas as pd
from multiprocessing import Pool

sales = pd.read_csv("sales.csv")

def work(n):
    return sales["price"][n]

if __name__ == "__main__":
    with Pool() as pool:
        pool.map(work, range(9))

# --- fork keeps what there is
import pandas as pd
import multiprocessing

sales = pd.read_csv("sales.csv")

def work(n):
    return n

if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool() as pool:
        pool.map(work, range(9))

# --- cheap
import json
from multiprocessing import Pool

settings = json.load(open("settings.json"))
for n in range(1000):
    print(n)

def work(n):
    return n

if __name__ == "__main__":
    with Pool() as pool:
        pool.map(work, range(9))

# --- a notebook [file=sales.ipynb]
import pandas as pd
from multiprocessing import Pool

sales = pd.read_csv("sales.csv")

def work(n):
    return n

def main():
    with Pool() as pool:
        pool.map(work, range(9))
