# outcome: own=works

# --- a program of its own
import sys
from multiprocessing.shared_memory import SharedMemory

def main():
    segment = SharedMemory(name=sys.argv[1])  # expect: MP510 warning
    print(bytes(segment.buf))

if __name__ == "__main__":
    main()

# --- under the guard itself, a list
from multiprocessing import shared_memory

if __name__ == "__main__":
    rows = shared_memory.ShareableList(name="rows")  # expect: MP510
    segment = shared_memory.SharedMemory("block")  # expect: MP510
    print(rows, segment.size)

# --- not tracked
import sys
from multiprocessing.shared_memory import SharedMemory

if __name__ == "__main__":
    segment = SharedMemory(name=sys.argv[1], track=False)

# --- in a worker
from multiprocessing import Process
from multiprocessing.shared_memory import SharedMemory

def work(name):
    print(SharedMemory(name=name).size)

if __name__ == "__main__":
    Process(target=work, args=("block",)).start()

# --- a library, whose caller may be a worker
from multiprocessing.shared_memory import SharedMemory

def read(name):
    return bytes(SharedMemory(name=name).buf)

# --- the program makes segments itself
import sys
from multiprocessing.shared_memory import SharedMemory

def main():
    if len(sys.argv) > 1:
        segment = SharedMemory(name=sys.argv[1])
    else:
        segment = SharedMemory(create=True, size=100)
    print(segment.name)

if __name__ == "__main__":
    main()
