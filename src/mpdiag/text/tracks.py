"""A timeline as drawn: a row for each process, its spans on as few lanes as keep them apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mpdiag import units
from mpdiag.report import Account, ProcessAccount, Span
from mpdiag.text.account import Line
from mpdiag.text.buckets import Bucket, bucket

#: Lanes of a process; what would need more is left out, the latest first.
_MOST_LANES = 5
_TASK = Bucket("task", "T", "task", "green", "a task of a pool or executor")


@dataclass(frozen=True)
class Mark:
    """A span as drawn."""

    bucket: Bucket
    span: Span
    lane: int

    @property
    def words(self) -> str:
        """What it is, when it was and how long it took."""
        span = self.span
        lasted = units.seconds(max(span.ended_s - span.began_s, 0.0))
        took = f", {units.seconds(span.took_s)} of it in all" if span.took_s is not None and span.count > 1 else ""
        times = f"{span.count} × " if span.count > 1 else ""
        where = f" at {span.place}" if span.place and span.place not in span.name else ""
        what = span.name if span.kind != "task" else f"task {span.name}"
        return f"{times}{what}{where}: {lasted} from {units.seconds(span.began_s)} on{took}"


@dataclass(frozen=True)
class Track:
    """One process of a timeline."""

    process: ProcessAccount
    marks: tuple[Mark, ...]

    @property
    def label(self) -> str:
        """What the process is called."""
        return Line((self.process,)).label

    @property
    def lanes(self) -> int:
        """How many lanes it needs, one at least."""
        return max((mark.lane for mark in self.marks), default=0) + 1


def tracks(account: Account) -> Iterator[Track]:
    """The processes of which spans are known, the main process first, then by birth."""
    spans: dict[int, list[Span]] = defaultdict(list)
    for span in account.timeline:
        spans[span.pid].append(span)
    for one in sorted(account.processes, key=lambda one: (one.role != "main", one.born_s, one.pid)):
        if one.pid in spans:
            yield Track(one, tuple(_marks(spans.pop(one.pid))))


def kinds(found: Iterable[Track]) -> list[Bucket]:
    """What the marks of a timeline stand for, each once."""
    return list({mark.bucket.key: mark.bucket for track in found for mark in track.marks}.values())


def _marks(spans: list[Span]) -> Iterator[Mark]:
    """Each on the first lane that is free."""
    free: list[float] = []
    for span in sorted(spans, key=lambda one: (one.began_s, -one.ended_s)):
        lane = next((lane for lane, until in enumerate(free) if until <= span.began_s), len(free))
        if lane < _MOST_LANES:
            free[lane : lane + 1] = [span.ended_s]
            yield Mark(_TASK if span.kind == "task" else bucket(span.kind), span, lane)
