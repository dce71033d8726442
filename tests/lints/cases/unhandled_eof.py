# outcome: fork=fails spawn=fails forkserver=fails

# --- the parent closes its end
from multiprocessing import Pipe, Process

def work(reader, writer):
    writer.close()
    total = 0
    while True:
        total += reader.recv()  # expect: MP305 warning
    print(total)

def main(numbers):
    reader, writer = Pipe(duplex=False)
    process = Process(target=work, args=(reader, writer))
    process.start()
    for number in numbers:
        writer.send(number)
    writer.close()
    process.join()

# --- a spawned class
import multiprocessing as mp

ctx = mp.get_context("spawn")

class Printer(ctx.Process):
    def __init__(self, conn):
        super().__init__()
        self.conn = conn

    def run(self):
        while 1:
            print(self.conn.recv_bytes())  # expect: MP305

class Parent:
    def __init__(self):
        self.ours, theirs = ctx.Pipe()
        Printer(theirs).start()

    def close(self):
        self.ours.close()

# --- caught in the loop, around it, or around the call
from contextlib import suppress
from multiprocessing import Pipe, Process

def first(conn):
    try:
        while True:
            print(conn.recv())
    except EOFError:
        print("end")

def second(conn):
    with suppress(EOFError):
        while True:
            print(conn.recv())

def read(conn):
    while True:
        print(conn.recv())

def third(conn):
    try:
        read(conn)
    except (EOFError, OSError):
        pass

def main():
    for work in (first, second, third):
        start(work)

def start(work):
    ours, theirs = Pipe()
    Process(target=first, args=(theirs,)).start()
    Process(target=second, args=(theirs,)).start()
    Process(target=third, args=(theirs,)).start()
    ours.close()

# --- the last message says so
from multiprocessing import Pipe, Process

def work(conn):
    while True:
        message = conn.recv()
        if message is None:
            break
        print(message)

def main():
    ours, theirs = Pipe()
    Process(target=work, args=(theirs,)).start()
    ours.send(None)
    ours.close()

# --- nobody closes the other end here
from multiprocessing import Pipe, Process

def work(conn):
    while True:
        conn.send(conn.recv() + 1)

def main():
    ours, theirs = Pipe()
    Process(target=work, args=(theirs,), daemon=True).start()
    ours.send(1)
    theirs.close()
    print(ours.recv())

# --- sockets give empty bytes instead
import multiprocessing
import socket

def work(conn):
    while True:
        print(conn.recv(10))

def main():
    ours, theirs = socket.socketpair()
    multiprocessing.Process(target=work, args=(theirs,)).start()
    ours.close()
