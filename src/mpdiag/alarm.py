"""Watches a program that runs, and tells when it stands still, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mpdiag import errors
from mpdiag.hang import ending
from mpdiag.hang.stillness import Stillness
from mpdiag.hang.tree import Tree
from mpdiag.report import Report


class Alarm:
    """Tells when a program stands still, and why.

    Args:
        tree: the program.
        after_s: seconds of stillness that are told; None: nothing is.
        kill: end the program then.
    """

    def __init__(self, tree: Tree, after_s: float | None, kill: bool = False) -> None:
        self.tree = tree
        self.after_s = after_s
        self.kill = kill
        #: What was told of it each time.
        self.reports: list[Report] = []
        self.ended = False
        self._stillness: Stillness | None = None

    def look(self, explain: Callable[[Tree], Report], warn: Callable[[Report], object]) -> int:
        """See whether it stands still; to be called again and again.

        A program that uses CPU time and yet gets nothing done is told only if its cause is known.

        Args:
            explain: makes the report.
            warn: shows it.
        """
        if self.ended or self.after_s is None:
            return errors.FINE
        if self._stillness is None:
            self._stillness = Stillness(self.tree, self.after_s)
        still = self._stillness.hangs()
        if still or self._stillness.idles():
            self._stillness.told = still or self._stillness.told  # whatever fails below, once is enough
            report = explain(self.tree)
            self._stillness.tell(still or is_stuck(report))
            if still or is_stuck(report):
                self._tell(report, warn)
        return errors.FINE

    def _tell(self, report: Report, warn: Callable[[Report], object]) -> None:
        self.reports.append(report)
        warn(report)
        if self.kill:
            self.ended = True
            ending.end(self.tree)

    def added(self, report: Report) -> Report:
        """The report on the run with what it hung of; of one that was ended for it, its other flaws are ours."""
        found = {(each.rule, each.place): each for one in self.reports for each in one.findings}
        if self.ended:
            return replace(report, findings=tuple(found.values()), verdict=self.reports[-1].verdict)
        others = tuple(each for each in report.findings if (each.rule, each.place) not in found)
        return replace(report, findings=(*found.values(), *others))

    def code(self, programs: int) -> int:
        """The exit code: that of the program, unless it was ended, or ended well although it had been stuck."""
        stuck = any(is_stuck(report) for report in self.reports)
        return errors.HANG if self.ended or (stuck and not programs) else programs


def is_stuck(report: Report) -> bool:
    """Whether a rule knows why the program hangs."""
    return any(finding.level == "error" for finding in report.findings)
