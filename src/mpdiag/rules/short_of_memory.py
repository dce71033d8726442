"""Advice when a program waits for memory, or the kernel ended a part of it for want of memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from mpdiag import ideals, standstill
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc
from mpdiag.standstill import Standing
from mpdiag.units import number

#: Page faults a second that wait for a disk, and the part of the time in which any waits, from which memory is short.
FAULTS: Final = 50.0
STALLED: Final = 0.1
REMEDY: Final = (
    "Give it more memory (mpdiag doctor tells the limits), or let it hold less: fewer workers, smaller batches, data "
    "that workers share or map instead of copying."
)


def stuck(standing: Standing, look: Facts) -> Iterator[Finding]:
    """Find programs that wait for their pages to come back from the disk, and processes that were killed for memory."""
    row = look.rows()[0]
    yield from _swapping(row, look.number("apart_s"))
    yield from _killed(row, standing)


def observed(run: Facts, processes: Facts) -> Iterator[Finding]:
    """Find processes that were killed while the kernel killed some for want of memory."""
    killed = [each for each in processes.all() if each["exit"] == "SIGKILL"]
    count = int(run.number("memory_kills")) if killed else 0
    if count:
        yield _of_killed(
            [f"{each['name']} ({each['pid']})" for each in killed],
            count,
            concern=10 * count,
            place=Place.of(next((each for each in killed if each["file"]), killed[0])),
        )


def _swapping(row: ideals.Row, apart_s: float) -> Iterator[Finding]:
    faults, stalled = ideals.at_least(row, "faults") / apart_s, row.get("stalled_s")
    share = ideals.at_least(row, "stalled_s") / apart_s
    lacking = faults >= FAULTS and (stalled is None or share >= STALLED)
    # Of a disk that is slower still, few pages come at all: each thread waits for one.
    if lacking or all(ideals.at_least(row, key) for key in ("paging", "in_swap", "swapped_in")):
        waited = (
            "" if stalled is None else f", and some of it waited for memory {number(share, 'fraction')} of the time"
        )
        yield RULE.finding(
            level="warning",
            concern=max(faults / FAULTS, 1.0),
            seen=f"It moves, but slowly for want of memory: {number(faults, '1/s')} pages had to come back from the "
            f"disk{waited}.{_swapped(row, apart_s)}",
            do=REMEDY,
            evidence=(
                Evidence("page faults that waited for a disk", faults, "1/s"),
                Evidence("reference", FAULTS, "1/s"),
                Evidence("time in which any waited for memory", share if stalled is not None else None, "fraction"),
                Evidence("threads that waited for a page at both looks", standstill.count(row, "paging"), "1"),
                Evidence("of it in the swap space", _each(row, "in_swap"), "B"),
                Evidence("read back from the swap space by the machine", _each(row, "swapped_in", apart_s), "B/s"),
                Evidence("written to the swap space by the machine", _each(row, "swapped_out", apart_s), "B/s"),
            ),
        )


def _swapped(row: ideals.Row, apart_s: float) -> str:
    """What of the program lies in the swap space, and how busy that is; empty where nothing is."""
    inside, back, out = (ideals.at_least(row, key) for key in ("in_swap", "swapped_in", "swapped_out"))
    if not inside and not back and not out:
        return ""
    lies = f"{number(inside, 'B')} of it lie in the swap space; " if inside else ""
    rates = f"reads {number(back / apart_s, 'B/s')} back from {'there' if inside else 'its swap space'}"
    return f" The machine swaps: {lies}it {rates} and writes {number(out / apart_s, 'B/s')}."


def _each(row: ideals.Row, key: str, part: float = 1.0) -> float | None:
    """A count, or what comes to each part of it; None where it is not told."""
    return None if row.get(key) is None else ideals.at_least(row, key) / part


def _killed(row: ideals.Row, standing: Standing) -> Iterator[Finding]:
    killed = [each for each in standing.members.values() if not each["alive"] and each.get("exit") == "SIGKILL"]
    count = standstill.count(row, "killed")
    if killed and count:
        yield _of_killed([str(each["process"]) for each in killed], count, concern=standstill.LIKELY)


def _of_killed(names: Iterable[str], count: int, **more: Any) -> Finding:
    return RULE.finding(
        level="warning",
        confidence="inferred",
        seen=f"{standstill.some(names)} ended by SIGKILL, and the kernel has "
        f"killed {ideals.counted(count, 'process', 'processes')} of its control group for want of memory.",
        do=REMEDY,
        evidence=(
            Evidence("processes killed for want of memory", count, "1"),
            Evidence("reference", 0, "1"),
        ),
        **more,
    )


RULE: Final = Rule(
    module=__name__,
    id="MP707",
    run=observed,
    hang=stuck,
    aliases=("out-of-memory", "swapping"),
    doc=Doc(
        title="Short of memory",
        why="A program that needs more memory than there is spends its time waiting for pages to come back from the "
        "disk, a hundred thousand times slower than memory: it looks stuck and is not. Where there is nothing to "
        "swap to, the kernel kills a process, often a worker, and who waits for its result waits for ever.",
        how=f"Stuck: at least {FAULTS:g} page faults a second of the program waited for a disk, and where the kernel "
        f"tells (PSI), some of its control group waited for memory {STALLED * 100:g} % of the time. Or: pages of it "
        "lie in the swap space, the machine reads from there, and a thread waited for one at both looks. Stuck or in a "
        "run: a process ended by SIGKILL, and the control group counts processes that were killed for want of memory.",
        claim="'It does nothing, so it is a deadlock' is worth a look at /proc/pressure/memory.",
        bad="""\
with Pool(64) as pool:
    pool.map(load_and_train, folds)         # 64 times 2 GiB
""",
        good="""\
with Pool(usable_memory // PER_WORKER) as pool:
    pool.map(load_and_train, folds)
""",
        applies="Linux",
        links=("https://docs.kernel.org/accounting/psi.html",),
    ),
)
