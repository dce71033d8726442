"""The one table of names: which library offers multiprocessing's concepts under which name, and what calls give.

A concept is called as in the standard library: ``billiard.Pool``, ``torch.multiprocessing.Pool`` and
``multiprocessing.pool.Pool`` are all ``multiprocessing.Pool``. The kind of an object is the concept that makes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Library:
    """What sets a library apart from the standard one."""

    name: str
    #: Its pickler takes lambdas, nested functions and local classes.
    pickles_functions: bool = False
    #: Its children do not import the main module.
    needs_guard: bool = True
    #: The start method of its own, if it has one.
    method: str | None = None
    #: Its pools send back the SystemExit of a task, and tell of one whose worker is gone.
    reports_exits: bool = False


STANDARD: Final = Library("multiprocessing")
LOKY: Final = Library("loky", pickles_functions=True, needs_guard=False, method="loky")

#: Module → the module of the standard library whose names it offers, and what differs.
MODULES: Final = {
    "billiard": ("multiprocessing", Library("billiard", reports_exits=True)),
    "joblib": ("joblib", LOKY),
    "joblib.externals.loky": ("loky", LOKY),
    "loky": ("loky", LOKY),
    "multiprocess": ("multiprocessing", Library("multiprocess", pickles_functions=True)),
    "sklearn.utils.parallel": ("joblib", LOKY),
    "torch.multiprocessing": ("multiprocessing", Library("torch.multiprocessing")),
}
#: The packages that offer joblib's names.
JOBLIB: Final = frozenset(name.partition(".")[0] for name, (module, _) in MODULES.items() if module == "joblib")
#: Last parts of these names that many a file holds.
_COMMON: Final = frozenset({"parallel"})
#: Words of which a file that imports such a module holds one.
WORDS: Final = frozenset(
    {"concurrent", "multiprocessing"}
    | {name if (last := name.rpartition(".")[2]) in _COMMON else last for name in MODULES}
)

_SYNC = ("Barrier", "BoundedSemaphore", "Condition", "Event", "Lock", "RLock", "Semaphore")
_QUEUES = ("JoinableQueue", "Queue", "SimpleQueue")
_SHARED = ("Array", "RawArray", "RawValue", "Value")
_FUTURES = "concurrent.futures"

#: Modules whose names the package offers too.
_INNER = {
    "multiprocessing": ("context", "pool", "process", "queues", "sharedctypes", "synchronize"),
    _FUTURES: ("_base", "interpreter", "process", "thread"),
    "joblib": ("parallel",),
}
#: Name → the same by the name that we use.
_SAME: Final = {
    "loky.ProcessPoolExecutor": f"{_FUTURES}.ProcessPoolExecutor",
    "loky.get_reusable_executor": f"{_FUTURES}.ProcessPoolExecutor",
    "loky.as_completed": f"{_FUTURES}.as_completed",
    "loky.wait": f"{_FUTURES}.wait",
    "multiprocessing.BaseProcess": "multiprocessing.Process",
    "multiprocessing.connection.Connection": "multiprocessing.Connection",
    "multiprocessing.connection.Pipe": "multiprocessing.Pipe",
    "multiprocessing.dummy.Pool": "multiprocessing.ThreadPool",
    "multiprocessing.dummy.Process": "threading.Thread",
    **{f"multiprocessing.dummy.{name}": f"threading.{name}" for name in _SYNC},
    **{f"multiprocessing.dummy.{name}": "queue.Queue" for name in _QUEUES},
    "multiprocessing.managers.SyncManager": "multiprocessing.Manager",
    "multiprocessing.shared_memory.ShareableList": "multiprocessing.ShareableList",
    "multiprocessing.shared_memory.SharedMemory": "multiprocessing.SharedMemory",
    "multiprocessing.managers.SharedMemoryManager": "multiprocessing.SharedMemoryManager",
}
#: Classes and functions that name a start method.
_BY_METHOD: Final = {
    f"multiprocessing.{prefix}{what}": (f"multiprocessing.{what}", method)
    for prefix, method in (("Fork", "fork"), ("Spawn", "spawn"), ("ForkServer", "forkserver"))
    for what in ("Process", "Context")
}

PROCESS: Final = "multiprocessing.Process"
POOL: Final = "multiprocessing.Pool"
THREAD_POOL: Final = "multiprocessing.ThreadPool"
EXECUTOR: Final = f"{_FUTURES}.ProcessPoolExecutor"
THREAD_EXECUTOR: Final = f"{_FUTURES}.ThreadPoolExecutor"
INTERPRETERS: Final = f"{_FUTURES}.InterpreterPoolExecutor"
#: What joblib calls with tasks: by processes, and by threads.
PARALLEL: Final = "joblib.Parallel"
THREAD_PARALLEL: Final = "joblib.ThreadParallel"
MANAGER: Final = "multiprocessing.Manager"
CONTEXT: Final = "multiprocessing.Context"
#: The pair that a call of ``Pipe`` gives.
PIPE: Final = "multiprocessing.Pipe"
CONNECTION: Final = "multiprocessing.Connection"
FUTURE: Final = f"{_FUTURES}.Future"
ASYNC_RESULT: Final = "multiprocessing.AsyncResult"

#: Pools with the methods of `multiprocessing.Pool`, and executors.
POOLS: Final = frozenset({POOL, THREAD_POOL})
EXECUTORS: Final = frozenset({EXECUTOR, THREAD_EXECUTOR, INTERPRETERS})
PARALLELS: Final = frozenset({PARALLEL, THREAD_PARALLEL})
#: Those whose tasks run in other processes.
PROCESS_POOLS: Final = frozenset({POOL, EXECUTOR, PARALLEL})
#: How these call the number of their workers, which is their first argument.
WORKERS: Final = {POOL: "processes", EXECUTOR: "max_workers", PARALLEL: "n_jobs"}
#: Backend of joblib → what Parallel is with it. Without a name it is the first, or threads where these are preferred.
BACKENDS: Final = {
    "loky": (PARALLEL, LOKY),
    "multiprocessing": (PARALLEL, STANDARD),
    "threading": (THREAD_PARALLEL, STANDARD),
}
#: Functions of joblib that set what it uses where nothing is named.
SETTINGS: Final = frozenset({"parallel_backend", "parallel_config", "register_parallel_backend"})
#: Objects that may only be inherited by a process, or given to it when it starts.
SYNC: Final = frozenset(f"multiprocessing.{name}" for name in _SYNC)
QUEUES: Final = frozenset(f"multiprocessing.{name}" for name in _QUEUES)
SHARED: Final = frozenset(f"multiprocessing.{name}" for name in _SHARED)
#: Objects of threads and of the system: no process can be sent one.
THREAD_SYNC: Final = frozenset(f"threading.{name}" for name in _SYNC)
THREAD_QUEUES: Final = frozenset(f"queue.{name}" for name in ("LifoQueue", "PriorityQueue", "Queue", "SimpleQueue"))
FILE: Final = "open"
SOCKET: Final = "socket.socket"
DATABASE: Final = "sqlite3.Connection"

_CONNECTS = (
    *("MySQLdb.connect", "duckdb.connect", "mysql.connector.connect", "psycopg.connect", "psycopg2.connect"),
    *("pymysql.connect", "sqlite3.connect"),
)
_CLASSES: Final = frozenset(
    {
        *(
            PROCESS,
            POOL,
            THREAD_POOL,
            MANAGER,
            CONTEXT,
            PIPE,
            CONNECTION,
            *EXECUTORS,
            *SYNC,
            *QUEUES,
            *SHARED,
            *THREAD_SYNC,
        ),
        *(*THREAD_QUEUES, "threading.Thread", "threading.Timer", FILE, SOCKET),
        *("multiprocessing.ShareableList", "multiprocessing.SharedMemory", "multiprocessing.SharedMemoryManager"),
    }
)
#: Function → the kind of what it returns.
_RETURNS: Final = {
    "multiprocessing.connection.Client": CONNECTION,
    "multiprocessing.connection.Listener": "multiprocessing.Listener",
    "multiprocessing.get_context": CONTEXT,
    "io.open": FILE,
    "socket.create_connection": SOCKET,
    **dict.fromkeys(_CONNECTS, DATABASE),
    **{name: name for name in _CLASSES},
}
_POOL_METHODS: Final = {
    **dict.fromkeys(("apply_async", "map_async", "starmap_async"), ASYNC_RESULT),
    **dict.fromkeys(("imap", "imap_unordered"), "multiprocessing.IMapIterator"),
}
#: Kind → method → the kind of what it returns. A context has the functions of the package.
_METHODS: Final = {
    POOL: _POOL_METHODS,
    THREAD_POOL: _POOL_METHODS,
    **{kind: {"submit": FUTURE} for kind in EXECUTORS},
    MANAGER: {
        **{name: f"proxy.{name}" for name in (*_SYNC, *_QUEUES, "Array", "Namespace", "Value", "dict", "list", "set")},
        "Pool": "proxy.Pool",
    },
    "multiprocessing.Listener": {"accept": CONNECTION},
    "multiprocessing.SharedMemoryManager": {"SharedMemory": "proxy.SharedMemory"},
}
#: The last parts of the names of all that makes things.
MAKERS: Final = frozenset(name.rpartition(".")[2] for name in (*_RETURNS, *_SAME, *_BY_METHOD, PARALLEL)).union(
    *_METHODS.values()
)
#: Kinds that are not called what people call them.
_WORDS: Final = {FILE: "an open file", SOCKET: "a socket", DATABASE: "a database connection"}


def canonical(name: str) -> tuple[str, Library, str | None]:
    """The concept that a dotted name means, the library that it is of, and the start method that it names."""
    library = STANDARD
    for length in range(name.count(".") + 1, 0, -1):
        prefix = ".".join(name.split(".", length)[:length])
        if prefix in MODULES:
            module, library = MODULES[prefix]
            name = module + name[len(prefix) :]
            break
    for package, inner in _INNER.items():
        module, _, last = name.removeprefix(f"{package}.").partition(".")
        if last and name.startswith(package) and module in inner:
            name = f"{package}.{last}"
    name = _SAME.get(name, name)
    concept, method = _BY_METHOD.get(name, (name, None))
    return concept, library, method


def returned(concept: str) -> str | None:
    """The kind of what calling a concept returns."""
    return _RETURNS.get(concept)


def method_returned(kind: str, method: str) -> str | None:
    """The kind of what a method of an object returns."""
    return _METHODS.get(kind, {}).get(method)


def described(kind: str) -> str:
    """A kind in words: ``a Queue``, ``an Event``, ``a threading.Lock``."""
    if kind in _WORDS:
        return _WORDS[kind]
    name = kind if kind.startswith(("threading.", "queue.")) else kind.rpartition(".")[2]
    return f"{'an' if name[0] in 'AEIO' else 'a'} {name}"
