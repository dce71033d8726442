"""How long a new worker takes until its first line runs and until it is joined, for each way to start one."""

from __future__ import annotations

import mmap
import multiprocessing.forkserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from importlib.util import find_spec
from itertools import cycle
from typing import Any, Callable, Final

from mpdiag import stats, work
from mpdiag.bench import CHILD_DEADLINE, Bench, Case, DeadlineExceeded, Quantities, Samples, steady
from mpdiag.model import Cell, Column, Doc, Probe, Row, Table

#: The clock of a child can be compared with ours (CLOCK_MONOTONIC); elsewhere the arrival of its message counts.
SHARED_CLOCK = sys.platform == "linux"
PAGE = 4096
CLOCK = "import time; print(time.perf_counter(), flush=True)"
INTERPRETERS = {"bare interpreter": ["-I", "-S", "-c", CLOCK], "subprocess": ["-c", CLOCK]}


def run(bench: Bench) -> Iterator[Row]:
    """Yield the start of a worker by method, then what drives it."""
    yield from by_method(bench)
    if "fork" in bench.methods:
        yield from by_memory(bench)
    yield from by_imports(bench)


# --- by method


def by_method(bench: Bench) -> Iterator[Row]:
    """One row for each way to start a worker, beside a thread."""
    processes = [method for method in bench.methods if method != "forkserver"]
    cases: dict[str, Case] = {"thread": steady(partial(start_thread, bench))}
    cases.update({method: steady(partial(start_process, bench, method)) for method in processes})
    cases.update({name: steady(partial(start_interpreter, bench, name)) for name in INTERPRETERS})
    first: dict[str, Samples] = {}
    if "forkserver" in bench.methods:
        first = bench.measure(
            {"forkserver, first": steady(partial(start_first, bench))}, share=0.08, most=bench.pick(3, 7, 15)
        )
        cases["forkserver, next"] = steady(partial(start_process, bench, "forkserver"))
    together = bench.measure(cases, share=bench.pick(0.5, 0.35))
    thread = together["thread"]["joined"]
    samples = {**first, **together}
    if "forkserver" in bench.methods:
        samples.update(preloaded(bench))
    for name in ordered(samples):
        rss, uss = footprint(bench, name)
        yield Row(
            {
                "method": name,
                "first_line": stats.measured(samples[name]["first_line"]),
                "joined": stats.measured(samples[name]["joined"]),
                "ratio": stats.ratio(
                    samples[name]["joined"], thread if name in together else cycle([stats.median(thread)])
                ),
                "rss": rss,
                "uss": uss,
            }
        )


def ordered(samples: dict[str, Samples]) -> list[str]:
    """The cases from the cheapest to the dearest by first line."""
    return sorted(samples, key=lambda name: stats.median(samples[name]["first_line"]))


def preloaded(bench: Bench) -> dict[str, Samples]:
    """The fork server started anew with the worker's module preloaded."""
    with preload(["mpdiag.work"]):
        return bench.measure(
            {"forkserver, preload": steady(partial(start_process, bench, "forkserver"))}, share=0.08, most=30
        )


@contextmanager
def preload(modules: list[str]) -> Iterator[None]:
    """A fork server that has imported ``modules``, for as long as this lasts."""
    stop_server()
    multiprocessing.set_forkserver_preload(modules)
    try:
        yield
    finally:
        stop_server()
        multiprocessing.set_forkserver_preload(["__main__"])


def stop_server() -> None:
    """Stop the fork server; there is no public way, and without one only its first start is a first one."""
    multiprocessing.forkserver._forkserver._stop()  # type: ignore[attr-defined]


def start_first(bench: Bench) -> Quantities:
    """The first worker of a fork server, which is started for it."""
    stop_server()
    return start_process(bench, "forkserver")


def start_process(bench: Bench, method: str, imports: tuple[str, ...] = ()) -> Quantities:
    """Start a worker, hear of its first line, join it."""
    context = bench.context(method)
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=work.first_line, args=(sender, imports))  # type: ignore[attr-defined]
    begun = bench.clock()
    process.start()
    sender.close()
    if not receiver.poll(CHILD_DEADLINE):
        process.kill()
        raise DeadlineExceeded(f"a worker started by {method} said nothing for {CHILD_DEADLINE:g} s")
    arrived = bench.clock()
    told = float(receiver.recv_bytes())
    process.join(CHILD_DEADLINE)
    joined = bench.clock()
    process.close()
    receiver.close()
    return {"first_line": (told if SHARED_CLOCK else arrived) - begun, "joined": joined - begun}


def start_thread(bench: Bench) -> Quantities:
    """Start a thread, note its first line, join it."""
    told: list[float] = []
    thread = threading.Thread(target=lambda: told.append(bench.clock()))
    begun = bench.clock()
    thread.start()
    thread.join()
    return {"first_line": told[0] - begun, "joined": bench.clock() - begun}


def start_interpreter(bench: Bench, name: str) -> Quantities:
    """Run one line in a new interpreter that knows nothing of multiprocessing."""
    begun = bench.clock()
    done = subprocess.run(  # noqa: S603
        [sys.executable, *INTERPRETERS[name]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        timeout=CHILD_DEADLINE,
        check=True,
    )
    joined = bench.clock()
    return {"first_line": float(done.stdout) - begun if SHARED_CLOCK else joined - begun, "joined": joined - begun}


def footprint(bench: Bench, name: str) -> tuple[Cell, Cell]:
    """Resident and unique memory of a worker started that way; None for threads and where the system does not tell."""
    method = name.partition(",")[0]
    if method not in bench.methods:
        return None, None
    return bench.once(("memory of", name), partial(ask_memory, bench, method)) or (None, None)


def ask_memory(bench: Bench, method: str) -> tuple[Cell, Cell]:
    """A worker's own word on its memory."""
    receiver, sender = bench.context(method).Pipe(duplex=False)
    with receiver, bench.child(work.memory, sender, method=method):
        sender.close()
        answer: tuple[Cell, Cell] = bench.receive(receiver)
    return answer


# --- by the parent's memory


def by_memory(bench: Bench) -> Iterator[Row]:
    """Fork while the parent holds more and more touched memory."""
    sizes = [mib * 2**20 for mib in bench.pick((0, 256), (0, 64, 256, 1024), (0, 64, 256, 1024, 4096))]
    for size in bench.sweep("fork with a parent of", [size for size in sizes if size <= bench.plan.memory]):
        samples = bench.measure({size: partial(beside_memory, bench, size)}, share=0.07, most=bench.pick(6, 15, 30))
        yield Row(
            {
                "held": size,
                "first_line": stats.measured(samples[size]["first_line"]),
                "joined": stats.measured(samples[size]["joined"]),
            },
            "memory",
        )


@contextmanager
def beside_memory(bench: Bench, size: int) -> Iterator[Callable[[], Quantities]]:
    """Forking from a process that holds ``size`` bytes in ordinary pages."""
    if not size:
        yield partial(start_process, bench, "fork")
        return
    with mmap.mmap(-1, size) as held:
        # Huge pages would hide the slope: one page table entry for 512 pages.
        if hasattr(mmap, "MADV_NOHUGEPAGE"):
            held.madvise(mmap.MADV_NOHUGEPAGE)
        for position in range(0, size, PAGE):
            held[position] = 1
        yield partial(start_process, bench, "fork")


# --- by imports


def by_imports(bench: Bench) -> Iterator[Row]:
    """Start workers that have to import modules first."""
    methods = [method for method in ("spawn", "forkserver") if method in bench.methods]
    bundles: list[tuple[str, ...]] = [(), *named_imports(bench)]
    cases: dict[Any, Callable[[], AbstractContextManager[Callable[[], Quantities]]]] = {
        (method, bundle): steady(partial(start_process, bench, method, bundle))
        for bundle in bundles
        for method in methods
    }
    samples = bench.measure(cases, share=0.25)
    if "forkserver" in methods:
        for bundle in bundles[1:]:
            with preload(["mpdiag.work", *bundle]):
                again = bench.measure(
                    {"forkserver": steady(partial(start_process, bench, "forkserver", bundle))}, share=0.06, most=20
                )
                samples["forkserver, preload", bundle] = again["forkserver"]
    for method, bundle in samples:
        base = samples.get((method, ())) or samples.get(("forkserver", ()))
        first = stats.measured(samples[method, bundle]["first_line"])
        extra = first.median - stats.median(base["first_line"]) if base and bundle else None
        yield Row(
            {"imports": " ".join(bundle) or "nothing", "method": method, "first_line": first, "extra": extra}, "imports"
        )


def named_imports(bench: Bench) -> list[tuple[str, ...]]:
    """The modules the user named, else a light and a heavy example of what is installed."""
    if bench.plan.imports:
        return [bench.plan.imports]
    examples = ["asyncio", *(["numpy"] if find_spec("numpy") else [])]
    return [(name,) for name in examples[: bench.pick(1, 2)]]


PROBE: Final = Probe(
    module=__name__,
    run=run,
    order=10,
    weight=2.0,
    tables=(
        Table(
            "",
            "Starting a worker",
            (
                Column("method", "started by"),
                Column("first_line", "first line", "s", bar=True),
                Column("joined", "joined", "s"),
                Column("ratio", "thread", "x"),
                Column("rss", "RSS", "B"),
                Column("uss", "USS", "B", wide=True),
            ),
        ),
        Table(
            "memory",
            "Fork, by the memory its parent holds",
            (
                Column("held", "held", "B"),
                Column("first_line", "first line", "s", bar=True),
                Column("joined", "joined", "s"),
            ),
        ),
        Table(
            "imports",
            "Workers that have to import",
            (
                Column("imports", "imports"),
                Column("method", "started by"),
                Column("first_line", "first line", "s"),
                Column("extra", "because of imports", "s"),
            ),
        ),
    ),
    doc=Doc(
        title="What starting a worker costs",
        why="A pool pays this once per worker; a process per task pays it every time.",
        how="Time from the request to the first line of the target, and to the end of join(), in interleaved rounds. "
        "First: the fork server itself is started for it. Fork is repeated while the parent holds touched memory, "
        "spawn and forkserver with modules to import.",
        reading="Compare 'joined' with the work one task does: below ten times as much, keep a pool of workers.",
        links=("https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods",),
    ),
)
