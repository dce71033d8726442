"""Runs a function on a Dask cluster and takes the cluster's own timings: its task stream, and its fine metrics."""

from __future__ import annotations

import contextlib
import inspect
import json
import math
import re
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mpdiag.errors import BadInput
from mpdiag.fleet.dask import Dask
from mpdiag.fleet.timings import Task, Timings, within
from mpdiag.sizer.subject import Failure, Trouble, attempt, find

#: Graphs below so many bytes are not worth knowing of.
SMALLEST = "64 KiB"
#: Seconds for the workers' metrics to come with their heartbeats, and the part of the tasks' time that is enough.
PATIENCE_S, ENOUGH = 4.0, 0.95
#: Dask's setting for how many tasks the scheduler keeps the timings of.
KEPT = "distributed.scheduler.dashboard.tasks.task-stream-length"
#: What the scheduler knows of the time in tasks: prefix, label, seconds.
METRICS = (
    "(lambda known: __import__('json').dumps([[str(key[-3]), str(key[-2]), value] for key, value in known.items()"
    " if isinstance(key, tuple) and key[0] == 'execute' and key[-1] == 'seconds']))"
    "(next(iter(__import__('distributed').Scheduler._instances)).cumulative_worker_metrics)"
)
_LARGE = re.compile(r"Sending large graph of size ([\d.]+ ?\w+?)\.\s")


@dataclass
class Notes:
    """What is seen from the client while the function runs; times on Dask's clock."""

    graphs: list[tuple[float, int]] = field(default_factory=list)
    results: list[tuple[float, int]] = field(default_factory=list)


def load(target: str) -> Any:
    """What ``pkg.mod:name`` means.

    Raises:
        BadInput: nothing.
    """
    try:
        return find(target)
    except Trouble as trouble:
        raise BadInput(str(trouble), trouble.hint) from trouble


def run(cluster: Dask, target: Any, hosts: Mapping[str, str]) -> tuple[Timings, Failure | None, bool]:
    """Run a function, or a graph, to its end.

    Args:
        cluster: where.
        target: what; a function is given the client if it wants an argument, and what it returns is computed.
        hosts: the host of each worker.

    Returns:
        The timings, what it raised, and whether it was interrupted.
    """
    import dask
    from distributed.metrics import time as now

    client, notes, failed, interrupted = cluster.client, Notes(), None, False
    earlier = set(map(identity, client.get_task_stream()))  # from here on the scheduler keeps them
    before, began, cpu = metrics(client), now(), time.process_time()
    try:
        with watched(client, notes, now), client.as_current(), contextlib.redirect_stdout(sys.stderr):
            _, failed = attempt(perform, client, target)
    except KeyboardInterrupt:
        interrupted = True
    ended, cpu = now(), time.process_time() - cpu
    records = client.get_task_stream()
    tasks, moved_s = within([told(one, began) for one in records if computed(one, earlier)], ended - began)
    timings = Timings(
        wall_s=ended - began,
        tasks=tasks,
        threads=dict(sorted(client.nthreads().items())),
        hosts=hosts,
        cpu_share=shares(client, before, sum(task.took_s for task in tasks)),
        graphs=tuple((at - began, size) for at, size in notes.graphs),
        results=tuple((at - began, size) for at, size in notes.results),
        main_cpu_s=cpu,
        moved_s=moved_s,
        whole=len(records) < dask.config.get(KEPT, default=math.inf),
    )
    return timings, failed, interrupted


def perform(client: Any, target: Any) -> None:
    """Call the function, compute what it returns, and wait for futures in it."""
    import dask

    found = target
    try:
        if callable(target) and not dask.is_dask_collection(target):
            found = target(client) if wants_argument(target) else target()
        (found,) = dask.compute(found, scheduler=client.get)
        client.gather(found)
    except RuntimeError as error:
        if str(error).startswith("Error during deserialization") and error.__cause__:
            raise error.__cause__ from None  # say, that the scheduler lacks the function's module
        raise


def wants_argument(function: Callable[..., Any]) -> bool:
    """Whether a function cannot be called without an argument."""
    try:
        inspect.signature(function).bind()
    except TypeError:
        return True
    except ValueError:  # built-in functions do not tell what they take
        return False
    return False


@contextlib.contextmanager
def watched(client: Any, notes: Notes, now: Callable[[], float]) -> Iterator[None]:
    """Note the graphs that are sent and the results that come."""
    import dask
    from dask.sizeof import sizeof

    shown, gather = warnings.showwarning, client.gather

    def noting(message: Any, *rest: Any, **more: Any) -> None:
        if large := _LARGE.match(str(message)):
            notes.graphs.append((now(), dask.utils.parse_bytes(large[1])))
        else:
            shown(message, *rest, **more)

    def gathering(futures: Any, *rest: Any, **more: Any) -> Any:
        found = gather(futures, *rest, **more)
        if not inspect.isawaitable(found):
            notes.results.append((now(), sizeof(found)))
        return found

    threshold = {"distributed.admin.large-graph-warning-threshold": SMALLEST}
    with warnings.catch_warnings(), dask.config.set(threshold):
        warnings.filterwarnings("always", "Sending large graph")
        warnings.showwarning, client.gather = noting, gathering
        try:
            yield
        finally:
            del client.gather


def identity(record: Mapping[str, Any]) -> tuple[str, float]:
    """What tells a record from others: a clock of another machine does not tell which came before."""
    return str(record["key"]), min(each["start"] for each in record["startstops"])


def computed(record: Mapping[str, Any], earlier: Collection[tuple[str, float]]) -> bool:
    """Whether a record is of a task that computed, and none of those that had come earlier."""
    return identity(record) not in earlier and any(each["action"] == "compute" for each in record["startstops"])


def told(record: Mapping[str, Any], began: float) -> Task:
    """A record of the task stream."""
    from dask.utils import key_split

    parts: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for each in record["startstops"]:
        parts[each["action"]].append((each["start"] - began, each["stop"] - began))
    computed = parts["compute"]
    return Task(
        name=key_split(record["key"]),
        worker=record["worker"],
        thread=int(record.get("thread") or 0),
        began_s=computed[0][0],
        ended_s=computed[-1][1],
        fetched=tuple(parts["transfer"] + parts["disk-read"]),
        unpickled=tuple(parts["deserialize"]),
        result_b=int(record.get("nbytes") or 0),
    )


def metrics(client: Any) -> dict[tuple[str, str], float]:
    """Seconds in tasks by prefix and label; nothing where this Dask does not tell."""
    try:
        rows: Sequence[tuple[str, str, float]] = json.loads(client.run_on_scheduler(eval, METRICS))
    except (AttributeError, StopIteration, ValueError, TypeError, ImportError):
        return {}
    return {(prefix, label): float(seconds) for prefix, label, seconds in rows}


def shares(client: Any, before: Mapping[tuple[str, str], float], wanted_s: float) -> dict[str, float]:
    """The part of the time in tasks that they had a CPU, by name."""
    late = time.monotonic() + PATIENCE_S
    while True:
        spent: dict[str, dict[str, float]] = defaultdict(dict)
        for (prefix, label), seconds in metrics(client).items():
            if label in ("thread-cpu", "thread-noncpu"):
                spent[prefix][label] = seconds - before.get((prefix, label), 0.0)
        whole = sum(seconds for labels in spent.values() for seconds in labels.values())
        if whole >= ENOUGH * wanted_s or time.monotonic() > late:
            break
        time.sleep(0.1)
    totals = {prefix: sum(labels.values()) for prefix, labels in spent.items()}
    return {prefix: spent[prefix].get("thread-cpu", 0.0) / total for prefix, total in totals.items() if total > 0}
