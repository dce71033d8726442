# outcome: fork=works spawn=works forkserver=works

# --- pickled twice
import pickle
from multiprocessing import Pipe

here, there = Pipe()
here.send(pickle.dumps([1, 2]))  # expect: MP205 warning

# --- large bytes
import multiprocessing as mp
import os

class Camera:
    def __init__(self):
        self.here, self.there = mp.Pipe(duplex=False)

    def run(self):
        frame = bytearray(1920 * 1080)
        self.there.send(frame)  # expect: MP205
        self.there.send(b"\0" * 2**20)  # expect: MP205
        self.there.send(os.urandom(100_000))  # expect: MP205

# --- in a worker
from multiprocessing import Pipe, Process

def work(connection):
    connection.send(bytes(10**6))  # expect: MP205

here, there = Pipe()
Process(target=work, args=(there,)).start()

# --- objects, and a few bytes
from multiprocessing import Pipe

here, there = Pipe()
here.send([0] * 10**6)
here.send(b"stop")
here.send("x" * 10**6)

# --- as they are
from multiprocessing import Pipe

here, there = Pipe()
here.send_bytes(bytes(10**6))

# --- queues have nothing better
import pickle
from multiprocessing import Queue

queue = Queue()
queue.put(bytes(10**6))
queue.put(pickle.dumps([1]))

# --- sockets, and what is not known
import multiprocessing
import pickle
import socket

def run(connection, data):
    connection.send(pickle.dumps(data))
    socket.socket().send(bytes(10**6))
