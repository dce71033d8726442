"""The first line of a report: one sentence that answers what the user came for."""

from __future__ import annotations

from mpdiag.model import Cell, Measured
from mpdiag.report import Report, Section
from mpdiag.units import number, seconds


def probe(report: Report) -> str:
    """What multiprocessing costs here, and whether something needs attention."""
    parts = [part for part in (starting(report), dispatching(report)) if part]
    attention = [finding for finding in report.findings if finding.level != "note"]
    if attention:
        worst = attention[0]
        more = f" and {len(attention) - 1} more" if len(attention) > 1 else ""
        parts.append(f"look at {worst.rule} {worst.name}{more}")
    elif report.findings or report.passed:
        parts.append("nothing on this machine stands in the way")
    return capitalised("; ".join(parts)) + "." if parts else "Nothing was measured."


def capitalised(text: str) -> str:
    """``text`` with a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]


def starting(report: Report) -> str | None:
    """What a worker costs to start by the default method, on how many CPUs."""
    method = report.python.get("default_start_method")
    usable = report.machine.get("usable_cpus")
    cost = median(report, "start_method", "joined", method=method) or median(
        report, "start_method", "joined", method=f"{method}, next"
    )
    if cost is None:
        return None
    where = f" on {number(usable, None)} usable CPUs" if usable else ""
    return f"a worker costs {seconds(cost)} by {method}, the default{where}"


def dispatching(report: Report) -> str | None:
    """The task below which a pool does not pay."""
    cost = median(report, "pool_overhead.break_even", "task")
    return None if cost is None else f"a pool pays for tasks above {seconds(cost)}"


def median(report: Report, section: str, key: str, **where: object) -> float | None:
    """The median in the first row of ``section`` that fits ``where``."""
    for row in rows(report.sections, section):
        cell = row.get(key)
        if all(row.get(name) == wanted for name, wanted in where.items()):
            if isinstance(cell, Measured):
                return cell.median
            if isinstance(cell, (int, float)):
                return float(cell)
    return None


def rows(sections: tuple[Section, ...], name: str) -> tuple[dict[str, Cell], ...]:
    """The rows of the section ``name``."""
    return next((section.rows for section in sections if section.id == name), ())
