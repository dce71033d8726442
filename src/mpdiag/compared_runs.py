"""Two runs of a program: what the wall time did, where it went, and what of the predicted gain came true."""

from __future__ import annotations

from collections.abc import Iterable
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

_TIMES: Final = (
    Column("before", "before", "s"),
    Column("after", "after", "s"),
    Column("difference", "difference", "s"),
    Column("ratio", "after : before", "x"),
)


def compare(before: Report, after: Report, changes: Changes) -> tuple[str, list[Section]]:
    """The verdict on two runs, and the tables.

    Raises:
        BadInput: one of them has no account of its time.
    """
    first, second = _account(before, "BEFORE"), _account(after, "AFTER")
    sections = [_overall(first, second), changes.section, _buckets(first, second), _memory(first, second)]
    return verdict(first.wall_s, second.wall_s, changes), sections


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


def _account(report: Report, name: str) -> Account:
    if report.account is None:
        raise BadInput(f"{name} has no account of where the time went", "Run the program again under `mpdiag run`.")
    return report.account


def _overall(before: Account, after: Account) -> Section:
    rows = (
        _row("wall time", before.wall_s, after.wall_s),
        _row("CPU, all processes", _cpu(before), _cpu(after)),
        _row("lifetimes, all processes", _lived(before), _lived(after)),
    )
    return Section("wall", "Time", "ok", columns=(Column("what", "what"), *_TIMES), rows=rows)


def _buckets(before: Account, after: Account) -> Section:
    """All buckets, the largest difference first."""
    keys = dict.fromkeys((*before.total, *after.total))
    rows = [
        {"bucket": key, **_row(bucket(key).words, before.total.get(key, 0.0), after.total.get(key, 0.0))}
        for key in keys
        if before.total.get(key) or after.total.get(key)
    ]
    rows.sort(key=lambda row: -abs(float(str(row["difference"]))))
    columns = (Column("what", "all processes together"), *_TIMES)
    return Section("buckets", "What the processes did", "ok", columns=columns, rows=tuple(rows))


def _memory(before: Account, after: Account) -> Section:
    rows = tuple(
        _row(what, first, second)
        for what, first, second in (
            ("main process, peak RSS", _peak(before, main=True), _peak(after, main=True)),
            ("largest other process, peak RSS", _peak(before, main=False), _peak(after, main=False)),
        )
        if first or second
    )
    columns = (
        Column("what", "what"),
        Column("before", "before", "B"),
        Column("after", "after", "B"),
        Column("ratio", "after : before", "x"),
    )
    return Section("memory", "Memory", "ok", columns=columns, rows=rows)


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
