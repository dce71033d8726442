"""What a new report is held against: a saved one, and budgets."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import click

from mpdiag import budgets
from mpdiag.budgets import Budget
from mpdiag.errors import BadInput
from mpdiag.options import Command, Target, emit, option
from mpdiag.report import Report

_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(%?)")


@dataclass(frozen=True)
class Against:
    """What was wished for."""

    baseline: Report | None = None
    #: The fraction by which nothing may be worse than in the baseline.
    most: float | None = None
    budgets: tuple[Budget, ...] = ()

    def emit(self, report: Report, target: Target, err: bool = False) -> int:
        """Write the report, with what it was held against, to all its places; findings of the baseline do not count.

        Args:
            report: what there is to tell.
            target: its places.
            err: as for `mpdiag.options.emit`.
        """
        rows = [budget.judge(report) for budget in self.budgets]
        shown = counted = report
        if self.baseline:
            from mpdiag import comparing  # most reports are compared with none

            shown, counted = comparing.since(self.baseline, report)
            if self.most is not None:
                rows += comparing.regressions(self.baseline, report, self.most)
        shown = budgets.tabled(shown, "Budgets", rows) if rows else shown
        return emit(shown, target, err, counted.findings)


def fraction(_context: click.Context, _parameter: click.Parameter, value: str | None) -> float | None:
    """``10%``, ``10 %`` and ``0.1`` are the same.

    Raises:
        BadInput: it is no part of anything.
    """
    if value is None:
        return None
    found = _PART.fullmatch(str(value).strip())
    if found is None:
        raise BadInput(f"--fail-on-regression: {value!r} is no part", "Write 10% or 0.1.")
    return float(found[1]) / (100 if found[2] else 1)


regression_option = option(
    "--fail-on-regression",
    callback=fraction,
    metavar="PERCENT",
    help="Exit 1 when something is worse by so much, beyond what its interval leaves open.",
)


def against_options(limited: bool = False) -> Callable[[Command], Command]:
    """The options of commands whose reports can be held against something; the command gets it as ``against``.

    Args:
        limited: whether there can be budgets.
    """

    def decorate(command: Command) -> Command:
        @wraps(command)
        def wrapper(**values: Any) -> Any:
            file, most = values.pop("baseline"), values.pop("fail_on_regression")
            if most is not None and not file:
                raise BadInput("--fail-on-regression needs something to compare with", "Give it with --baseline FILE.")
            wanted = tuple(map(budgets.parse, values.pop("budgets", ())))
            baseline = loaded(file, values["select"], values["ignore"]) if file else None
            return command(against=Against(baseline, most, wanted), **values)

        decorated: Any = wrapper
        for each in reversed([_BASELINE, regression_option, *([_BUDGETS] if limited else [])]):
            decorated = each(decorated)
        return decorated  # type: ignore[no-any-return]

    return decorate


def loaded(file: str, select: tuple[str, ...], ignore: tuple[str, ...]) -> Report:
    """The report in ``file``, as far as it is wanted, to compare one of the present command with.

    Raises:
        BadInput: it cannot be read, or is of another command.
    """
    from mpdiag import comparing, saved

    baseline = saved.only(saved.load(file), select, ignore)
    comparing.check_kind(baseline, click.get_current_context().info_name or "")
    return baseline


_BASELINE = option(
    "--baseline",
    metavar="FILE",
    help="Tell what changed since FILE, a report in JSON; only new findings count.",
)
_BUDGETS = option(
    "--budgets", multiple=True, metavar="TEXT", help='Exit 1 beyond a limit, as "peak PSS <= 2 GiB" or "no MP6xx".'
)
