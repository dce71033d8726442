"""What a program sees of itself."""

import concurrent.futures.process
import faulthandler
import gc
import inspect
import multiprocessing.managers
import multiprocessing.pool
import multiprocessing.sharedctypes
import multiprocessing.synchronize
import os
import pickle
import signal
import sys
import threading
import warnings


def work():
    return 1


def show_process():
    print(sys.argv, sys.path, sys.flags, sys.warnoptions, sys._xoptions, getattr(sys, "orig_argv", ()))
    print(os.getcwd(), os.umask(0o22), os.getsid(0) > 0, __name__, os.path.basename(__file__), __spec__)
    print([(number, str(signal.getsignal(number))) for number in range(1, 32)], signal.pthread_sigmask(0, []))
    print(sorted(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task")), len(threading.enumerate()))
    print(faulthandler.is_enabled(), sys.gettrace(), sys.getprofile(), sys.excepthook, threading.excepthook)
    print(gc.get_threshold(), gc.callbacks, warnings.filters, signal.getitimer(signal.ITIMER_PROF))
    print([name for name in sys.modules if name.endswith("customize")])
    print(multiprocessing.get_start_method(allow_none=True), multiprocessing.get_all_start_methods())


def show_library():
    for function in (
        multiprocessing.Process.start,
        multiprocessing.queues.Queue.put,
        multiprocessing.pool.Pool.map,
        multiprocessing.pool.worker,
        multiprocessing.synchronize.SemLock.__enter__,
        concurrent.futures.ProcessPoolExecutor.submit,
        concurrent.futures.process._process_worker,
        multiprocessing.connection.wait,
        multiprocessing.managers.BaseProxy._callmethod,
    ):
        code = function.__code__
        print(function.__module__, function.__qualname__, inspect.signature(function), function.__doc__)
        print(code.co_filename, code.co_firstlineno, hash(inspect.getsource(function)) == 0, pickle.dumps(function))
    for module in (multiprocessing.queues, multiprocessing.pool, concurrent.futures.process):
        print(module.__name__, module.__file__, type(module.__loader__), module.__spec__.origin, module.__doc__)


def show_objects():
    made = [
        multiprocessing.Lock(),
        multiprocessing.RLock(),
        multiprocessing.Semaphore(2),
        multiprocessing.Condition(),
        multiprocessing.Value("i", 3),
        multiprocessing.Array("i", 3),
        multiprocessing.Event(),
    ]
    for each in made:
        print(type(each), str(each).split(" at ")[0], [name for name in dir(each) if not name.startswith("_mpd")])
    print(sorted(vars(multiprocessing.Process(target=work))))


if __name__ == "__main__":
    show_process()
    show_library()
    show_objects()
