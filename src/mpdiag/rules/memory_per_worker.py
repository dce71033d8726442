"""Advice when each worker holds a large copy of its own of what all could share."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from mpdiag import functions, ideals
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule, known
from mpdiag.model import Doc
from mpdiag.units import number, size

#: Memory that a worker takes for itself while it gets ready: imports and small tables stay below.
COPY = 24 * 2**20
#: What could be shared by all: less is not worth the change on any machine.
SPARE = 64 * 2**20
#: The part of the free memory that workers may take.
FILL = 0.9
#: The part of the program's memory that could be shared.
SHARE = 0.25


def observed(run: Facts, memory: Facts, pools: Facts, machine: Mapping[str, Any]) -> Iterator[Finding]:
    """Find workers that each grew by much before or in their first task."""
    copy, workers = memory.number("private_load_b"), memory.number("workers")
    counted, cpus = machine.get("logical_cpus"), math.ceil(ideals.usable(run))
    if isinstance(counted, int) and cpus < workers <= counted:
        workers = cpus  # the others follow the machine's CPUs, and should not be there
    spare = copy * (workers - 1)
    peak = ideals.at_least(run.rows()[0], "memory_peak")
    if workers < 2 or copy < COPY or spare < SPARE or (peak and spare < SHARE * peak):
        return
    prepared = [row for row in pools.all() if not row.get("threads") and ideals.at_least(row, "init_s") > 0]
    place = Place.of(prepared[0]) if prepared else None
    at_once = min(workers, max(1.0, ideals.usable(run)))
    loading = sum(ideals.at_least(row, "init_s") for row in prepared) / at_once * (1 - 1 / workers)
    how = "in its initializer or first task" if prepared else "before or in its first task"
    yield RULE.finding(
        level="warning",
        place=place,
        confidence="inferred",
        gain=ideals.bound(loading, run, "what is shared is loaded once, or page by page as it is used")
        if loading > 0
        else None,
        concern=spare / SPARE,
        seen=f"Each of {number(workers, '1')} workers grew by {size(copy)} of its own {how}{ideals.where(place)}: "
        f"{size(copy * workers)} in all, of which {size(spare)} could be shared if it is the same data."
        + (f" The program took {size(peak)} at most." if peak else ""),
        do="Let the workers share one copy: map the file (mmap, numpy.load(mmap_mode='r'), memoryview), put arrays "
        "into a SharedMemory segment, or under fork load them in the parent first, with gc.freeze() before the fork. "
        "Fewer workers hold fewer copies.",
        evidence=(
            Evidence("could be shared", spare, "B"),
            Evidence("reference", SPARE, "B"),
            Evidence("a worker's own", copy, "B"),
            Evidence("workers", workers, "1"),
        ),
    )


def of_function(sized: Facts, machine: Mapping[str, Any]) -> Iterator[Finding]:
    """Judge a function by whether a worker for each CPU fits into memory."""
    own = max((ideals.at_least(row, "memory") for row in sized.all("curve")), default=0.0)
    cpus, free = known(machine, "usable_workers"), known(machine, "memory_available")
    if not own or own * cpus <= FILL * free:
        return
    fit = max(1, int(FILL * free / own))
    yield RULE.finding(
        level="warning",
        concern=own * cpus / free,
        seen=f"A worker of {functions.task(sized)['target']} takes {size(own)} for itself: {number(cpus, '1')}, "
        f"one for each usable CPU, would need {size(own * cpus)} of the {size(free)} that are free.",
        do=f"Give it {fit} worker{'s' * (fit != 1)} at most, or let the workers share what they hold: map the file, or "
        "put arrays into a SharedMemory segment.",
        evidence=(
            Evidence("workers for all CPUs", own * cpus, "B"),
            Evidence("reference: free memory", free, "B"),
            Evidence("a worker's own", own, "B"),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP507",
    run=observed,
    size=of_function,
    aliases=("memory-per-worker-copy",),
    doc=Doc(
        title="Each worker holds a copy of the same data",
        why="What a worker loads, or is sent by initargs, is its own: four workers hold a table four times, and the "
        "sum decides how many workers fit into memory. The kernel kills what does not fit.",
        how="In an observed program: the median growth of the workers' private memory until the end of the first "
        f"task. A warning from {size(COPY)} each and {size(SPARE)} that could be shared, if that is {SHARE * 100:g} % "
        "of the program's peak. It is about memory: what the program takes hardly changes. Sums are of private and "
        "proportional sizes, where shared pages count once. "
        "Of a measured function: when what a worker takes for itself, times the usable CPUs, exceeds nine tenths of "
        "the free memory.",
        claim="'Fork shares everything' holds until the data is touched: reading a Python object counts a reference in "
        "its page, which copies the page. Merely walking 500,000 dicts (248 MB) made more than half of them private; "
        "gc.freeze() before the fork saves them from the garbage collector, not from that. Buffers do stay shared.",
        bad="""\
def load(path):
    global VECTORS
    VECTORS = array("d", path.read_bytes())                     # once per worker
""",
        good="""\
def load(path):
    global VECTORS
    with open(path, "rb") as file:                              # all workers share the pages
        VECTORS = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)).cast("d")
""",
        links=(
            "https://docs.python.org/3/library/mmap.html",
            "https://docs.python.org/3/library/multiprocessing.shared_memory.html",
            "https://docs.python.org/3/library/gc.html#gc.freeze",
        ),
    ),
)
