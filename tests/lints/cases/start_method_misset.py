# outcome: own=fails

# --- spawn at the top level: children come here again
import multiprocessing as mp

mp.set_start_method("spawn")  # expect: MP110 error

# --- by another name, and forkserver
from multiprocessing import set_start_method as choose

METHOD = "forkserver"
choose(METHOD)  # expect: MP110 error

# --- fork, or force: the children survive, the library still decides for everyone
import multiprocessing

multiprocessing.set_start_method("fork")  # expect: MP110 warning
multiprocessing.set_start_method("spawn", force=True)  # expect: MP110 warning

# --- in a function that the top level calls
import torch.multiprocessing as mp

def configure(method):
    mp.set_start_method(method)  # expect: MP110 warning

configure("spawn")

# --- the error is caught
import multiprocessing

try:
    multiprocessing.set_start_method("spawn")  # expect: MP110 note
except RuntimeError:
    pass

# --- twice in one block
import multiprocessing

def main():
    multiprocessing.set_start_method("spawn")
    print("…")
    multiprocessing.set_start_method("fork")  # expect: MP110 error

# --- under the guard
import multiprocessing

if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")

# --- in a function
import multiprocessing

def main():
    multiprocessing.set_start_method("spawn")

if __name__ == "__main__":
    main()

# --- one in each branch, or forced
import multiprocessing

def main(fast):
    if fast:
        multiprocessing.set_start_method("fork")
    else:
        multiprocessing.set_start_method("spawn")

def again():
    multiprocessing.set_start_method("fork")
    multiprocessing.set_start_method("spawn", force=True)

# --- a context of its own
import multiprocessing

context = multiprocessing.get_context("spawn")

# --- tests and entry points [file=tests/conftest.py]
import multiprocessing

multiprocessing.set_start_method("spawn")

# --- a notebook [file=a.ipynb]
import multiprocessing

multiprocessing.set_start_method("spawn")

# --- others' functions of that name
import multiprocessing
import engine

engine.set_start_method("spawn")
