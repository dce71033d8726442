"""The sections about a program that no longer moves: who waits for whom, in words, and the stacks of its threads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from mpdiag import standstill
from mpdiag.advice import Facts
from mpdiag.hang.scene import Scene
from mpdiag.hang.waits import Wait, is_users
from mpdiag.model import Cell, Column
from mpdiag.report import Section
from mpdiag.watch.observation import Stack
from mpdiag.watch.pages import short_names, where

GRAPH: Final = (
    Column("who", "who"),
    Column("what", "does"),
    Column("where", "at"),
    Column("since_s", "since", "s", wide=True),
    Column("hope", "who could end it"),
)
STACKS: Final = (Column("count", "threads", "1"), Column("who", "of"), Column("stack", "calls, the last one waits"))
LOOK: Final = (
    Column("state", "state"),
    Column("processes", "processes", "1"),
    Column("answered", "told stacks", "1"),
    Column("stuck", "threads stuck", "1"),
    Column("apart_s", "between looks", "s"),
    Column("cpu_s", "CPU meanwhile", "s"),
    Column("moved", "read, written", "B"),
)
#: Frames of the library that are told below the user's last one.
INNER: Final = 3


def sections(scene: Scene, facts: Mapping[str, Facts]) -> tuple[Section, ...]:
    """The graph and the stacks.

    Args:
        scene: what was seen.
        facts: the tables made of it.
    """
    places = short_names(
        {frame.file for wait in scene.graph.waits for frame in wait.stack}
        | {str(row["file"]) for table in facts.values() for row in table.all() if row.get("file")}
    )
    made = (
        Section("waits", "Who waits for whom", "ok", columns=GRAPH, rows=tuple(graph_rows(scene, facts, places))),
        Section("stacks.threads", "Where the threads are", "ok", columns=STACKS, rows=tuple(stack_rows(scene, places))),
        Section("look", "The look", "ok", columns=LOOK, rows=tuple(map(dict, facts["look"].all())), detail=True),
    )
    return tuple(section for section in made if section.rows)


def graph_rows(scene: Scene, facts: Mapping[str, Facts], places: Mapping[str, str]) -> Iterator[dict[str, Cell]]:
    """The waits in the order in which they hang together, those who do the same as one."""
    standing = standstill.Standing(facts)
    rows = {(row["pid"], row["native"]): row for row in facts["waits"].all()}
    groups: dict[tuple[Any, ...], list[Wait]] = defaultdict(list)
    for wait in ordered(scene):
        if wait.pid in scene.graph.snapshot.helpers:
            continue
        row = rows[wait.pid, wait.native]
        groups[wait.name if not wait.main else "", standing.what(row), where(row, places)].append(wait)
    for (_, what, place), alike in groups.items():
        first = rows[alike[0].pid, alike[0].native]
        yield {
            **first,
            "who": who(alike, scene),
            "what": what,
            "where": place,
            "count": len(alike),
            "hope": hope(alike[0], scene),
        }


def who(alike: Sequence[Wait], scene: Scene) -> str:
    """The processes, or the threads of theirs, that do the same."""
    names = standstill.some(scene.name(wait.pid) for wait in alike)
    threads = dict.fromkeys(wait.name for wait in alike if not wait.main)
    return f"{standstill.some(threads)} of {names}" if threads else names


def hope(wait: Wait, scene: Scene) -> str | None:
    """Who could end a wait, and whether any of them can go on."""
    savers = scene.graph.savers.get((wait.pid, wait.native))
    if savers is None:
        return None
    if not savers:
        return "nobody"
    able = [saver for saver in savers if scene.graph.can_move(saver)]
    names = standstill.some(scene.name(saver.pid) for saver in able or savers)
    return names if able else f"only {names}, stuck"


def ordered(scene: Scene) -> Iterator[Wait]:
    """All threads: the main one first, each followed by those that it waits for."""
    main = scene.graph.main(scene.graph.snapshot.tree.root)
    waiting = [iter([*([main] if main else []), *scene.graph.waits])]
    seen: set[tuple[int, int]] = set()
    while waiting:
        wait = next(waiting[-1], None)
        if wait is None:
            waiting.pop()
        elif (wait.pid, wait.native) not in seen:
            seen.add((wait.pid, wait.native))
            yield wait
            waiting.append(iter(scene.graph.savers.get((wait.pid, wait.native)) or ()))


def stack_rows(scene: Scene, places: Mapping[str, str]) -> Iterator[dict[str, Cell]]:
    """The stacks, equal ones as one, the rarest first."""
    groups: dict[tuple[bool, tuple[str, ...]], list[Wait]] = defaultdict(list)
    for wait in scene.graph.waits:
        if wait.stack and wait.pid not in scene.graph.snapshot.helpers:
            groups[wait.main, calls(wait.stack, places)].append(wait)
    for (_, stack), alike in sorted(groups.items(), key=lambda group: len(group[1])):
        yield {"count": len(alike), "who": who(alike, scene), "stack": " → ".join(stack)}


def calls(stack: Stack, places: Mapping[str, str]) -> tuple[str, ...]:
    """A stack from the user's first line inward; of the library's innermost calls the last ones."""
    users = [place for place, frame in enumerate(stack) if is_users(frame)]
    inner = min([*users, len(stack)])
    kept = [*(stack[place] for place in reversed(users)), *reversed(stack[: min(inner, INNER)])]
    return tuple(f"{frame.function} ({places.get(frame.file, frame.file)}:{frame.line})" for frame in kept)
