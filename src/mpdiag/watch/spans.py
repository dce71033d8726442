"""What a report keeps of a run's timeline: what took longest, as much as there is room for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from mpdiag.report import Span
from mpdiag.watch.account import BUCKETS as BUCKET_OF
from mpdiag.watch.lives import Life, Run
from mpdiag.watch.timeline import Slice, Timeline, tasks

#: Spans of a report, and of each process even where there are many.
MOST, LEAST_EACH = 800, 4
#: Call sites of a process that get a span from their first use to their last, and the share of its life they take.
SITES, WORTH = 3, 0.05


def kept(run: Run, lives: Sequence[Life]) -> tuple[Span, ...]:
    """The spans of a run, by process and time; of very many processes, those of the ones that lived longest."""
    timeline = Timeline(run)
    most = max(MOST // max(len(lives), 1), LEAST_EACH)
    longest = sorted(lives, key=lambda life: -life.life_s)[: MOST // most]
    shown = set(map(id, longest))
    return tuple(span for life in lives if id(life) in shown for span in of_life(timeline, life, most))


def of_life(timeline: Timeline, life: Life, most: int) -> Iterator[Span]:
    """At most ``most`` spans of one process."""
    _, *told = timeline.life(life)
    if life.book:
        for slot in life.book.slots:
            told += timeline.doing(slot)
        told += [wait for _, wait in timeline.last_waits(life)]
        told += often(timeline, life)
    told += merged(tasks(life), max(most - len(told), most // 2))
    for each in sorted(sorted(told, key=length, reverse=True)[:most], key=lambda one: (one.began_s, -one.ended_s)):
        yield span(timeline.run, life, each)


def often(timeline: Timeline, life: Life) -> list[Slice]:
    """The call sites that took much of a life, from their first use to their last."""
    assert life.book
    worth = [slot for slot in life.book.slots if slot.s >= WORTH * life.life_s]
    return sorted(timeline.sites(worth), key=lambda site: -site.facts["seconds"])[:SITES]


def merged(slices: Iterable[Slice], most: int) -> list[Slice]:
    """``slices`` with neighbours of one name made one, the closest first, until there are at most ``most``."""
    ordered = sorted(slices, key=lambda one: one.began_s)
    gaps = sorted(gap(first, second) for first, second in pairwise(ordered) if first.name == second.name)
    excess = len(ordered) - most
    if excess <= 0 or not gaps:
        return ordered
    widest = gaps[min(excess, len(gaps)) - 1]
    found: list[Slice] = []
    for each in (replace(one, facts={"times": 1, "seconds": length(one)}) for one in ordered):
        if found and found[-1].name == each.name and gap(found[-1], each) <= widest:
            found[-1] = joined(found[-1], each)
        else:
            found.append(each)
    return found


def gap(first: Slice, second: Slice) -> float:
    """The time between two slices; negative if they overlap."""
    return second.began_s - first.ended_s


def joined(first: Slice, second: Slice) -> Slice:
    """Two slices as one; what they took stays known."""
    facts = {key: first.facts[key] + second.facts[key] for key in ("times", "seconds")}
    return replace(first, ended_s=max(first.ended_s, second.ended_s), facts=facts)


def length(one: Slice) -> float:
    """How long a slice is."""
    return one.ended_s - one.began_s


def span(run: Run, life: Life, one: Slice) -> Span:
    """``one`` as reports have it."""
    began, ended = (min(max(moment, run.began_s), run.ended_s) - run.began_s for moment in (one.began_s, one.ended_s))
    return Span(
        pid=life.pid,
        kind=BUCKET_OF.get(one.kind, one.kind),
        name=one.name,
        began_s=round(began, 6),
        ended_s=round(ended, 6),
        count=one.facts.get("times", 1),
        took_s=one.facts.get("seconds"),
        place=one.facts.get("at"),
    )
