"""Where what stands in a ledger: shared by the tap that writes it and by those who read it.

A ledger is an array of 64-bit integers: a header, a counter for each kind, the threads' present states, the slots and
a ring of the last tasks. Times are nanoseconds of the monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

MAGIC = 0x6D70_6469_6167_0001

#: Header words.
(H_MAGIC, H_PID, H_PARENT, H_BEGAN, H_ENDED, H_CPU, H_MAIN_CPU, H_MAIN_THREAD, H_SLOTS, H_TASKS, H_THREADS, H_OWN) = (
    range(12)
)
#: Whether stacks may be asked for, and the bytes of text in use.
H_READY, H_TEXT = 12, 13
#: Written from outside: the next one who asks for stacks wants to know what the threads wait for.
H_WISH = 14
#: How often stacks were asked for and told.
H_ASKED = 15
HEADER = 32

#: What a thread may be doing. The number of a kind is its place here.
KINDS = (
    "idle",
    "start",  # starting a child
    "import",  # importing a module that was not there yet
    "main_import",  # a spawned child runs the main module again
    "initializer",  # of a pool's worker
    "wait_task",  # a worker waits for its next task
    "unpickle",
    "task",
    "run",  # the target of a Process
    "lock",  # waiting for a lock or semaphore that is taken
    "sync",  # waiting for a Condition, Event or Barrier
    "pickle",
    "send",
    "recv",
    "poll",  # Connection.poll and what is built on it
    "wait",  # connection.wait
    "put",  # Queue.put
    "get",  # Queue.get
    "join",  # waiting for the end of processes or of a pool
    "result",  # waiting for the result of a task
    "submit",  # handing a task to a pool
    "manager",  # a call of a proxy
    "shm",  # shared memory: creating, attaching, unlinking
    "alive",  # Process.is_alive
    "exit",  # finalizers, feeder threads, threads that are not daemons
    "pool",  # not a doing: a pool's own slot
    "value",  # not a doing: a shared value's own slot
    "boot",  # a child of fork or spawn before its target runs
    "read",  # reading a long message, from its first byte to its last
)
KIND = {name: number for number, name in enumerate(KINDS)}
#: The globals of woven modules in which their gates stand, by kind.
GATES = [f"_mpd_g{kind}" for kind in range(32)]
#: Kinds that contain no other, or hardly ever, and may come a hundred thousand times a second.
LEAVES = frozenset(("pickle", "unpickle", "send", "recv", "poll"))
#: Kinds of which none goes by untimed that takes longer than so many seconds: short tasks come before long ones,
#: calls of a manager that answer at once before one that waits, messages and results in bursts with long waits between,
#: for a place in a full pipe or queue too, and a lock that is held for long among short waits.
SEEN_LONG = {
    **dict.fromkeys(("task", "manager", "send", "recv", "poll", "put", "get", "sync", "wait", "result"), 0.002),
    "lock": 0.001,
}
#: Those of which the time of the others is added up, too. Then few have to be timed by themselves, and whoever hands a
#: lock to another process in turn is easily put out of step by that: it costs the two of them milliseconds.
SUMMED = frozenset(("lock",))
COUNTS = HEADER
THREADS = COUNTS + 32
THREAD_COUNT = 16
#: Words of a thread: who it is, what it does now, where and since when.
(T_IDENT, T_NATIVE, T_KIND, T_SLOT, T_SINCE, T_CPU) = range(6)
THREAD = 6

SLOTS = THREADS + THREAD_COUNT * THREAD
SLOT_COUNT = 320
#: Words of a slot: one for each kind, thread, call site and object. NS is exclusive of what is nested, WALL is not.
(S_KIND, S_COUNT, S_TIMED, S_NS, S_CPU, S_BYTES, S_MAX, S_LAST, S_EMPTY, S_FIRST, S_WALL) = range(11)
SLOT = 11

#: Words of a put's slot that mean something else: the most messages that were in the queue.
P_MOST = S_CPU
#: Likewise of a value's: elements written, in turns and in blocks; those updated without a lock.
V_TURNS, V_BLOCKS, V_LOOSE_TURNS, V_LOOSE_BLOCKS = S_NS, S_LAST, S_CPU, S_FIRST

TASKS = SLOTS + SLOT_COUNT * SLOT
TASK_COUNT = 256
#: Words of a task in the ring: its slot, when, CPU time, bytes of arguments and result, items, how it ended.
(K_SLOT, K_BEGAN, K_ENDED, K_CPU, K_IN, K_OUT, K_ITEMS, K_OK, K_JOB) = range(9)
TASK = 9

WORDS = TASKS + TASK_COUNT * TASK
#: Then the rare events, a line each; what has no room here goes into a file.
TEXT = WORDS * 8
TEXT_SIZE = 16 * 1024
SIZE = TEXT + TEXT_SIZE

#: What the object is called whose method a task runs.
SELF = "self"

#: What woven code reaches through `core`, and the modules whose taps do so.
PARTS = frozenset(("ending", "globs", "holds", "note", "pools", "tasks", "traffic", "values"))
WITH = {
    "multiprocessing.process": ("ending", "globs", "note"),
    "multiprocessing.pool": ("pools", "tasks"),
    "multiprocessing.queues": ("traffic",),
    "multiprocessing.sharedctypes": ("values",),
    "multiprocessing.synchronize": ("holds",),
    "concurrent.futures.process": ("pools", "tasks"),
    "concurrent.futures.thread": ("pools", "tasks"),
}
