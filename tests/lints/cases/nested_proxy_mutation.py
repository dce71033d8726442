# outcome: fork=differs spawn=differs forkserver=differs

# --- a list in a dictionary, in the parent and in a worker
from multiprocessing import Manager, Process

def work(found, key):
    found[key].append(1)  # expect: MP505 error

def main():
    manager = Manager()
    found = manager.dict()
    found["a"] = []
    found["a"].append(0)  # expect: MP505 error
    Process(target=work, args=(found, "a")).start()

# --- elements, deletions and attributes of what it holds
import multiprocessing as mp

def work(table, rows):
    table["x"]["y"] = 1  # expect: MP505
    del table["x"]["z"]  # expect: MP505
    table["n"][0] += 1  # expect: MP505
    rows[0].update(a=1)  # expect: MP505
    rows[1]["b"] = 2  # expect: MP505
    table.get("x").pop("y")  # expect: MP505
    table.setdefault("k", []).append(3)  # expect: MP505

def main():
    with mp.Manager() as manager, mp.Pool() as pool:
        pool.apply(work, (manager.dict(x={}), manager.list([{}, {}])))

# --- through a name, a loop, a namespace
from multiprocessing.managers import SyncManager

class Board:
    def __init__(self):
        self.manager = SyncManager()
        self.cells = self.manager.dict()
        self.rows = self.manager.list()
        self.space = self.manager.Namespace()

    def first(self, key):
        cell = self.cells[key]
        cell.append(1)  # expect: MP505

    def second(self):
        for cell in self.cells.values():
            cell.clear()  # expect: MP505
        for row in self.rows:
            row[0] = 1  # expect: MP505

    def third(self):
        self.space.names = []
        self.space.names.append("x")  # expect: MP505

# --- assigned again
from multiprocessing import Manager

def main(keys):
    manager = Manager()
    table, space = manager.dict(), manager.Namespace()
    row = table["a"]
    row.append(1)
    table["a"] = row
    for key in keys:
        table[key] = table.get(key, [])
        inner = table[key]
        inner.append(2)
        table[key] = inner
    names = space.names
    names.append("x")
    space.names = names

# --- changes of the proxy itself
from multiprocessing import Manager

def main():
    manager = Manager()
    table, rows = manager.dict(), manager.list()
    table["a"] = [1]
    table["a"] += [2]
    table.update(b=2)
    rows.append([])
    rows[0] = [1]
    rows.sort()
    del table["a"]

# --- what it holds are proxies
from multiprocessing import Manager

def main():
    manager = Manager()
    table = manager.dict()
    table["a"] = manager.list()
    table["a"].append(1)
    other = manager.dict({"b": manager.dict()})
    other["b"]["c"] = 1
    third = manager.list([manager.list()])
    third[0].append(2)

# --- a copy that is meant to be one
from multiprocessing import Manager

def main(key):
    manager = Manager()
    table = manager.dict()
    rows = table[key]
    rows.sort()
    print(rows)
    found = list(table.values())
    found.append(1)
    return found

# --- plain dictionaries and arrays
from multiprocessing import Array, Manager

def main(cells):
    table, numbers = {"a": []}, Array("i", 3)
    table["a"].append(1)
    cells["a"].append(1)
    numbers[0] = 1
    with Manager() as manager:
        local = dict(manager.dict(a=[]))
        local["a"].append(1)
