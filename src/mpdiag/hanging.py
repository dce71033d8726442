"""Look, judge, tell: makes a report of why a program no longer moves, and leaves it as it is."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from mpdiag import judging, machine, registry, verdicts
from mpdiag.errors import CannotWork
from mpdiag.hang import doubts, graph, looking, pages, waits
from mpdiag.hang import facts as tabled
from mpdiag.hang.scene import Scene, seen_lives
from mpdiag.hang.snapshot import Snapshot
from mpdiag.hang.tree import Tree
from mpdiag.heading import begin
from mpdiag.report import Quality, Report
from mpdiag.standstill import Standing
from mpdiag.watch.books import read
from mpdiag.watch.folder import LEDGERS


def explain(tree: Tree, select: Iterable[str] = (), ignore: Iterable[str] = ()) -> Report:
    """The report on a program as it stands now.

    Args:
        tree: the program.
        select: ids of the rules to judge; empty: all.
        ignore: those not to judge.

    Raises:
        BadInput: an unknown rule.
        CannotWork: the program has ended meanwhile.
    """
    rules = registry.select(select, ignore)
    report, begun = begin("hang"), time.monotonic()
    taken = looking.take(tree)
    if not taken.living:
        raise CannotWork(f"process {tree.root} has ended while it was looked at")
    scene = seen(taken)
    tables = tabled.gather(scene)
    host = machine.gather()
    known: dict[str, Any] = {"machine": host, "standing": Standing(tables), **tables}
    judged = judging.judge(rules, known, "hang")
    report = replace(
        report,
        duration_s=time.monotonic() - begun,
        machine=host,
        sections=pages.sections(scene, tables),
        findings=tuple(sorted(judged.findings, key=lambda finding: finding.rank)),
        quality=tuple(Quality(text) for text in doubts.of(taken)),
        passed=tuple(judged.passed),
        not_judged=tuple(judged.not_judged),
    )
    return replace(report, verdict=verdicts.hang(report))


def seen(taken: Snapshot) -> Scene:
    """What was seen, with what the ledgers tell of it."""
    books = read(taken.tree.folder / LEDGERS) if taken.tree.folder else ()
    known = seen_lives(books, taken.tree.root, taken.at_s, taken.processes)
    return Scene(graph.draw(taken, waits.of(taken)), known)
