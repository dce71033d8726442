# outcome: fork=works spawn=works forkserver=works

# --- an item for each round
from multiprocessing import Manager, Process

def work(table, start, stop):
    for n in range(start, stop):
        table[n] = n * n  # expect: MP504 note

def main():
    with Manager() as manager:
        table = manager.dict()
        Process(target=work, args=(table, 0, 10_000)).start()

# --- many rounds, of a list, a Value and a namespace
import multiprocessing as mp

def work(rows, total, settings):
    for n in range(100_000):
        rows.append(n)  # expect: MP504 warning
    while total.value < 10:  # expect: MP504 note
        print("working")
    return [n * settings.scale for n in range(1_000)]  # expect: MP504 warning

def main():
    manager = mp.Manager()
    with mp.Pool() as pool:
        pool.apply(work, (manager.list(), manager.Value("i", 0), manager.Namespace(scale=3)))

# --- in a function that a loop calls
from multiprocessing import Manager, Pool

def points(message, settings):
    return message.count("x") * settings["points"]  # expect: MP504 note

def work(messages, settings):
    return sum(points(message, settings) for message in messages)

def main(batches):
    with Manager() as manager, Pool() as pool:
        settings = manager.dict(points=3)
        return pool.starmap(work, [(batch, settings) for batch in batches])

# --- once, before or after the loop
from multiprocessing import Manager, Process

def work(table, names):
    settings = dict(table)
    found = {}
    for name in names:
        found[name] = settings["scale"]
    table.update(found)

def main(names):
    with Manager() as manager:
        Process(target=work, args=(manager.dict(scale=3), names)).start()

# --- few rounds
from multiprocessing import Manager, Process

def work(table):
    for n in range(4):
        table[n] = n

def main():
    with Manager() as manager:
        Process(target=work, args=(manager.dict(),)).start()

# --- as often as something comes
import time
from multiprocessing import Manager, Process, Queue

def work(table, queue):
    for job in iter(lambda: queue.get(), None):
        table[job] = 1
    while True:
        item = queue.get()
        table[item] = 2
    while not table["stop"]:
        time.sleep(1)

def main(queue: Queue):
    with Manager() as manager:
        Process(target=work, args=(manager.dict(), queue)).start()

# --- in the parent
from multiprocessing import Manager

def main():
    with Manager() as manager:
        table = manager.dict()
        for n in range(10_000):
            table[n] = n

# --- a manager's queue is for messages
from multiprocessing import Manager, Process

def work(queue):
    for n in range(10_000):
        queue.put(n)

def main():
    with Manager() as manager:
        Process(target=work, args=(manager.Queue(),)).start()

# --- dictionaries and arrays in this process
from multiprocessing import Array, Process

def work(table, numbers: Array):
    for n in range(10_000):
        table[n] = n
        numbers[0] = n

def main():
    Process(target=work, args=({}, Array("i", 1))).start()
