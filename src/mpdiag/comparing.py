"""Compares saved reports of one kind: two or more runs of a program, looks at a machine or checks of source code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mpdiag import budgets, compared_figures, compared_many, compared_runs
from mpdiag.compared_findings import Changes
from mpdiag.errors import BadInput
from mpdiag.heading import begin
from mpdiag.model import Cell, Column
from mpdiag.report import Quality, Report, Section
from mpdiag.text import present
from mpdiag.units import cell, rough

#: How to compare two reports of a kind: the verdict and the tables. Of other kinds, the findings are compared.
_HOW: dict[str, Callable[[Report, Report, Changes], tuple[str, list[Section]]]] = {
    "run": compared_runs.compare,
    "probe": compared_figures.compare,
    "size": compared_figures.compare,
    "fleet": compared_figures.compare,
}
_KINDS = "Compare reports of one command, as two of `mpdiag run`."
#: Facts without which two reports are not of the same thing.
_MACHINE = ("cpu_model", "usable_cpus", "os", "kernel")
_PYTHON = ("implementation", "version", "free_threaded", "default_start_method")
#: Facts that differ from moment to moment.
_FLEETING = frozenset(
    {"memory_available", "swap_used", "shm_free", "throttled_s", "throttled_now_s", "looked_s", "nproc_used"}
    | {"pids_room", "orphaned_workers", "orphaned_pids", "leftover_segments", "unknown"}
)


def compare(before: Report, after: Report) -> Report:
    """What became of ``before`` in ``after``.

    Its findings are those of ``after`` that ``before`` did not have.

    Args:
        before: the earlier report.
        after: the later one, of the same kind.

    Raises:
        BadInput: they are of different kinds, or comparisons themselves.
    """
    _check([before, after])
    changes = Changes.between(before, after)
    verdict, sections = _HOW.get(after.kind, _by_findings)(before, after, changes)
    facts = _facts([("before", before), ("after", after)], detail=after.kind != "doctor")
    report = _blank(after, verdict, [*facts, *(section for section in sections if section.rows)])
    return replace(report, findings=changes.new, quality=tuple(Quality(text) for text in doubts(before, after)))


def side_by_side(named: Sequence[tuple[str, Report]]) -> Report:
    """Several reports in columns: of a fleet, or of many interpreters.

    Raises:
        BadInput: they are of different kinds, or comparisons themselves.
    """
    reports = [report for _, report in named]
    _check(reports)
    verdict, sections = compared_many.compare(named)
    report = _blank(reports[0], verdict, [*_facts(named, detail=False), *sections])
    return replace(report, machine={}, python={})


def since(baseline: Report, report: Report) -> tuple[Report, Report]:
    """``report`` with what changed since ``baseline`` told besides, and the comparison alone.

    Raises:
        BadInput: the baseline is a report of another command.
    """
    check_kind(baseline, report.kind)
    compared = compare(baseline, report)
    told = [
        replace(section, id=f"since.{section.id}", title=f"Since the baseline: {section.title}")
        for section in compared.sections
    ]
    shown = replace(
        report,
        verdict=f"{report.verdict} Since the baseline: {compared.verdict}",
        sections=(*told, *report.sections),
        quality=(*report.quality, *compared.quality),
    )
    return shown, compared


def check_kind(baseline: Report, kind: str) -> None:
    """See that a report of ``kind`` can be compared with ``baseline``, before it is made.

    Raises:
        BadInput: it cannot.
    """
    if baseline.kind != kind:
        raise BadInput(f"--baseline: this is a {baseline.kind} report", f"Save one with `mpdiag {kind} --json FILE`.")
    if kind == "run":
        compared_runs.account_of(baseline, "the baseline")


def regressions(before: Report, after: Report, most: float) -> list[dict[str, Cell]]:
    """What got worse by more than ``most`` (a fraction) and so failed, as rows of a table; or that nothing did."""
    found = list(compared_runs.worse(before, after) if after.kind == "run" else _worse_figures(before, after))
    limit = rough(most, "fraction")
    failed: list[dict[str, Cell]] = [
        {
            "result": budgets.FAIL,
            "budget": f"{what}: at most {limit} worse",
            "seen": f"{rough(share, 'fraction')} worse",
            "value": share,
            "limit": most,
        }
        for what, share in found
        if share is not None and share > most
    ]
    if failed:
        return failed
    result, seen = (budgets.PASS, f"{len(found)} compared") if found else (budgets.UNKNOWN, "nothing to compare")
    return [{"result": result, "budget": f"nothing more than {limit} worse", "seen": seen, "limit": most}]


def doubts(before: Report, after: Report) -> Iterator[str]:
    """What else than the program may have made the difference."""
    for what, first, second, keys in (
        ("machine", before.machine, after.machine, _MACHINE),
        ("interpreter", before.python, after.python, _PYTHON),
    ):
        differing = [
            f"{key.replace('_', ' ')} {cell(first[key], None)}, then {cell(second[key], None)}"
            for key in keys
            if key in first and key in second and first[key] != second[key]
        ]
        if differing:
            yield f"not the same {what}: {'; '.join(differing)}"
    if before.tool.version != after.tool.version:
        yield f"written by different versions of mpdiag: {before.tool.version} and {after.tool.version}"
    for name, report in (("BEFORE", before), ("AFTER", after)):
        main = next((one for one in report.account.processes if one.role == "main"), None) if report.account else None
        if main and main.exit not in (0, None):
            yield f"the program failed in {name} (exit {main.exit}): its times may mean little"


def _check(reports: Sequence[Report]) -> None:
    """See that ``reports`` can be compared.

    Raises:
        BadInput: they cannot.
    """
    first = reports[0]
    for report in reports[1:]:
        if report.kind != first.kind:
            raise BadInput(f"a {first.kind} report cannot be compared with a {report.kind} report", _KINDS)
    if first.kind == "compare":
        raise BadInput("comparisons cannot be compared", "Compare the reports that they are of.")


def _by_findings(_before: Report, _after: Report, changes: Changes) -> tuple[str, list[Section]]:
    """Of reports that measure nothing, what became of their findings."""
    return changes.verdict, [changes.section]


def _worse_figures(before: Report, after: Report) -> Iterator[tuple[str, float | None]]:
    for figure in compared_figures.common(before, after):
        yield figure.name, figure.worse


def _facts(named: Sequence[tuple[str, Report]], detail: bool) -> list[Section]:
    """What differs in machines and interpreters, a column for each report; none when nothing does."""
    rows: list[dict[str, Cell]] = []
    for what in ("machine", "python"):
        facts = [_steady(getattr(report, what)) for _, report in named]
        for key in dict.fromkeys(key for each in facts for key in each):
            cells = [each.get(key) for each in facts]
            if len(set(cells)) > 1:
                rows.append({"of": what, "fact": key, **{str(at): text for at, text in enumerate(cells)}})
    columns = (
        *(Column("of", "of"), Column("fact", "fact")),
        *(Column(str(at), name) for at, (name, _) in enumerate(named)),
    )
    title = "What differs in machine and interpreter"
    return [Section("facts", title, "ok", columns=columns, rows=tuple(rows), detail=detail)] if rows else []


def _steady(facts: Mapping[str, Any]) -> dict[str, str]:
    return dict(present.pairs({key: value for key, value in facts.items() if key not in _FLEETING}))


def _blank(like: Report, verdict: str, sections: Sequence[Section]) -> Report:
    return replace(
        begin("compare"),
        started_at=like.started_at,
        machine=like.machine,
        python=like.python,
        verdict=verdict,
        sections=tuple(sections),
    )
