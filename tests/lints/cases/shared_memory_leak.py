# outcome: fork=works spawn=works forkserver=works

# --- closed only
from multiprocessing.shared_memory import SharedMemory

def share(data):
    segment = SharedMemory(create=True, size=len(data))  # expect: MP508 warning
    segment.buf[:] = data
    run(segment.name)
    segment.close()

# --- an attribute, a list
from multiprocessing import shared_memory as shm

class Table:
    def __init__(self, rows):
        self.memory = shm.SharedMemory(None, True, 1000)  # expect: MP508
        self.rows = shm.ShareableList(rows)  # expect: MP508

    def close(self):
        self.memory.close()

# --- unlinked somewhere in the file
from multiprocessing.shared_memory import SharedMemory

class Table:
    def __init__(self):
        self.memory = SharedMemory(create=True, size=100)

def drop(memory):
    memory.close()
    memory.unlink()

# --- attached to
from multiprocessing.shared_memory import ShareableList, SharedMemory

def read(name, create):
    segment = SharedMemory(name=name)
    other = SharedMemory(name, create=create, size=3)
    return bytes(segment.buf), list(ShareableList(name=name)), other.size

# --- the caller gets it
from multiprocessing.shared_memory import SharedMemory

def make(size):
    return SharedMemory(create=True, size=size)

def fill(data):
    segment = SharedMemory(create=True, size=len(data))
    segment.buf[:] = data
    return segment, len(data)

# --- a manager unlinks
from multiprocessing.managers import SharedMemoryManager

def main(data):
    with SharedMemoryManager() as manager:
        segment = manager.SharedMemory(size=len(data))
        rows = manager.ShareableList([1, 2])
        return segment.size, rows

# --- a test [file=test_table.py]
from multiprocessing.shared_memory import SharedMemory

def test_size():
    segment = SharedMemory(create=True, size=10)
    assert segment.size >= 10
