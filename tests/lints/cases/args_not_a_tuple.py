# outcome: fork=fails spawn=fails forkserver=fails

# --- a string, a number, an f-string
from multiprocessing import Process

p = Process(target=print, args=("bob"))  # expect: MP114 error
q = Process(target=print, args=(3))  # expect: MP114
r = Process(None, print, None, (f"{p}"))  # expect: MP114

# --- names bound to nothing else
import multiprocessing as mp

NAME = "bob"
queue = mp.Queue()
p = mp.Process(target=print, args=(NAME))  # expect: MP114
q = mp.Process(target=print, args=(queue))  # expect: MP114
r = mp.Process(target=print, args=queue)  # expect: MP114

# --- a dictionary passes its keys
from multiprocessing import Process

p = Process(target=print, args={"a": 1})  # expect: MP114
q = Process(target=print, args={"a", "b"})  # expect: MP114

# --- a loop's counter
from multiprocessing import Process

for n in range(4):
    Process(target=print, args=(n)).start()  # expect: MP114
for n, name in enumerate("ab"):
    Process(target=print, args=(n)).start()  # expect: MP114

# --- threads, tasks and initializers
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Lock, Pool

t = threading.Thread(target=print, args=("bob"))  # expect: MP114
lock = Lock()
with Pool(initializer=print, initargs=(lock)) as pool:  # expect: MP114
    pool.apply_async(print, (len("abc")))  # expect: MP114
    pool.apply(print, "bob")  # expect: MP114
e = ProcessPoolExecutor(initializer=print, initargs=(threading.Lock()))  # expect: MP114

# --- tuples and lists
from multiprocessing import Pool, Process, Queue

queue = Queue()
ARGS = (1, 2)
p = Process(target=print, args=("bob",))
q = Process(target=print, args=(queue,))
r = Process(target=print, args=[3])
s = Process(target=print, args=(ARGS))
t = Process(target=print, args=())
u = Process(target=print, args=None)
Pool().apply_async(print, (3,))

# --- names of which nothing is known, or too much
from multiprocessing import Process

def run(args, flag):
    given = "bob"
    if flag:
        given = ("bob",)
    Process(target=print, args=(args)).start()
    Process(target=print, args=(given)).start()
    for pair in [(1, 2), (3, 4)]:
        Process(target=print, args=(pair)).start()
    for n, pair in enumerate(args):
        Process(target=print, args=(pair)).start()

# --- what a call gives
from multiprocessing import Process

Process(target=print, args=(tuple("ab"))).start()
Process(target=print, args=(make())).start()
Process(target=print, args=("a",) * 2).start()
Process(target=print, args=sorted("ab")).start()

# --- other classes
from multiprocessing import Process
from engine import Process as Other

class Worker(Process):
    def __init__(self, args):
        super().__init__()

Worker(args=("bob"))
Other(args=("bob"))

# --- not an args argument
from multiprocessing import Pool, Process

Process(target=print, name=("bob"))
Pool().map(print, "bob")
