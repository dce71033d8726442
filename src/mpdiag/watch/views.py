"""Which tables about an observed program people read: what facts they show, in what words, the weightiest first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from mpdiag.model import Cell, Column

Row = Mapping[str, Cell]

#: What a thread does at a call site, in people's words; others are shown as the tap calls them.
DOINGS: Final = {
    "start": "starting a process",
    "import": "importing",
    "main_import": "importing the main module again",
    "initializer": "initializer",
    "wait_task": "waiting for a task",
    "unpickle": "unpickling",
    "task": "running tasks",
    "run": "running a process's target",
    "lock": "waiting for a lock",
    "sync": "waiting for a condition or event",
    "pickle": "pickling",
    "send": "sending",
    "recv": "waiting for data",
    "poll": "polling",
    "wait": "waiting for several channels",
    "put": "putting into a queue",
    "get": "waiting for a queue",
    "join": "waiting for processes to end",
    "result": "waiting for results",
    "submit": "handing out tasks",
    "manager": "calling a manager",
    "shm": "shared memory",
    "alive": "asking whether it lives",
    "exit": "exiting",
    "boot": "coming to life",
}


#: Of all CPU time that was sampled, the part from which on a line is hot: a thread that waits takes next to nothing.
HOT: Final = 0.02


def number(row: Row, key: str) -> float:
    """The number in ``key``; nothing counts as zero."""
    cell = row.get(key)
    return float(cell) if isinstance(cell, (int, float)) else 0.0


def total(*keys: str) -> Callable[[Row], float]:
    """The sum of the numbers in ``keys``."""
    return lambda row: sum(number(row, key) for key in keys)


def ratio(above: str, below: str) -> Callable[[Row], float | None]:
    """The quotient of two numbers; unknown where there is nothing to divide by."""
    return lambda row: number(row, above) / number(row, below) if number(row, below) else None


def ours(row: Row) -> bool:
    """Whether the program made the thing itself, not a pool or manager of the library."""
    return row.get("user") is not False


def of_library(row: Row) -> bool:
    """The contrary."""
    return not ours(row)


@dataclass(frozen=True)
class View:
    """A table for people: which facts, ordered by what, with which further cells made of them."""

    id: str
    title: str
    columns: tuple[Column, ...]
    weight: Callable[[Row], float]
    keep: Callable[[Row], bool] = lambda _row: True
    made: tuple[tuple[str, Callable[[Row], Cell]], ...] = ()
    detail: bool = False
    #: Its weight is time that is waited or spent on handing over: worth a look only if there is some.
    costs: bool = False

    @property
    def table(self) -> str:
        """The name of the facts."""
        return self.id.partition(".")[0]


WHERE: Final = Column("where", "at")
FUNCTION: Final = Column("function", "in", wide=True)

_POOLS: Final = View(
    "pools",
    "Pools",
    (
        WHERE,
        Column("type", "pool"),
        Column("workers", "workers", "1"),
        Column("busy_share", "busy", "fraction"),
        Column("tasks", "tasks", "1"),
        Column("task_median", "median task", "s"),
        Column("task_p99", "99 % below", "s", wide=True),
        Column("task_cpu_median", "median CPU", "s", wide=True),
        Column("task_cpu_p99", "CPU, 99 % below", "s", wide=True),
        Column("task_max", "longest task", "s"),
        Column("task_max_args", "with", wide=True),
        Column("concurrency", "at once", "1", wide=True),
        Column("chunksize", "chunk", "1", wide=True),
        Column("queue_s", "queueing, median", "s", wide=True),
    ),
    total("phase_s", "life_s"),
)

_POOL_COSTS: Final = View(
    "pools.costs",
    "What the pools cost beside their tasks",
    (
        WHERE,
        Column("start_s", "starting", "s"),
        Column("child_import_s", "imports per worker", "s", wide=True),
        Column("init_s", "initializer", "s", wide=True),
        Column("pickling", "pickling, unpickling", "s"),
        Column("wait_task_s", "workers without a task", "s"),
        Column("tail_s", "uneven end", "s"),
        Column("args_b", "bytes in per task", "B"),
        Column("result_b", "bytes out", "B"),
        Column("unwanted_s", "unwanted tasks", "s", wide=True),
    ),
    total("start_s", "pickle_s", "wait_task_s", "tail_s"),
    made=(("pickling", total("pickle_s", "unpickle_s", "result_pickle_s", "result_unpickle_s")),),
    costs=True,
)

_TASKS: Final = View(
    "tasks",
    "Functions run as tasks",
    (
        Column("function", "function"),
        Column("count", "tasks", "1"),
        Column("s", "time", "s", bar=True),
        Column("cpu_s", "CPU", "s"),
        Column("off_cpu_s", "off the CPU", "s"),
        Column("median_s", "median", "s", wide=True),
        Column("same_args", "never changed", wide=True),
    ),
    total("s"),
    detail=True,
)

_SITES: Final = View(
    "sites",
    "Where it waited and handed over",
    (
        Column("doing", "what"),
        WHERE,
        FUNCTION,
        Column("role", "by"),
        Column("count", "times", "1"),
        Column("s", "time", "s", bar=True),
        Column("max_s", "longest", "s", wide=True),
        Column("bytes", "bytes", "B", wide=True),
        Column("processes", "processes", "1", wide=True),
    ),
    total("s"),
    keep=lambda row: number(row, "s") > 0 and row.get("kind") not in ("task", "run", "idle"),
    made=(("doing", lambda row: DOINGS.get(str(row.get("kind")), str(row.get("kind")))),),
)

_STARTS: Final = View(
    "starts",
    "Processes started one by one",
    (
        WHERE,
        Column("start_method", "method"),
        Column("target", "target"),
        Column("count", "processes", "1"),
        Column("each_start", "start() each", "s"),
        Column("each_born", "until it ran", "s"),
        Column("each_life", "lived", "s"),
        Column("alive_max", "at once", "1", wide=True),
        Column("import_s", "imports", "s", wide=True),
    ),
    total("born_s", "start_s"),
    made=(
        ("each_start", ratio("start_s", "count")),
        ("each_born", ratio("born_s", "count")),
        ("each_life", ratio("life_s", "count")),
    ),
)

_CHANNEL_COLUMNS: Final = (
    WHERE,
    Column("type", "channel"),
    Column("messages", "messages", "1"),
    Column("mean_b", "mean size", "B"),
    Column("put_wait_s", "full: waited", "s"),
    Column("get_wait_s", "empty: waited", "s"),
    Column("pickling", "pickling, unpickling", "s", wide=True),
    Column("backlog_max", "most queued", "1", wide=True),
    Column("left", "left unread", "1", wide=True),
    Column("empty_polls", "polls in vain", "1", wide=True),
)
_CHANNEL_WAITS: Final = total("put_wait_s", "get_wait_s", "send_s", "pickle_s", "unpickle_s", "empty_s")
_CHANNEL_MADE: Final = (
    # What the library's own threads take out of a pool's queues is counted as tasks and results.
    ("messages", lambda row: max(number(row, "puts"), number(row, "gets"))),
    ("pickling", total("pickle_s", "unpickle_s")),
)
_LOCK_COLUMNS: Final = (
    WHERE,
    Column("type", "lock"),
    Column("contended", "found taken", "1"),
    Column("wait_s", "waited", "s", bar=True),
    Column("processes", "by processes", "1"),
    Column("during_s", "over", "s", wide=True),
)


def _contended(row: Row) -> bool:
    return number(row, "contended") > 0


VIEWS: Final = (
    _POOLS,
    _POOL_COSTS,
    _TASKS,
    _SITES,
    View(
        "hot",
        "Hot lines, by samples of the stack",
        (
            WHERE,
            FUNCTION,
            Column("target", "while running"),
            Column("callee", "calling"),
            Column("share", "of its time", "fraction", bar=True),
            Column("samples", "samples", "1", wide=True),
        ),
        total("s"),
        keep=lambda row: number(row, "part") >= HOT,
    ),
    _STARTS,
    View("channels", "Channels", _CHANNEL_COLUMNS, _CHANNEL_WAITS, ours, _CHANNEL_MADE, costs=True),
    View("locks", "Locks", _LOCK_COLUMNS, total("wait_s"), lambda row: ours(row) and _contended(row), costs=True),
    View(
        "managers",
        "Managers",
        (
            WHERE,
            Column("type", "object"),
            Column("method", "method"),
            Column("ops", "calls", "1"),
            Column("s", "time", "s", bar=True),
            Column("each", "per call", "s"),
            Column("server_cpu_s", "CPU of the manager", "s", wide=True),
        ),
        total("s"),
        made=(("each", ratio("s", "ops")),),
        costs=True,
    ),
    View(
        "values",
        "Shared values",
        (
            WHERE,
            Column("typecode", "type"),
            Column("reads", "reads", "1"),
            Column("writes", "writes", "1"),
            Column("unlocked_updates", "updates without lock", "1"),
            Column("writers", "writing processes", "1"),
        ),
        total("unlocked_updates", "writes", "reads"),
    ),
    View(
        "memory",
        "Memory",
        (
            Column("parent_rss", "main process (RSS)", "B"),
            Column("worker_uss_sum", "workers' own (USS)", "B"),
            Column("workers", "workers", "1"),
            Column("peak", "all at once (PSS)", "B"),
            Column("private_load_b", "loaded by each", "B", wide=True),
            Column("queue_backlog_b", "queued", "B"),
            Column("shm_left", "segments left", "1"),
        ),
        total("parent_rss"),
        keep=lambda row: number(row, "parent_rss") > 0,
    ),
    View(
        "failures",
        "What failed",
        (
            WHERE,
            Column("kind", "kind"),
            Column("example", "what"),
            Column("count", "times", "1"),
            Column("unread", "never looked at", "1"),
        ),
        total("count"),
    ),
    View(
        "processes",
        "Processes",
        (
            Column("pid", "pid"),
            Column("name", "name"),
            Column("target", "target", wide=True),
            Column("born_s", "born", "s"),
            Column("life_s", "lived", "s"),
            Column("tasks", "tasks", "1"),
            Column("rss_peak", "RSS", "B"),
            Column("uss_peak", "USS", "B"),
            Column("pss_peak", "PSS", "B"),
            Column("private_growth", "own growth", "B", wide=True),
            Column("ready_s", "queueing for a CPU", "s", wide=True),
        ),
        total("life_s"),
        detail=True,
    ),
    View(
        "channels.library",
        "Channels of pools and managers",
        _CHANNEL_COLUMNS,
        _CHANNEL_WAITS,
        of_library,
        _CHANNEL_MADE,
        detail=True,
    ),
    View(
        "locks.library",
        "Locks of pools, queues and managers",
        _LOCK_COLUMNS,
        total("wait_s"),
        lambda row: of_library(row) and _contended(row),
        detail=True,
    ),
)
