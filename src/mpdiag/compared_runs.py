"""Two runs of a program: what the wall time did, where it went, and what of the predicted gain came true."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from mpdiag.compared_findings import Changes, ceiling, names
from mpdiag.errors import BadInput
from mpdiag.model import Cell, Column
from mpdiag.report import Account, Report, Section
from mpdiag.text.buckets import bucket
from mpdiag.units import rough, seconds

#: Two runs of the same program differ by this much without a reason.
SAME: Final = 0.05
#: A gain this much above its ceiling was not won by the fix alone.
BEYOND: Final = 1.1

#: The tables of a comparison: title, what the first column is about, unit.
TABLES: Final = {
    "wall": ("Time", "what", "s"),
    "buckets": ("What the processes did", "all processes together", "s"),
    "memory": ("Memory", "what", "B"),
}


def compare(before: Report, after: Report, changes: Changes) -> tuple[str, list[Section]]:
    """The verdict on two runs, and the tables.

    Raises:
        BadInput: one of them has no account of its time.
    """
    first, second = account_of(before, "BEFORE"), account_of(after, "AFTER")
    overall, buckets, memory = (_table(name, first, second) for name in TABLES)
    return verdict(first.wall_s, second.wall_s, changes), [overall, changes.section, buckets, memory]


def worse(before: Report, after: Report) -> Iterator[tuple[str, float | None]]:
    """What a run must not need more of, each with the part by which it does: one run is one sample.

    Raises:
        BadInput: one of them has no account of its time.
    """
    first, second = account_of(before, "BEFORE"), account_of(after, "AFTER")
    facts = [("wall time", first.wall_s, second.wall_s), *_pairs(amounts("memory", first), amounts("memory", second))]
    for what, old, new in facts:
        yield what, new / old - 1 if old else None


def verdict(before_s: float, after_s: float, changes: Changes) -> str:
    """What the wall time did, what of that was foretold, and what is left to do."""
    won = before_s - after_s
    span = f"{seconds(before_s)} before, {seconds(after_s)} after"
    if abs(won) <= SAME * before_s:
        said = f"The wall time is the same within {SAME * 100:.0f} %: {span}"
    elif won > 0:
        said = f"The wall time fell by {seconds(won)} ({rough(won / before_s, 'fraction')}): {span}"
    else:
        grown = f" ({rough(-won / before_s, 'fraction')})" if before_s else ""
        said = f"The wall time rose by {seconds(-won)}{grown}: {span}"
    return ". ".join(filter(None, (said, _foretold(won, changes), _capital(changes.rest)))) + "."


def _foretold(won: float, changes: Changes) -> str:
    """The ceilings of what is gone, against what was won."""
    if not changes.gone:
        return ""
    with_gain = [one for one in changes.gone if ceiling(one)]
    others = names(one.rule for one in changes.gone if not ceiling(one))
    parts = []
    if with_gain:
        most = sum(ceiling(one) or 0.0 for one in with_gain)
        together = " together" if len(with_gain) > 1 else ""
        parts.append(
            f"{names(one.rule for one in with_gain)} predicted at most {rough(most, 's')}{together}; gone now; "
            f"{_came_true(won, most)}"
        )
    if others:
        parts.append(f"{others} gone, without a gain foretold")
    return "; ".join(parts)


def _came_true(won: float, most: float) -> str:
    if won <= 0:
        return "nothing of it was won"
    share = f"wall fell by {rough(won, 's')} ({rough(won / most, 'fraction')} of the ceiling)"
    return f"{share}: something else changed too" if won > BEYOND * most else share


def account_of(report: Report, name: str) -> Account:
    """Where the time of a run went.

    Raises:
        BadInput: the report called ``name`` does not know.
    """
    if report.account is None:
        raise BadInput(f"{name} has no account of where the time went", "Run the program again under `mpdiag run`.")
    return report.account


def amounts(table: str, account: Account) -> dict[str, float]:
    """What a run took, by what it is called, as a table of comparisons has it."""
    if table == "wall":
        return {
            "wall time": account.wall_s,
            "CPU, all processes": _cpu(account),
            "lifetimes, all processes": _lived(account),
        }
    if table == "memory":
        peaks = {
            "main process, peak RSS": _peak(account, main=True),
            "largest other process, peak RSS": _peak(account, main=False),
        }
        return {what: size for what, size in peaks.items() if size}
    return {key: time for key, time in account.total.items() if time}


def _table(name: str, before: Account, after: Account) -> Section:
    """One table of two runs; of what processes do, the largest difference first."""
    title, what, unit = TABLES[name]
    rows = [_row(what, first, second) for what, first, second in _pairs(amounts(name, before), amounts(name, after))]
    if name == "buckets":
        rows = [{**row, "bucket": row["what"], "what": bucket(str(row["what"])).words} for row in rows]
        rows.sort(key=lambda row: -abs(float(str(row["difference"]))))
    columns = (
        *(Column("what", what), Column("before", "before", unit), Column("after", "after", unit)),
        *(Column("difference", "difference", unit), Column("ratio", "after : before", "x")),
    )
    return Section(name, title, "ok", columns=columns, rows=tuple(rows))


def _pairs(before: Mapping[str, float], after: Mapping[str, float]) -> Iterator[tuple[str, float, float]]:
    for what in dict.fromkeys((*before, *after)):
        yield what, before.get(what, 0.0), after.get(what, 0.0)


def _row(what: str, before: float, after: float) -> dict[str, Cell]:
    ratio = after / before if before else None
    return {"what": what, "before": before, "after": after, "difference": after - before, "ratio": ratio}


def _cpu(account: Account) -> float:
    return sum(one.buckets.get("cpu", 0.0) if one.cpu_s is None else one.cpu_s for one in account.processes)


def _lived(account: Account) -> float:
    return sum(one.ended_s - one.born_s for one in account.processes)


def _peak(account: Account, main: bool) -> int:
    peaks: Iterable[int] = (one.memory.rss_peak for one in account.processes if (one.role == "main") is main)
    return max(peaks, default=0)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
