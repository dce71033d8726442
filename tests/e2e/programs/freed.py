"""Objects are freed when the program lets go of them, without a collection."""

import gc
import multiprocessing.pool
import multiprocessing.sharedctypes
import sys
import threading
import time
import weakref
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

BUSY_S = 0.5


class Thing:
    pass


class Loud:
    def __del__(self):
        sys.stdout.write("freed\n")
        sys.stdout.flush()


def take(thing):
    return None


def tell():
    sys.stdout.write("next\n")
    sys.stdout.flush()


def hold(known, stop):
    thing = Thing()
    known.append(weakref.ref(thing))
    while not stop.is_set():
        time.sleep(0.001)


def show_arguments():
    for make in (multiprocessing.pool.ThreadPool, ThreadPoolExecutor):
        things = [Thing() for _ in range(40)]
        known = [weakref.ref(thing) for thing in things]
        with make(1) as pool:
            list(pool.map(take, things))
            del things
            time.sleep(0.2)
            print([each() for each in known if each() is not None])
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as executor:
        executor.submit(take, Loud()).result()
        executor.submit(tell).result()


def show_values():
    value = multiprocessing.Value("i", 1)
    known = weakref.ref(value)
    value.value  # noqa: B018 - it is read
    del value
    print(known())


def show_frames():
    """While the main thread is busy, whoever looks at the stacks holds nothing for longer than that."""
    known, stop = [], threading.Event()
    thread = threading.Thread(target=hold, args=(known, stop))
    thread.start()
    end = time.monotonic() + BUSY_S
    while time.monotonic() < end:
        sum(range(1000))
    stop.set()
    thread.join()
    print(known[0](), gc.collect() > 1000)


if __name__ == "__main__":
    gc.disable()
    show_arguments()
    show_values()
    show_frames()
