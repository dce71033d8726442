"""Ends in the way that its argument names, with things that happen at the end."""

import atexit
import multiprocessing
import os
import signal
import sys
import threading
import time


def later(text):
    time.sleep(1)
    print(text, flush=True)


class Last:
    def __del__(self):
        print("freed", flush=True)


def child():
    atexit.register(print, "not run in a forked child")
    multiprocessing.util.Finalize(None, print, ("finalized in the child",), exitpriority=1)


if __name__ == "__main__":
    how = sys.argv[1]
    print("begun", flush=True)
    atexit.register(print, "at exit")
    threading.Thread(target=later, args=("thread",)).start()
    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join()
    last = Last()
    last.itself = last
    if how == "interrupt":
        os.kill(os.getpid(), signal.SIGINT)
    elif how == "_exit":
        os._exit(4)
    elif how == "abort":
        os.kill(os.getpid(), signal.SIGTERM)
    elif how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif how == "raise":
        multiprocessing.Queue(0).get(timeout=0.01)
    elif how == "words":
        sys.exit("words")
    else:
        sys.exit(int(how))
