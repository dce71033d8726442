"""Children of all kinds, by the start method given."""

import multiprocessing
import os
import signal
import sys
import time
import traceback
from concurrent.futures import ProcessPoolExecutor, wait


class Mishap(Exception):
    pass


def square(number):
    return number * number


def fail(number):
    raise Mishap(f"number {number}")


def tell(queue, lock, value, connection):
    with lock:
        value.value += 1
    process = multiprocessing.current_process()
    queue.put((process.name, process.daemon, multiprocessing.get_start_method(), __name__, sys.argv[1:]))
    connection.send(sorted(name for name in os.environ if not name.startswith(("PYTHON", "MPDIAG"))))
    connection.close()


def seen_in_child(queue):
    handlers = [str(signal.getsignal(number)) for number in range(1, 32)]
    queue.put((handlers, sys.path[1:], tuple(sys.flags), sys.gettrace(), sys.getrecursionlimit()))


def raise_in_process():
    fail(7)


def exit_by(how):
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif how == "wait":
        time.sleep(60)
    elif how == "_exit":
        os._exit(5)
    sys.exit(how)


def set_up(text):
    os.write(1, f"set up {text}\n".encode())


def outer(method, queue):
    with multiprocessing.get_context(method).Pool(2) as pool:
        queue.put(pool.map(square, range(5)))


def show_tracebacks(context):
    with context.Pool(1) as pool:
        try:
            pool.map(fail, [1])
        except Mishap as error:
            traceback.print_exception(type(error), error, error.__traceback__)
    with ProcessPoolExecutor(1, mp_context=context) as executor:
        future = executor.submit(fail, 2)
        wait([future])  # the traceback tells whether `result` had to wait
        try:
            future.result()
        except Mishap as error:
            traceback.print_exception(type(error), error, error.__traceback__)
    process = context.Process(target=raise_in_process, name="it")
    process.start()
    process.join()
    print(process.exitcode)


def show_ends(context):
    for how in (0, 3, None, "words", "_exit", "kill"):
        process = context.Process(target=exit_by, args=(how,), name=f"by {how}")
        process.start()
        process.join()
        print(how, process.exitcode)
    for stop in ("terminate", "kill"):
        process = context.Process(target=exit_by, args=("wait",))
        process.start()
        getattr(process, stop)()
        process.join()
        print(stop, process.exitcode)


def show_messages(context):
    queue, lock, value = context.Queue(), context.Lock(), context.Value("i", 0)
    ours, theirs = context.Pipe()
    process = context.Process(target=tell, args=(queue, lock, value, theirs), daemon=True)
    process.start()
    theirs.close()
    print(queue.get(), value.value, ours.recv())
    try:
        ours.recv()
    except EOFError as error:
        print("ended", error)
    process.join()
    process = context.Process(target=seen_in_child, args=(queue,))
    process.start()
    print(queue.get())
    process.join()


def show_pools(context, method):
    with context.Pool(2, set_up, ("once",)) as pool:
        print(pool.map(square, range(10)), list(pool.imap(square, range(5), 2)), pool.starmap(pow, [(2, 3)]))
        pool.close()
        pool.join()
    with context.Pool(2, maxtasksperchild=3) as pool:  # its thread forks: what is printed meanwhile may come twice
        squares = pool.map(square, range(20), chunksize=1)
        more = sorted(pool.imap_unordered(square, range(5))), pool.apply(square, (4,))
    print(squares, more)
    with ProcessPoolExecutor(2, mp_context=context) as executor:
        print(list(executor.map(square, range(9), chunksize=2)))
    queue = context.Queue()
    process = context.Process(target=outer, args=(method, queue))
    process.start()
    print(queue.get())
    process.join()


if __name__ == "__main__":
    method = sys.argv[1]
    multiprocessing.set_start_method(method)
    context = multiprocessing.get_context(method)
    show_messages(context)
    show_pools(context, method)
    show_ends(context)
    show_tracebacks(context)
    print(multiprocessing.active_children())
