# outcome: own=works

# --- a string is a list of characters
import multiprocessing as mp

mp.set_forkserver_preload("numpy")  # expect: MP112 error

# --- by a name, on a context
import multiprocessing as mp

MODULE = "numpy"
ctx = mp.get_context("forkserver")
ctx.set_forkserver_preload(MODULE)  # expect: MP112

# --- everything starts by other methods
import multiprocessing as mp

def main():
    mp.set_forkserver_preload(["numpy"])  # expect: MP112 warning
    mp.get_context("spawn").Process(target=print).start()

# --- the program has set another method
import multiprocessing as mp

if __name__ == "__main__":
    mp.set_start_method("fork")
    mp.set_forkserver_preload(["numpy"])  # expect: MP112

# --- a list for the fork server
import multiprocessing as mp

if __name__ == "__main__":
    mp.set_start_method("forkserver")
    mp.set_forkserver_preload(["numpy"])
    mp.Process(target=print).start()

# --- the default may be the fork server
import multiprocessing as mp

if __name__ == "__main__":
    mp.set_forkserver_preload(["numpy"])
    mp.Process(target=print).start()

# --- one of several methods, or one that is not known
import multiprocessing as mp

def main(method):
    mp.set_forkserver_preload(["numpy"])
    mp.get_context(method).Process(target=print).start()

def other():
    ctx = mp.get_context("forkserver")
    ctx.set_forkserver_preload(["numpy"])
    mp.get_context("spawn").Process(target=print).start()

# --- nothing is started here
import multiprocessing as mp

mp.set_forkserver_preload(["numpy"])

# --- a variable
import multiprocessing as mp

def preload(modules):
    mp.set_forkserver_preload(modules)
