# outcome: fork=works spawn=works forkserver=works

# --- it asks whether it is frozen
import sys
import multiprocessing

HOME = sys._MEIPASS if hasattr(sys, "_MEIPASS") else "."

if __name__ == "__main__":  # expect: MP111 note
    multiprocessing.Process(target=print).start()

# --- an executor, in a function
import sys
from concurrent.futures import ProcessPoolExecutor

def home():
    return getattr(sys, "frozen", False)

def main():
    with ProcessPoolExecutor() as pool:
        pool.map(abs, [1])

if __name__ == "__main__":  # expect: MP111
    main()

# --- it does call it
import sys
import multiprocessing

if __name__ == "__main__":
    if sys.frozen:
        multiprocessing.freeze_support()
    multiprocessing.Process(target=print).start()

# --- never frozen
import multiprocessing

if __name__ == "__main__":
    multiprocessing.Process(target=print).start()

# --- starts nothing
import sys
import multiprocessing

if __name__ == "__main__":
    print(multiprocessing.cpu_count(), getattr(sys, "frozen", False))

# --- by fork
import sys
import multiprocessing

if __name__ == "__main__":
    print(getattr(sys, "frozen", False))
    multiprocessing.get_context("fork").Process(target=print).start()

# --- frozen is something else here
import multiprocessing

def run(options):
    if options.frozen or getattr(options, "frozen", 1):
        print(1)

if __name__ == "__main__":
    multiprocessing.Process(target=print).start()
