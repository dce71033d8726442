"""Programs that hang, each for a reason of its own; a deadline ends them in any case.

hangs.py CASE METHOD
"""

import multiprocessing as mp
import os
import signal
import sys
import threading
import time

DEADLINE = 60


def on_time():
    """Each process ends at its deadline, whatever it waits for: SIGALRM has its default, which is deadly."""
    signal.alarm(DEADLINE)


def produce(queue):
    on_time()
    queue.put(b"x" * 300_000)


def join_before_drain(context):
    queue = context.Queue()
    child = context.Process(target=produce, args=(queue,))
    child.start()
    child.join()
    queue.get()


def consume_one(queue):
    on_time()
    queue.get()
    raise SystemExit(3)


def blocked_put(context):
    queue = context.Queue(2)
    child = context.Process(target=consume_one, args=(queue,))
    child.start()
    for number in range(9):
        queue.put(number)
    child.join()


LOCK = threading.Lock()


def hold():
    with LOCK:
        time.sleep(2)


def want(_number):
    on_time()
    with LOCK:
        return os.getpid()


def fork_with_threads(context):
    threading.Thread(target=hold, daemon=True).start()
    time.sleep(0.1)
    with context.Pool(2) as pool:
        pool.map(want, range(4))


def receive(reader):
    on_time()
    while True:
        try:
            reader.recv()
        except EOFError:
            return


def pipe_end_left_open(context):
    reader, writer = context.Pipe(duplex=False)
    child = context.Process(target=receive, args=(reader,))
    child.start()
    for number in range(3):
        writer.send(number)
    child.join()  # what it should have closed is open


def refuse():
    on_time()
    raise RuntimeError("no licence")


def initializer_fails(context):
    with context.Pool(2, initializer=refuse) as pool:
        pool.map(want, range(4))


class Rejected(Exception):
    def __init__(self, line, reason):
        super().__init__(f"{line}: {reason}")


def reject(line):
    on_time()
    raise Rejected(line, "odd")


def exception_not_rebuilt(context):
    with context.Pool(2) as pool:
        pool.map(reject, range(40), chunksize=1)


def killed(number):
    on_time()
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)


def worker_killed(context):
    with context.Pool(2) as pool:
        pool.map(killed, range(8), chunksize=1)


def slow(number):
    on_time()
    time.sleep(DEADLINE)
    return number


def healthy_slow(context):
    with context.Pool(2) as pool:
        print(pool.map(slow, range(2)))


def hostile_names(_context):
    thread = threading.Thread(target=threading.Event().wait, name="\x1b[31mred\x1b]0;title\x07 [bold]")
    thread.start()
    thread.join()


def waits_for_input(context):
    queue = context.Queue()
    child = context.Process(target=receive_all, args=(queue,))
    child.start()
    print("read", repr(sys.stdin.readline()))
    queue.put(None)
    child.join()


def receive_all(queue):
    on_time()
    for _ in iter(queue.get, None):
        pass


if __name__ == "__main__":
    on_time()
    globals()[sys.argv[1]](mp.get_context(sys.argv[2]))
