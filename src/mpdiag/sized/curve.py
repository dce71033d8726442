"""The curve that the batches make, and what to choose of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from mpdiag import stats
from mpdiag.model import Cell, Measured
from mpdiag.sizer.outlook import WAITS
from mpdiag.sizer.settings import INTERPRETERS, LOOP, PLAIN, THREADS, Batch, Setting, by_setting, speedups

#: Settings as good as this part of the best are equal to it: fewer and lighter workers cost less.
ALIKE = 0.95
#: A chunksize has to win more than the rest to be worth writing down.
SAME = 0.98
#: Batches from which a setting can be chosen, if there are others with as many.
ENOUGH = 2
#: A further worker that adds less than this part of what the first gave is beyond the knee.
STEP = 0.5


@dataclass(frozen=True)
class Point:
    """A setting and what it gave.

    Attributes:
        speedup: how much faster than the plain loop of the same rounds.
        item: seconds per item.
        parent: CPU seconds per item of the process that hands out.
        dearness: CPU time of the workers for what takes a second in the plain loop; None where it is not known.
        start: seconds until its workers were up.
        own: bytes that each of them shares with nobody; None where it is not known.
        pss: the same with its part of what they share.
        last: the round that measured it last.
    """

    setting: Setting
    speedup: Measured
    item: Measured
    parent: float = 0.0
    dearness: float | None = None
    start: float = 0.0
    own: int | None = None
    pss: int | None = None
    last: int = 0

    @property
    def name(self) -> str:
        """What it is, in words."""
        return named(self.setting)

    def needs(self, workers: int) -> float | None:
        """Bytes that so many of these workers need: each its own, and once what they share; None if not known."""
        if not self.own:
            return None
        return self.own * workers + max((self.pss or 0) - self.own, 0) * self.setting.workers


def named(setting: Setting) -> str:
    """A setting in words: ``2 processes (fork), chunksize 4``."""
    limit = f", native threads limited to {setting.native}" if setting.native else ""
    if setting.kind == LOOP:
        return f"a plain loop{limit}"
    noun = {THREADS: "thread", INTERPRETERS: "interpreter"}.get(setting.kind, "process")
    plural = {"process": "processes"}.get(noun, f"{noun}s")
    how = f" ({setting.kind})" if setting.processes else ""
    chunk = f", chunksize {setting.chunk}" if setting.chunk > 1 else ""
    return f"{setting.workers} {noun if setting.workers == 1 else plural}{how}{chunk}{limit}"


def points(
    batches: Iterable[Mapping[str, Any]], crews: Iterable[Mapping[str, Any]], default: str | None = None
) -> list[Point]:
    """The curve, the lighter workers first.

    Args:
        batches: a row for each, as the measuring process tells them.
        crews: what the workers of each kind and number cost to have.
        default: the start method that the interpreter takes by itself.
    """
    taken = [batch_of(row) for row in batches]
    gains = speedups(taken)
    costs = {(row["kind"], row["workers"], row["native"]): row for row in crews}
    found = []
    for setting, each in by_setting(taken).items():
        cost = costs.get(setting.crew, {})
        cpu = [batch.cpu / batch.work for batch in each if batch.cpu is not None]
        found.append(
            Point(
                setting,
                gains[setting],
                stats.measured([batch.free / batch.items for batch in each]),
                stats.median([batch.parent / batch.items for batch in each]) if setting.processes else 0.0,
                stats.median(cpu) if cpu else None,
                cost.get("start") or 0.0,
                cost.get("own"),
                cost.get("pss"),
                each[-1].round,
            )
        )
    return sorted(found, key=lambda point: order(point.setting, default))


def order(setting: Setting, default: str | None) -> tuple[int, str, int, int, int]:
    """Sorts settings: the lighter first."""
    return rank(setting.kind, default), setting.kind, setting.workers, setting.chunk, setting.native


def batch_of(row: Mapping[str, Any]) -> Batch:
    """A batch as it was told."""
    names = ("kind", "workers", "chunk", "native")
    rest = {key: value for key, value in row.items() if key not in names}
    return Batch(setting=Setting(*(row[name] for name in names)), **rest)


def rank(kind: str, default: str | None = None) -> int:
    """Sorts kinds: the lighter first, and of processes those that the interpreter makes by itself."""
    light = (LOOP, THREADS, INTERPRETERS)
    if kind in light:
        return light.index(kind)
    return len(light) if kind == default else len(light) + 1


@dataclass(frozen=True)
class Choice:
    """What to choose, and what it is chosen from.

    Attributes:
        best: the fastest.
        chosen: nearly as fast, with the lightest and fewest workers.
        knee: of that kind, where the next worker adds less than half of what the first gave; None where that is not
            seen.
    """

    best: Point
    chosen: Point
    knee: Point | None


def choose(curve: Sequence[Point], default: str | None) -> Choice | None:
    """The efficient choice of what was measured to the end; None of an empty curve.

    What the search has left long ago was slower, or lucky in few rounds; but the loop, which all is compared with, can
    always be chosen.

    Args:
        curve: all that was measured.
        default: the start method that the interpreter takes by itself.
    """
    if not curve:
        return None
    late = max(point.last for point in curve) - 1  # the last round may have been cut short
    known = [point for point in curve if point.speedup.n >= ENOUGH and point.last >= late]
    loop = [point for point in curve if point.setting == PLAIN and point not in known]
    seen = [*loop, *known] if known else list(curve)
    best = max(seen, key=lambda point: point.speedup.median)
    good = [point for point in seen if as_good(point, best)]
    lightest = min(good, key=lambda point: order(point.setting, default)).setting
    twins = [point for point in good if point.setting == replace(lightest, chunk=point.setting.chunk)]
    bar = SAME * max(point.speedup.median for point in twins)
    chosen = min((twin for twin in twins if twin.speedup.median >= bar), key=lambda twin: twin.setting.chunk)
    return Choice(best, chosen, knee(curve, chosen.setting))


def as_good(point: Point, best: Point) -> bool:
    """Whether a point is nearly as fast as the best.

    How processes were started makes no difference to what they do then, so of two start methods each may be chosen as
    long as they cannot be told apart.
    """
    if point.speedup.median >= ALIKE * best.speedup.median:
        return True
    ours, theirs = point.setting, best.setting
    twins = ours.processes and theirs.processes and replace(ours, kind=theirs.kind) == theirs
    return twins and point.speedup.at_most >= best.speedup.at_least


def steps(curve: Iterable[Point], like: Setting) -> dict[int, Point]:
    """The points that differ in workers alone, each with its best chunksize, in ascending order."""
    found: dict[int, Point] = {}
    for point in curve:
        workers = point.setting.workers
        if (point.setting.kind, point.setting.native) != (like.kind, like.native):
            continue
        if workers not in found or point.speedup.median > found[workers].speedup.median:
            found[workers] = point
    return dict(sorted(found.items()))


def waits(task: Mapping[str, Any]) -> bool:
    """Whether the function waits more than it computes."""
    return float(task["waiting"]) >= WAITS


def knee(curve: Iterable[Point], like: Setting) -> Point | None:
    """The point after which a further worker adds less than half of what the first gave."""
    found = list(steps(curve, like).values())
    for last, further in pairwise(found):
        each = found[0].speedup.median / found[0].setting.workers
        added = further.speedup.median - last.speedup.median
        if added < STEP * each * (further.setting.workers - last.setting.workers):
            return last
    return None


def heaviest(curve: Iterable[Point]) -> Point | None:
    """The processes of which each takes most memory; None where that is not known of any."""
    return max((point for point in curve if point.pss), key=lambda point: point.pss or 0, default=None)


def cells(point: Point, choice: Choice) -> dict[str, Cell]:
    """A row of the curve's table."""
    setting = point.setting
    marks = {choice.best: "fastest", choice.chosen: "choose"}
    if choice.knee:
        marks.setdefault(choice.knee, "knee")
    noun = {LOOP: "plain loop"}.get(setting.kind, setting.kind)
    return {
        "kind": f"processes, {setting.kind}" if setting.processes else noun,
        "workers": setting.workers,
        "chunk": setting.chunk if setting.processes else None,
        "native": setting.native or None,
        "item": point.item,
        "speedup": point.speedup,
        "start": point.start or None,
        "memory": point.own,
        "pss": point.pss,
        "mark": marks.get(point, ""),
    }
