"""How long a new worker takes until its first line runs and until it is joined, for each way to start one."""

from __future__ import annotations

import mmap
import multiprocessing.forkserver
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
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
#: What every child of a fork server imports: its target's module, what runs the main module again, what talks to us.
PRELOADED = ("mpdiag.work", "pkgutil", "runpy", "multiprocessing.connection")
CLOCK = "import time; print(time.perf_counter(), flush=True)"
INTERPRETERS = {"bare interpreter": ["-I", "-S", "-c", CLOCK], "subprocess": ["-c", CLOCK]}


def run(bench: Bench) -> Iterator[Row]:
    """Yield the start of a worker by method, then what drives it."""
    starts = yield from by_method(bench)
    if "fork" in bench.methods:
        yield from by_memory(bench)
    yield from by_imports(bench, starts)


# --- by method


def by_method(bench: Bench) -> Generator[Row, None, dict[str, Samples]]:
    """One row for each way to start a worker, beside a thread; returns the samples."""
    processes = [method for method in bench.methods if method != "forkserver"]
    cases: dict[str, Case] = {"thread": steady(partial(start_thread, bench))}
    cases.update({method: steady(partial(start_process, bench, method)) for method in processes})
    interpreters = bench.pick(list(INTERPRETERS)[:1], list(INTERPRETERS))
    cases.update({name: steady(partial(start_interpreter, bench, name)) for name in interpreters})
    apart: dict[str, Samples] = {}
    if "forkserver" in bench.methods:
        apart = first_starts(bench)
        cases["forkserver, next"] = steady(partial(start_process, bench, "forkserver"))
    together = bench.measure(cases, share=bench.pick(0.4, 0.35))
    memory = {method: bench.once(("memory of", method), partial(ask_memory, bench, method)) for method in bench.methods}
    if "forkserver, next" in together:
        apart.update(preloaded(bench))
    thread = together["thread"]["joined"] if "thread" in together else []
    samples = {**apart, **together}
    for name in sorted(samples, key=lambda name: stats.median(samples[name]["first_line"])):
        rss, uss = memory.get(name.partition(",")[0]) or (None, None)
        reference = thread if name in together or not thread else cycle([stats.median(thread)])
        yield Row(
            {
                "method": name,
                "first_line": stats.measured(samples[name]["first_line"]),
                "joined": stats.measured(samples[name]["joined"]),
                "ratio": stats.ratio(samples[name]["joined"], reference) if thread else None,
                "rss": rss,
                "uss": uss,
            }
        )
    return samples


def first_starts(bench: Bench) -> dict[str, Samples]:
    """Workers for whom the fork server has to be started: there is no warming up for those."""
    starts = [bench.once("forkserver, first", partial(start_first, bench)) for _ in range(bench.pick(1, 3, 9))]
    made = [start for start in starts if start]
    return {"forkserver, first": {name: [start[name] for start in made] for name in made[0]}} if made else {}


def preloaded(bench: Bench, imports: tuple[str, ...] = ()) -> dict[str, Samples]:
    """Workers of a fork server that has preloaded their module and ``imports``."""
    with preload([*PRELOADED, *imports]):
        case = steady(partial(start_process, bench, "forkserver", imports))
        samples = bench.attempt({("forkserver, preload", imports): case}, share=0.06, most=30)
    return {name: each for (name, _), each in samples.items()}


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
    try:
        done = subprocess.run(
            [sys.executable, *INTERPRETERS[name]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            timeout=CHILD_DEADLINE,
            check=True,
        )
    except subprocess.SubprocessError as error:
        raise OSError(str(error)) from error
    joined = bench.clock()
    return {"first_line": float(done.stdout) - begun if SHARED_CLOCK else joined - begun, "joined": joined - begun}


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
    sizes = [mib * 2**20 for mib in bench.pick((64,), (64, 256, 1024), (64, 256, 1024, 4096))]
    sizes = [size for size in sizes if size <= bench.plan.memory]
    for size in bench.sweep("fork with a parent of", sizes, "{:,} bytes".format):
        samples = bench.attempt({size: partial(beside_memory, bench, size)}, share=0.07, most=bench.pick(5, 15, 30))
        for each in samples.values():
            yield Row({"held": size, **{name: stats.measured(values) for name, values in each.items()}}, "memory")


@contextmanager
def beside_memory(bench: Bench, size: int) -> Iterator[Callable[[], Quantities]]:
    """Forking from a process that holds ``size`` bytes in ordinary, private pages, and that would not hold them."""
    with mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as held:
        # Huge pages would hide the slope: one page table entry for 512 pages.
        advise(held, "MADV_NOHUGEPAGE")
        for position in range(0, size, PAGE):
            held[position] = 1

        def fork() -> Quantities:
            hidden = advise(held, "MADV_DONTFORK")
            bare = start_process(bench, "fork")
            advise(held, "MADV_DOFORK")
            full = start_process(bench, "fork")
            return {**full, "extra": full["joined"] - bare["joined"]} if hidden else full

        yield fork


def advise(memory: mmap.mmap, name: str) -> bool:
    """Give the kernel that advice on ``memory``, where it takes such; says whether it does."""
    if not hasattr(mmap, name):
        return False
    memory.madvise(getattr(mmap, name))
    return True


# --- by imports


def by_imports(bench: Bench, starts: dict[str, Samples]) -> Iterator[Row]:
    """Start workers that have to import modules first; ``starts`` are those that import nothing."""
    names = {"spawn": "spawn", "forkserver": "forkserver, next"}
    base = {method: starts[name] for method, name in names.items() if name in starts}
    for bundle in bench.sweep("imports of", named_imports(bench), " ".join):
        cases: dict[Any, Case] = {
            (method, bundle): steady(partial(start_process, bench, method, bundle)) for method in base
        }
        samples = {method: each for (method, _), each in bench.attempt(cases, share=0.2).items()}
        if "forkserver" in base:
            samples.update(preloaded(bench, bundle))
        for method, each in samples.items():
            first = stats.measured(each["first_line"])
            bare = stats.median({**starts, **base}[method]["first_line"])
            yield Row(
                {"imports": " ".join(bundle), "method": method, "first_line": first, "extra": first.median - bare},
                "imports",
            )


def named_imports(bench: Bench) -> list[tuple[str, ...]]:
    """The modules the user named, else (but for lack of time) a light and a heavy example of what is installed."""
    if bench.plan.imports:
        return [bench.plan.imports]
    return bench.pick([], [("asyncio",), *([("numpy",)] if find_spec("numpy") else [])])


PROBE: Final = Probe(
    module=__name__,
    run=run,
    order=10,
    weight=1.6,
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
                Column("first_line", "first line", "s"),
                Column("joined", "joined", "s"),
                Column("extra", "because of it", "s", bar=True),
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
