# outcome: fork=fails spawn=fails forkserver=fails

# --- of multiprocessing
import multiprocessing

class Worker(multiprocessing.Process):
    def __init__(self, queue):  # expect: MP116 error
        self.queue = queue

# --- of a context, and of a class in between
from multiprocessing import get_context

Base = get_context("spawn").Process

class Middle(Base):
    daemon = True

class Worker(Middle):
    @wrapped
    def __init__(self, queue):  # expect: MP116
        self.queue = queue

# --- through super()
from multiprocessing import Process

class Worker(Process):
    def __init__(self, queue):
        super().__init__(daemon=True)
        self.queue = queue

class Old(Process):
    def __init__(self):
        super(Old, self).__init__()

# --- by name
import multiprocessing as mp

class Worker(mp.Process):
    def __init__(self, queue):
        mp.Process.__init__(self)
        self.queue = queue

# --- in another method
from multiprocessing import Process

class Worker(Process):
    def __init__(self):
        self.prepare()

    def prepare(self):
        super().__init__()

# --- without an __init__ of its own
from multiprocessing import Process

class Worker(Process):
    def run(self):
        print(1)

# --- a base that is not known may do it
from multiprocessing import Process
from engine import Base

class Worker(Base, Process):
    def __init__(self):
        self.queue = None

# --- other classes
import threading
import multiprocessing
import psutil

class Worker(threading.Thread):
    def __init__(self):
        self.queue = None

class Other(psutil.Process):
    def __init__(self):
        self.queue = None
