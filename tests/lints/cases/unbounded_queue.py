# outcome: fork=works spawn=works forkserver=works

# --- for ever
from multiprocessing import Process, Queue

def work(queue):
    while True:
        print(queue.get())

def main(camera):
    frames = Queue()
    Process(target=work, args=(frames,)).start()
    while True:
        frames.put(camera.frame)  # expect: MP303 note

# --- a generator, a file, without end
import itertools
import multiprocessing as mp

class Reader:
    def __init__(self):
        self.lines = mp.JoinableQueue(maxsize=0)
        self.numbers = mp.Queue()

    def work(self):
        while line := self.lines.get():
            print(line, self.numbers.get())

    def rows(self):
        yield 1

    def run(self, path):
        mp.Process(target=self.work).start()
        with open(path) as file:
            for line in file:
                self.lines.put(line)  # expect: MP303
        for row in self.rows():
            self.lines.put(row)  # expect: MP303
        for number in itertools.count():
            self.numbers.put(number)  # expect: MP303

# --- with a bound
from multiprocessing import Process, Queue

def work(queue):
    while True:
        print(queue.get())

def main(path, size):
    first, second = Queue(100), Queue(size)
    Process(target=work, args=(first,)).start()
    Process(target=work, args=(second,)).start()
    for line in open(path):
        first.put(line)
        second.put(line)

# --- as long as a list
from multiprocessing import Process, Queue

def work(queue):
    while True:
        print(queue.get())

def main(paths):
    queue = Queue()
    Process(target=work, args=(queue,)).start()
    for path in paths:
        queue.put(path)
    for number in range(10):
        queue.put(number)

# --- one after the other, or with pauses
import time
from multiprocessing import Process, Queue

def work(queue, answers):
    while True:
        answers.put(queue.get())

def main(sensor):
    queue, answers = Queue(), Queue()
    Process(target=work, args=(queue, answers)).start()
    while True:
        queue.put(sensor.value)
        time.sleep(1)
    while True:
        queue.put(1)
        print(answers.get())

# --- nobody else reads
from multiprocessing import Queue

def main(path):
    queue = Queue()
    for line in open(path):
        queue.put(line)
    return queue
