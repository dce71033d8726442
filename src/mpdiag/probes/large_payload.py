"""What handing over large bytes costs: sent as copies, in shared memory, in a mapped file, inherited by fork."""

from __future__ import annotations

import mmap
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any, Callable, Final, Optional

from mpdiag import stats
from mpdiag.bench import CHILD_DEADLINE, Bench, Case, DeadlineExceeded, Quantities, Samples, Skip, steady
from mpdiag.model import Cell, Column, Doc, Measured, Probe, Row, Table
from mpdiag.rigs import handover
from mpdiag.rigs.consumer import faults, read_inherited

SIZES = {"64 KiB": 2**16, "256 KiB": 2**18, "1 MiB": 2**20, "4 MiB": 2**22, "16 MiB": 2**24, "64 MiB": 2**26}
#: The size at which page faults are told, by channel.
SPOTLIGHT = 2**20
COPIED, SHARED = ("send", "send_bytes", "queue"), ("new", "reused")
NAMES = {
    "send": "send",
    "send_bytes": "send_bytes",
    "queue": "Queue",
    "new": "new segment",
    "reused": "reused segment",
    "mmap": "mapped file",
}
#: What is compared with copies: quantity and channel by what it is called.
RIVALS = {
    "new segment per message": ("new", "total"),
    "new segment, its creation not counted": ("new", "without"),
    "reused segment": ("reused", "total"),
}
#: Bytes whose first and second touch tell what a page fault costs.
FAULTING = 2**22
#: What fills a payload to be inherited.
CHUNK = b"x" * 2**16
#: Where Linux keeps segments.
SEGMENTS = Path("/dev", "shm")
#: Of what is free, the part that a payload may take.
ROOM = 0.5


def run(bench: Bench) -> Iterator[Row]:
    """Yield the cost of one hand-over by size and channel, then its parts, the crossover sizes and the page faults."""
    names = [name for name, size in SIZES.items() if size <= bench.plan.memory // 8]
    names = [name for name in names if name in bench.pick(("64 KiB", "1 MiB"), tuple(SIZES)[:5], tuple(SIZES))]
    forked = inherited(bench, names)
    measured: dict[int, dict[str, Samples]] = {}
    with ExitStack() as stack:
        consumer: Any = bench.once("a consumer", partial(stack.enter_context, handover.consuming(bench)))
        if consumer is None:
            raise Skip(bench.notes[-1])
        rooms = {"reused": bench.once("shared memory", shared_room), "mmap": bench.once("a mapped file", file_room)}
        denied: set[str] = set()
        # Quick has two sizes, and advice needs both.
        for place, name in enumerate(bench.pick(iter(names), bench.sweep("payloads of", names)), 1):
            size = SIZES[name]
            channels = [channel for channel in available(bench, rooms, name) if channel not in denied]
            cases = handover.cases(consumer, size, channels)
            samples = bench.measure(cases, share=1.3 * place / len(names) / (len(names) + 1))
            measured[size] = {channel: each for (channel, _), each in samples.items()}
            denied.update(channel for channel in channels if channel not in measured[size])
            yield Row({"size": size, **totals(measured[size]), "fork": forked.get(size)})
        yield from (Row(parts(size, each["new"]), "parts") for size, each in measured.items() if "new" in each)
        yield from (Row(row, "crossover") for row in crossovers(measured))
        yield from page_faults(bench, consumer, measured)


# --- by fork


def inherited(bench: Bench, names: list[str]) -> dict[int, Cell]:
    """A worker forked when the payload is there; measured first, while this process has no threads."""
    if "fork" not in bench.methods:
        return {}
    cases = {("fork", SIZES[name]): partial(beside_payload, bench, SIZES[name]) for name in names}
    samples = bench.measure(cases, share=0.12, most=bench.pick(6, 15, 30))
    return {size: stats.measured(each["total"]) for (_, size), each in samples.items()}


@contextmanager
def beside_payload(bench: Bench, size: int) -> Iterator[Callable[[], Quantities]]:
    """Forking while ``size`` bytes are held; not on the heap, whose history the sending of copies depends on."""
    with mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as payload:
        for _ in range(size // len(CHUNK)):
            payload.write(CHUNK)
        yield partial(inherit, bench, payload)


def inherit(bench: Bench, payload: mmap.mmap) -> Quantities:
    """Fork a worker and hear that it has read the payload."""
    receiver, sender = bench.context("fork").Pipe(duplex=False)
    begun = bench.clock()
    with receiver, bench.child(read_inherited, payload, sender, method="fork"):
        sender.close()
        if not receiver.poll(CHILD_DEADLINE):
            raise DeadlineExceeded(f"a forked worker read nothing within {CHILD_DEADLINE:g} s")
        receiver.recv_bytes()
        return {"total": bench.clock() - begun}


def available(bench: Bench, rooms: dict[str, Optional[int]], name: str) -> tuple[str, ...]:
    """The channels for payloads of the size ``name``: those that memory has room for."""
    channels: tuple[str, ...] = COPIED
    for needed, offered in (("reused", SHARED), ("mmap", ("mmap",))):
        room = rooms[needed]
        if room is None:
            continue
        if SIZES[name] > ROOM * room:
            where = "shared memory" if needed == "reused" else "the folder for temporary files"
            bench.notes.append(f"payloads of {name} were left out where {where} has too little room for them")
        else:
            channels += offered
    return channels


def shared_room() -> int:
    """Free bytes for segments; raises OSError or ImportError where there are none.

    A segment that does not fit is granted all the same, and writing to it kills the writer.
    """
    segment = SharedMemory(create=True, size=mmap.PAGESIZE)
    segment.close()
    segment.unlink()
    return shutil.disk_usage(SEGMENTS).free if SEGMENTS.is_dir() else 2**63


def file_room() -> int:
    """Free bytes for temporary files."""
    return shutil.disk_usage(tempfile.gettempdir()).free


# --- what comes of it


def totals(samples: dict[str, Samples]) -> dict[str, Cell]:
    """The seconds of one hand-over by channel."""
    return {channel: stats.measured(each["total"]) for channel, each in samples.items()}


def parts(size: int, samples: Samples) -> dict[str, Cell]:
    """Where the time of a new segment goes."""
    steps = {step: stats.measured(samples[step]) for step in ("create", "copy", "attach", "read", "unlink")}
    both = [here + there for here, there in zip(samples["faults_here"], samples["faults_there"])]
    return {"size": size, **steps, "faults": stats.measured(both) if any(both) else None}


def crossovers(measured: dict[int, dict[str, Samples]]) -> Iterator[dict[str, Cell]]:
    """From which of the sizes on each use of shared memory is faster than each way to send copies."""
    for name, (channel, quantity) in RIVALS.items():
        if any(channel in samples for samples in measured.values()):
            yield {
                "by": name,
                **{
                    copy: crossover(
                        {
                            size: stats.ratio(samples[copy]["total"], samples[channel][quantity])
                            for size, samples in measured.items()
                            if copy in samples and channel in samples
                        }
                    )
                    for copy in ("send", "send_bytes")
                },
            }


def crossover(gains: dict[int, Measured]) -> Optional[int]:
    """The smallest size from which on every gain is above 1, by its interval if it has one; None if there is none."""
    found = None
    for size, gain in sorted(gains.items(), reverse=True):
        if gain.at_least <= 1:
            break
        found = size
    return found


# --- page faults


def page_faults(bench: Bench, consumer: handover.Consumer, measured: dict[int, dict[str, Samples]]) -> Iterator[Row]:
    """Page faults by channel, what one costs, and copies once the allocator keeps large blocks."""
    for channel, samples in measured.get(SPOTLIGHT, {}).items():
        yield Row(faulting(NAMES[channel], samples), "faults")
    # Last of all, for it changes the allocator of both processes.
    cases = {
        ("freed", channel): partial(after_freeing, consumer, case)
        for (channel, _), case in handover.cases(consumer, SPOTLIGHT, ("send", "send_bytes")).items()
    }
    for (_, channel), samples in bench.measure(cases, share=0.07).items():
        yield Row(faulting(f"{channel}, large block freed before", samples), "faults")
    one = bench.measure({"page fault": steady(partial(page_fault, bench))}, share=0.03)["page fault"]
    yield Row({"what": "one page fault", "total": stats.measured(one["total"])}, "faults")


def faulting(what: str, samples: Samples) -> dict[str, Cell]:
    """The page faults of one hand-over, on both sides; None where the system does not tell."""
    here, there = stats.measured(samples["faults_here"]), stats.measured(samples["faults_there"])
    told = faults() > 0  # no process has lived this far without one
    return {
        "what": what,
        "total": stats.measured(samples["total"]),
        "here": here if told else None,
        "there": there if told else None,
    }


@contextmanager
def after_freeing(consumer: handover.Consumer, case: Case) -> Iterator[Callable[[], Quantities]]:
    """``case`` once both processes have freed a large block."""
    consumer.free_large_block()
    with case() as function:
        yield function


def page_fault(bench: Bench) -> Quantities:
    """Touch fresh memory, then touch it again: the difference is the page faults."""
    pages = FAULTING // mmap.PAGESIZE
    zeros = bytes(pages)
    with mmap.mmap(-1, FAULTING) as memory:
        if hasattr(mmap, "MADV_NOHUGEPAGE"):
            memory.madvise(mmap.MADV_NOHUGEPAGE)
        begun = bench.clock()
        memory[:: mmap.PAGESIZE] = zeros
        touched = bench.clock()
        memory[:: mmap.PAGESIZE] = zeros
        return {"total": (2 * touched - begun - bench.clock()) / pages}


PROBE: Final = Probe(
    module=__name__,
    run=run,
    order=40,
    weight=1.2,
    tables=(
        Table(
            "",
            "Handing over bytes to a consumer that reads every page",
            (
                Column("size", "size", "B"),
                *(Column(channel, name, "s") for channel, name in NAMES.items()),
                Column("fork", "by fork", "s"),
            ),
        ),
        Table(
            "parts",
            "Where the time of a new segment per message goes",
            (
                Column("size", "size", "B"),
                Column("create", "create", "s"),
                Column("copy", "copy", "s"),
                Column("attach", "attach", "s"),
                Column("read", "read", "s"),
                Column("unlink", "unlink", "s"),
                Column("faults", "page faults", "1"),
            ),
        ),
        Table(
            "crossover",
            "The size from which shared memory is faster (–: none of those measured)",
            (
                Column("by", "shared memory"),
                Column("send", "than send", "B"),
                Column("send_bytes", "than send_bytes", "B"),
            ),
        ),
        Table(
            "faults",
            "Page faults of one hand-over of 1 MiB",
            (
                Column("what", "handed over by"),
                Column("total", "time", "s"),
                Column("here", "by the sender", "1"),
                Column("there", "by the consumer", "1"),
            ),
            detail=True,
        ),
    ),
    doc=Doc(
        title="What handing over large bytes costs",
        why="Images, arrays and files travel between processes as bytes; how they travel decides whether a second "
        "process pays.",
        how="The time until the consumer has read every page and said so, in interleaved rounds, the sizes ascending "
        "because what the allocator has freed before changes the cost. A new segment is created, filled, attached, "
        "read and unlinked for every message; a reused one, like the mapped file, is written again and again. 'By "
        "fork' starts a worker when the payload is there. Crossover: the smallest size from which on the ratio, paired "
        "by round, is above 1 with its whole interval.",
        reading="Take the cheapest column for your size. Sent bytes cost page faults rather than pickling: large "
        "buffers go back to the system and are fetched anew for each message (Python 3.14 reads in smaller pieces).",
        links=(
            "https://docs.python.org/3/library/multiprocessing.shared_memory.html",
            "https://github.com/python/cpython/issues/121313",
        ),
    ),
)
