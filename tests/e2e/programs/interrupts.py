"""Waits of all kinds that Ctrl-C ends: what is seen of it are tracebacks."""

import concurrent.futures
import multiprocessing
import multiprocessing.connection
import signal
import sys
import time
import traceback

WAIT_S = 0.15


def interrupted(wait):
    signal.setitimer(signal.ITIMER_REAL, WAIT_S)
    try:
        wait()
    except KeyboardInterrupt:
        traceback.print_exc(file=sys.stdout)


def show_locks(context):
    lock, condition, barrier = context.Lock(), context.Condition(), context.Barrier(2)
    semaphore, event, value = context.Semaphore(0), context.Event(), context.Value("i", 1)

    def enter():
        with lock:
            pass

    def notified():
        with condition:
            condition.wait()

    lock.acquire()
    interrupted(enter)
    interrupted(lambda: event.wait(5))
    interrupted(notified)
    interrupted(barrier.wait)
    interrupted(semaphore.__enter__)
    print(value.value)


def show_channels(context):
    queue, simple, (ours, _theirs) = context.Queue(1), context.SimpleQueue(), context.Pipe()
    interrupted(queue.get)
    interrupted(simple.get)
    interrupted(ours.recv)
    interrupted(lambda: ours.poll(5))
    interrupted(lambda: multiprocessing.connection.wait([ours], 5))
    interrupted(lambda: ours.send_bytes(bytes(1 << 22)))


def show_processes(context):
    process = context.Process(target=time.sleep, args=(60,))
    process.start()
    interrupted(process.join)
    process.terminate()
    process.join()
    with context.Pool(1) as pool:
        result = pool.apply_async(time.sleep, (60,))
        interrupted(result.get)
        interrupted(lambda: pool.map(time.sleep, [60]))
        interrupted(lambda: next(pool.imap(time.sleep, [60])))
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        future = executor.submit(time.sleep, 1)
        interrupted(future.result)
        interrupted(lambda: concurrent.futures.wait([future]))
        interrupted(lambda: next(concurrent.futures.as_completed([future])))
        interrupted(lambda: list(executor.map(time.sleep, [1])))


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    context = multiprocessing.get_context("fork")
    show_locks(context)
    show_channels(context)
    show_processes(context)
