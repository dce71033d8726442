# outcome: fork=works spawn=works forkserver=works

# --- processes of a loop
from multiprocessing import Pipe, Process

def work(conn, n):
    for k in range(n):
        conn.send(list(range(k)))  # expect: MP308 warning
    conn.send(None)  # expect: MP308 note

def main():
    reader, writer = Pipe(duplex=False)
    for n in range(4):
        Process(target=work, args=(writer, n)).start()

# --- two by hand, one of them of a class
import multiprocessing as mp

def send(conn):
    conn.send_bytes(b"x" * 10_000)  # expect: MP308

def first(conn):
    send(conn)

def second(conn):
    send(conn)

def main():
    ours, theirs = mp.Pipe()
    mp.Process(target=first, args=(theirs,)).start()
    mp.Process(target=second, args=(theirs,)).start()

# --- tasks of a pool
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Pipe

def work(n, conn):
    conn.send(n)  # expect: MP308

def main(executor: ProcessPoolExecutor):
    reader, writer = Pipe(False)
    for n in range(4):
        executor.submit(work, n, writer)

# --- under a lock
from multiprocessing import Lock, Pipe, Process

def work(conn, lock, n):
    with lock:
        conn.send(list(range(n)))

def main():
    reader, writer = Pipe(duplex=False)
    lock = Lock()
    for n in range(4):
        Process(target=work, args=(writer, lock, n)).start()

# --- a pipe for each
from multiprocessing import Pipe, Process

def work(conn, n):
    conn.send(list(range(n)))

def main():
    readers = []
    for n in range(4):
        reader, writer = Pipe(duplex=False)
        Process(target=work, args=(writer, n)).start()
        readers.append(reader)
    pipes = [Pipe() for _ in range(4)]
    for ours, theirs in pipes:
        Process(target=work, args=(theirs, 1)).start()

def start(n):
    reader, writer = Pipe(duplex=False)
    Process(target=work, args=(writer, n)).start()
    return reader

# --- one writes, others read
from multiprocessing import Pipe, Process

def work(conn):
    print(conn.recv())

def talk(conn):
    conn.send(1)

def main():
    ours, theirs = Pipe()
    for _ in range(4):
        Process(target=work, args=(ours,)).start()
    Process(target=talk, args=(theirs,)).start()

# --- the parent alone writes
from multiprocessing import Pipe, Process

def main():
    ours, theirs = Pipe()
    for n in range(4):
        ours.send(n)
        Process(target=print, args=(theirs,)).start()

# --- sockets
import multiprocessing
import socket

def work(conn):
    conn.send(b"x")

def main():
    ours, theirs = socket.socketpair()
    for n in range(4):
        multiprocessing.Process(target=work, args=(theirs,)).start()
