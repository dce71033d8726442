"""Advice on the parent's memory above which fork is no longer cheap."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals, phases
from mpdiag.advice import Evidence, Facts, Finding, NotJudged, Place, Rule
from mpdiag.model import Doc, Measured
from mpdiag.stats import scaled
from mpdiag.units import interval, seconds, size

GIB = 2**30
#: Seconds per GiB below which the parent's memory is no reason to avoid fork.
LIMIT_S = 0.005
#: Below this a parent forks in a few milliseconds, sooner than a preloaded fork server starts a worker.
LARGE = 256 * 2**20
#: A fork of a small parent, and one that is slow.
EMPTY_S, SLOW_S = 0.002, 0.005
#: The end of a forked child costs as much again as its start.
ENDS_TOO = 2


def judge(start_method: Facts) -> Iterator[Finding]:
    """Take the slope from the largest memory measured, and where it overtakes a preloaded fork server."""
    row = max(start_method.rows("memory"), key=lambda row: float(str(row["held"])))
    extra, held = row.get("extra"), float(str(row["held"]))
    if not isinstance(extra, Measured):
        raise NotJudged("this system does not let a process hide memory from a fork for comparison")
    slope = scaled(extra, GIB / held)
    if slope.at_least <= LIMIT_S:
        return
    fork = start_method.measured("joined", method="fork")
    server = start_method.measured("joined", method="forkserver, preload")
    crossing = max(0.0, server.median - fork.median) / slope.median * GIB
    yield RULE.finding(
        level="note",
        concern=slope.median / LIMIT_S,
        seen=f"Each GiB that the parent holds in small pages adds {interval(slope, 's')} to starting and ending a "
        f"forked worker; above about {size(crossing)} a preloaded fork server is cheaper here.",
        do="Start the workers before loading the data, or use forkserver. If workers only read the data, call "
        "gc.freeze() before forking, so that collections do not copy it.",
        evidence=(
            Evidence.of("fork, start and join, per GiB held", slope, "s"),
            Evidence("reference", LIMIT_S, "s"),
            Evidence("cheaper by preloaded forkserver above", crossing, "B"),
        ),
    )


def observed(run: Facts, starts: Facts, pools: Facts, memory: Facts) -> Iterator[Finding]:
    """Find the places that fork a parent whose memory makes each fork slow."""
    rows = [
        row for row in (*starts.all(), *pools.all()) if row.get("start_method") == "fork" and not row.get("threads")
    ]
    if rows and memory.number("parent_rss") >= LARGE:
        yield from phases.each(rows, lambda row: of_forks(run, row, memory.number("parent_rss")))


def of_forks(run: Facts, row: ideals.Row, held: float) -> Finding | None:
    """Judge the forks of one place, of a pool's workers or of processes."""
    count = ideals.amount(row, "started" if "workers" in row else "count")
    each = ideals.amount(row, "start_s") / max(count, 1.0)
    recoverable = ENDS_TOO * max(each - EMPTY_S, 0.0) * count
    loss = phases.loss(recoverable, run, "forking a small parent takes a millisecond, and its children end as soon")
    if loss is None or each < SLOW_S:
        return None
    place = Place.of(row)
    return RULE.finding(
        level="warning",
        place=place,
        gain=loss.gain,
        concern=loss.concern,
        seen=f"Each of {count:,.0f} forks{ideals.where(place)} took {seconds(each)}: the parent held {size(held)}, "
        "whose page tables are copied for each child and torn down at its end.",
        do="Start the workers before loading the data, or once instead of again and again; or use forkserver. If "
        "workers only read the data, call gc.freeze() before forking.",
        evidence=(
            *loss.evidence,
            Evidence("one fork", each, "s"),
            Evidence("memory of the parent", held, "B"),
            Evidence("forks", count, "1"),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP109",
    judge=judge,
    run=observed,
    doc=Doc(
        title="Forking a large parent",
        why="fork copies the parent's page tables at the start and tears them down at the end; later, touching an "
        "object (even its reference count) copies its page.",
        how=f"Fork, start to join, from a parent that holds memory in ordinary pages, paired with forks that hide it "
        f"(MADV_DONTFORK). Reported above {LIMIT_S * 1e3:g} ms per GiB. In a program: forks of a parent of "
        f"{LARGE // 2**20} MiB or more that take {SLOW_S * 1e3:g} ms each, when that costs 5 % of the wall time.",
        claim="'A start copies the interpreter's whole memory' is wrong: fork copies page tables only, and "
        "transparent huge pages make even that some twenty times cheaper. But forked memory is not free to read: a "
        "walk over Python objects copies their pages, because it counts references.",
        bad="""
            table = load_everything()
            with multiprocessing.Pool() as pool:   # forks after loading
                ...
        """,
        good="""
            with multiprocessing.Pool() as pool:   # forks while the parent is small
                table = load_everything()
                ...
        """,
        applies="systems with fork; Python 3.9 pays it with spawn too, which forks before it executes",
        links=("https://docs.python.org/3/library/gc.html#gc.freeze",),
    ),
)
