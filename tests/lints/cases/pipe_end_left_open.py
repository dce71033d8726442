# outcome: fork=hangs spawn=hangs forkserver=hangs

# --- the parent keeps the end that it gave away
from multiprocessing import Pipe, Process

def work(conn):
    for n in range(3):
        conn.send(n)
    conn.close()

def main():
    ours, theirs = Pipe()
    process = Process(target=work, args=(theirs,))
    process.start()
    while True:
        try:
            print(ours.recv())  # expect: MP604 warning
        except EOFError:
            break
    process.join()

# --- to a subclass of Process, in a context
import multiprocessing as mp

ctx = mp.get_context("spawn")

class Worker(ctx.Process):
    def __init__(self, out):
        super().__init__()
        self.out = out

    def run(self):
        self.out.send_bytes(b"x")

def main():
    pipe = ctx.Pipe(duplex=False)
    Worker(out=pipe[1]).start()
    try:
        while True:
            print(pipe[0].recv_bytes())  # expect: MP604
    except (EOFError, OSError):
        pass

# --- a forked reader holds the writing end
import multiprocessing as mp

ctx = mp.get_context("fork")

def consume(reader):
    while True:
        try:
            print(reader.recv())  # expect: MP604 error
        except EOFError:
            return

def main(items):
    reader, writer = ctx.Pipe(duplex=False)
    process = ctx.Process(target=consume, args=(reader,))
    process.start()
    reader.close()
    for item in items:
        writer.send(item)
    writer.close()
    process.join()

# --- by default it may be forked [python=3.10-3.13]
from multiprocessing import Pipe, Process

def consume(reader):
    try:
        while item := reader.recv():  # expect: MP604 warning
            print(item)
    except EOFError:
        print("end")

def main(items):
    reader, writer = Pipe(False)
    Process(target=consume, args=(reader,)).start()
    with writer:
        for item in items:
            writer.send(item)

# --- the reader was given both ends
from multiprocessing import Pipe, Process

def consume(reader, writer):
    try:
        while True:
            print(reader.recv())  # expect: MP604 warning
    except EOFError:
        pass

def main(items):
    reader, writer = Pipe(duplex=False)
    Process(target=consume, args=(reader, writer)).start()
    reader.close()
    writer.close()

# --- closed in the parent, at once
from multiprocessing import Pipe, Process

def work(conn):
    conn.send(1)

def main():
    ours, theirs = Pipe()
    process = Process(target=work, args=(theirs,))
    process.start()
    theirs.close()
    try:
        while True:
            print(ours.recv())
    except EOFError:
        process.join()

def other():
    ours, theirs = Pipe()
    Process(target=work, args=(theirs,)).start()
    del theirs
    try:
        print(ours.recv())
    except EOFError:
        pass

# --- the end of the function closes it
from multiprocessing import Pipe, Process

def work(conn):
    conn.send(1)

def start():
    ours, theirs = Pipe()
    Process(target=work, args=(theirs,)).start()
    return ours

def main():
    conn = start()
    try:
        while True:
            print(conn.recv())
    except EOFError:
        pass

# --- the child closes its copy of the other end
import multiprocessing as mp

def consume(reader, writer):
    writer.close()
    try:
        while True:
            print(reader.recv())
    except EOFError:
        pass

def main(items):
    reader, writer = mp.get_context("fork").Pipe(duplex=False)
    mp.get_context("fork").Process(target=consume, args=(reader, writer)).start()
    writer.close()

# --- spawned children have what they are given, and nothing else
import multiprocessing as mp

ctx = mp.get_context("spawn")

def consume(reader):
    try:
        while True:
            print(reader.recv())
    except EOFError:
        pass

def main(items):
    reader, writer = ctx.Pipe(duplex=False)
    ctx.Process(target=consume, args=(reader,)).start()
    writer.close()

# --- the end of the conversation is a message
from multiprocessing import Pipe, Process

def work(conn):
    while (job := conn.recv()) is not None:
        conn.send(job)

def main(jobs):
    ours, theirs = Pipe()
    Process(target=work, args=(theirs,)).start()
    for job in jobs:
        ours.send(job)
        print(ours.recv())
    ours.send(None)

# --- EOFError only says that the parent has died
import multiprocessing as mp

def work(conn):
    while True:
        try:
            job = conn.recv()
        except EOFError:
            return
        if job is None:
            return

def main(jobs):
    ours, theirs = mp.get_context("fork").Pipe()
    mp.get_context("fork").Process(target=work, args=(theirs,)).start()
    for job in [*jobs, None]:
        ours.send(job)

# --- sockets and files raise EOFError too
import multiprocessing
import pickle
import socket

def main(path):
    ours, theirs = socket.socketpair()
    multiprocessing.Process(target=print, args=(theirs,)).start()
    with open(path, "rb") as file:
        try:
            while True:
                print(pickle.load(file), ours.recv(10))
        except EOFError:
            pass
