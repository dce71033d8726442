# outcome: fork=fails spawn=fails forkserver=fails

# --- a question in a process and in what it calls
import sys
from multiprocessing import Process

def ask():
    return input("again? ")  # expect: MP613 error

class Reader(Process):
    def run(self):
        for line in sys.stdin.readlines():  # expect: MP613
            print(line)

def work():
    while ask() == "y":
        print("working")

def main():
    Process(target=work).start()
    Reader().start()

# --- a debugger that was left behind
import pdb
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Pool

def first(n):
    breakpoint()  # expect: MP613
    return n

def second(n):
    pdb.set_trace()  # expect: MP613
    return n

def main():
    with ProcessPoolExecutor() as executor, Pool() as pool:
        executor.map(first, range(3))
        pool.map(second, range(3))

# --- in the parent
from multiprocessing import Pool

def work(n):
    return n

def main():
    name = input("name? ")
    with Pool() as pool:
        print(pool.map(work, [name]))

# --- threads share the terminal
from threading import Thread
from multiprocessing.pool import ThreadPool

def work():
    print(input())

def main():
    Thread(target=work).start()
    ThreadPool().apply(work)

# --- the child opens it anew
import os
import sys
from multiprocessing import Process

def work(number):
    sys.stdin = os.fdopen(number)
    print(input())

def main():
    Process(target=work, args=(sys.stdin.fileno(),)).start()

# --- the end of the input is expected
from multiprocessing import Process

def work():
    try:
        print(input())
    except EOFError:
        print("no terminal")

def main():
    Process(target=work).start()

# --- other things of that name
from multiprocessing import Pool

def work(field, input):
    field.input()
    return input("x"), field.stdin.read()

def main(fields):
    with Pool() as pool:
        pool.map(work, fields)

# --- a task of joblib
from joblib import Parallel, delayed
def ask(name):
    return input(name)  # expect: MP613
def main(names):
    return Parallel(n_jobs=2)(delayed(ask)(name) for name in names)

# --- a thread of joblib
from joblib import Parallel, delayed
def ask(name):
    return input(name)
def main(names):
    return Parallel(n_jobs=2, prefer="threads")(delayed(ask)(name) for name in names)
