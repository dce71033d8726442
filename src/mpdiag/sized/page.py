"""The tables of the report of a function: what one call is like, the curve, the choice, other machines, code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from mpdiag.model import Cell, Column
from mpdiag.report import Section, Status
from mpdiag.sized import curve as curves
from mpdiag.sized import paste
from mpdiag.sized.curve import Choice, Point, named
from mpdiag.sizer.settings import LOOP, Setting
from mpdiag.units import interval, number, seconds, size

FACTS: Final = (Column("what", "what"), Column("here", "here"))
CURVE: Final = (
    Column("kind", "done by"),
    Column("workers", "workers", "1"),
    Column("chunk", "chunk", "1"),
    Column("native", "native threads", "1"),
    Column("item", "per item", "s"),
    Column("speedup", "speed-up", "x", bar=True),
    Column("start", "start", "s", wide=True),
    Column("pss", "PSS", "B", wide=True),
    Column("mark", ""),
)
ELSEWHERE: Final = (
    Column("where", "where"),
    Column("workers", "workers", "1"),
    Column("speedup", "speed-up", "x"),
    Column("low", "at least", "x"),
    Column("high", "at most", "x"),
    Column("memory", "memory", "B", wide=True),
    Column("remark", ""),
)
CODE: Final = (Column("line", "", "code"),)


def call(task: Mapping[str, Any], heaviest: Point | None, status: Status, reason: str | None) -> Section:
    """What one call is like, and what a process that makes such calls holds."""
    lines = [*call_facts(task), *held(heaviest)]
    return Section("call", f"One call of {task['target']}", status, reason, columns=FACTS, rows=facts(lines))


def held(heaviest: Point | None) -> Iterator[tuple[str, str]]:
    """The memory of a worker process, where it is known."""
    if heaviest and heaviest.pss and heaviest.own is not None:
        alone = f"{size(heaviest.own)} of it shared with nobody"
        yield (
            "memory",
            f"a worker process ({heaviest.setting.kind}) holds {size(heaviest.pss)} at its peak (PSS), {alone}",
        )


def facts(lines: Iterable[tuple[str, str]]) -> tuple[dict[str, Cell], ...]:
    """Lines of what there is to know, as rows."""
    return tuple({"what": what, "here": here} for what, here in lines)


def call_facts(task: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What there is to know of a call, line by line."""
    wall = task["wall"]
    yield "takes", f"{interval(wall, 's')} (the first {seconds(task['first'])}, the slowest {seconds(task['slowest'])})"
    waiting = task["waiting"]
    computing = f"computes for {seconds(task['cpu'])}" + (
        ", on several native threads" if task["threads_beside"] else ""
    )
    yield "of that", f"{computing}, waits {number(waiting, 'fraction')} of the time"
    if task["children"] > 0.05 * wall.median:
        yield "child processes", f"compute for {seconds(task['children'])} on its behalf"
    if task["denied"]:
        yield "sent", f"not to processes: {task['denied']}"
    elif task["args_b"] is not None:
        took = task["pickle_args"] + (task["pickle_result"] or 0.0)
        back = f", {size(task['result_b'])} back" if task["result_b"] is not None else ""
        yield "sent", f"{size(task['args_b'])} to it{back}; pickling and unpickling both takes {seconds(took)}"
    if task["together"] is not None and not task["threads_beside"]:
        yield "the GIL", gil(task)
    if task["native_threads"] or task["threads_beside"]:
        names = f" ({task['native_pools']})" if task["native_pools"] else ""
        use = "compute with it" if task["threads_beside"] else "hardly compute"
        yield "native threads", f"those of its libraries{names} {use}"
    if task["raised"]:
        yield "raised", f"{task['raised']} of {task['raised'] + wall.n} items: {task['error']}"


def gil(task: Mapping[str, Any]) -> str:
    """Whether threads compute at the same time."""
    together = f"{task['together']:.1f} of two threads at a time"
    if task["waiting"] >= 0.5:
        return "hardly matters: it waits more than it computes"
    return f"held: {together}" if task["takes_turns"] else f"released, or off: {together}"


def curve(points: Sequence[Point], choice: Choice, status: Status, reason: str | None) -> Section:
    """The curve, a row for each setting."""
    rows = tuple(curves.cells(point, choice) for point in points)
    columns = tuple(column for column in CURVE if column.key != "native" or any(row["native"] for row in rows))
    return Section("curve", "Speed-up by workers", status, reason, columns=columns, rows=rows)


def choosing(choice: Choice, limit: str, extra: Iterable[tuple[str, str]]) -> Section:
    """What to choose, and why no more."""
    best, chosen = choice.best, choice.chosen
    gain = "" if chosen.setting.kind == LOOP else f": {interval(chosen.speedup, 'x')}"
    lines = [("efficient choice", f"{chosen.name}{gain}")]
    if best != chosen:
        lines.append(("fastest", f"{best.name}: {interval(best.speedup, 'x')}"))
    if choice.knee:
        lines.append(("the knee", f"{choice.knee.name}: a further one adds less than half as much"))
    lines.append(("limited by", limit))
    return Section("choice", "What to choose", "ok", columns=FACTS, rows=facts((*lines, *extra)))


def elsewhere(rows: Sequence[dict[str, Cell]]) -> Section:
    """Other machines."""
    return Section("elsewhere", "On other machines", "ok", columns=ELSEWHERE, rows=tuple(rows))


def code(setting: Setting, names: paste.Names) -> Iterator[Section]:
    """A section for each library."""
    for library, lines in paste.written(setting, names).items():
        rows: tuple[dict[str, Cell], ...] = tuple({"line": line} for line in lines)
        yield Section(f"code.{library}", f"To paste: {library}", "ok", columns=CODE, rows=rows)


def denied(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What could not be measured, in words: a reason each."""
    reasons: dict[str, list[str]] = {}
    for row in rows:
        name = named(Setting(row["kind"], row["workers"], native=row["native"]))
        reasons.setdefault(row["reason"], []).append(name)
    for reason, names in reasons.items():
        yield f"{', '.join(names)} could not be measured: {reason}"
