"""Several reports of a kind side by side: a column for each, a row for each thing that they tell."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from mpdiag import compared_runs, units
from mpdiag.compared_figures import Figure, common
from mpdiag.model import Cell, Column
from mpdiag.report import Report, Section
from mpdiag.text.buckets import bucket

Named = Sequence[tuple[str, Report]]


def compare(named: Named) -> tuple[str, list[Section]]:
    """The verdict on several reports, and the tables.

    Args:
        named: reports of one kind, each with what it is called.

    Raises:
        BadInput: one of several runs has no account of its time.
    """
    verdict, sections = _runs(named) if named[0][1].kind == "run" else _figures(named)
    return verdict, [section for section in (_findings(named), *sections) if section.rows]


def _runs(named: Named) -> tuple[str, list[Section]]:
    """Where the time of several runs went."""
    accounts = [compared_runs.account_of(report, name) for name, report in named]
    sections = []
    for name, (title, what, unit) in compared_runs.TABLES.items():
        amounts = [compared_runs.amounts(name, account) for account in accounts]
        rows = [
            {"what": bucket(key).words if name == "buckets" else key, **_cells([each.get(key) for each in amounts])}
            for key in dict.fromkeys(key for each in amounts for key in each)
        ]
        columns = _columns(named, Column("what", what), unit)
        sections.append(Section(name, title, "ok", columns=columns, rows=tuple(rows)))
    times = sorted((account.wall_s, at) for at, account in enumerate(accounts))
    (least, first), (most, last) = times[0], times[-1]
    took = f"{named[first][0]} took least, {units.seconds(least)}; {named[last][0]} most, {units.seconds(most)}"
    return f"{len(named)} runs: {took}.", sections


def _figures(named: Named) -> tuple[str, list[Section]]:
    """The figures that the first report shares with others, those that differ most first."""
    reference = named[0][1]
    found: dict[tuple[str, str, str], dict[int, Figure]] = {}
    for at, (_, report) in enumerate(named):
        for figure in common(reference, report):
            found.setdefault((figure.section, figure.what, figure.column.key), {})[at] = figure
    rows = sorted((_figure_row(each, len(named)) for each in found.values()), key=lambda row: -_spread(row))
    columns = (*_columns(named, Column("what", "what"), None), Column("spread", "largest : smallest", "x"))
    section = Section("figures", "Figures", "ok", columns=columns, rows=tuple(rows))
    if not rows:
        return f"{len(named)} reports without a figure in common.", []
    most = rows[0]
    spread = f" ({units.number(_spread(most), 'x')})" if _spread(most) > 0 else ""
    return f"{len(named)} reports, {len(rows)} figures: most of all they differ in {most['what']}{spread}.", [section]


def _figure_row(figures: Mapping[int, Figure], count: int) -> dict[str, Cell]:
    """One figure in all reports; as text, for its unit is its own."""
    first = next(iter(figures.values()))
    values = [figures[at].after.median for at in figures]
    known = [value for value in values if value > 0 and math.isfinite(value)]
    cells = [units.cell(figures[at].after, first.column.unit) if at in figures else None for at in range(count)]
    return {"what": first.name, **_cells(cells), "spread": max(known) / min(known) if known else None}


def _spread(row: Mapping[str, Cell]) -> float:
    spread = row["spread"]
    return spread if isinstance(spread, float) else 0.0


def _findings(named: Named) -> Section:
    """Which report has which mistake, and how much a fix would win there."""
    found: dict[str, dict[int, str]] = {}
    for at, (_, report) in enumerate(named):
        for finding in report.findings:
            gain = f", {units.rough(finding.gain.ceiling_fraction, 'fraction')}" if finding.gain else ""
            found.setdefault(f"{finding.rule} {finding.name}", {}).setdefault(at, f"{finding.level}{gain}")
    rows = tuple(
        {"what": rule, **_cells([levels.get(at) for at in range(len(named))])} for rule, levels in sorted(found.items())
    )
    columns = _columns(named, Column("what", "mistake"), None)
    return Section("findings", "Findings, and at most to win", "ok", columns=columns, rows=rows)


def _columns(named: Named, first: Column, unit: str | None) -> tuple[Column, ...]:
    return (first, *(Column(str(at), name, unit) for at, (name, _) in enumerate(named)))


def _cells(values: Sequence[Cell]) -> dict[str, Cell]:
    return {str(at): value for at, value in enumerate(values)}


def names(files: Sequence[str], reports: Sequence[Report]) -> list[str]:
    """What to call several reports: by their Python version if all differ in it, else as their files are called.

    Args:
        files: their paths, in the order of ``reports``.
        reports: what they hold.
    """
    versions = [str(report.python.get("version") or "") for report in reports]
    if all(versions) and len(set(versions)) == len(reports):
        return [f"Python {version}" for version in versions]
    parts = [file.replace("\\", "/").removesuffix(".json").split("/") for file in files]
    longest = max(map(len, parts))
    called = (["/".join(each[-length:]) for each in parts] for length in range(1, longest + 1))
    ends = next((ends for ends in called if len(set(ends)) == len(ends)), [each[-1] for each in parts])
    return [f"{end} ({at + 1})" if ends.count(end) > 1 else end for at, end in enumerate(ends)]
