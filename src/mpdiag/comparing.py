"""Compares two saved reports of one kind: two runs of a program, or two looks at a machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mpdiag import __version__, compared_figures, compared_runs
from mpdiag.compared_findings import Changes
from mpdiag.errors import BadInput
from mpdiag.report import SCHEMA, Quality, Report, Section, Tool
from mpdiag.units import cell

#: How to compare two reports of a kind: the verdict and the tables.
_HOW: dict[str, Callable[[Report, Report, Changes], tuple[str, list[Section]]]] = {
    "run": compared_runs.compare,
    "probe": compared_figures.compare,
}
_KINDS = "Compare two reports of `mpdiag run`, or two of `mpdiag probe`."
#: Facts without which two reports are not of the same thing.
_MACHINE = ("cpu_model", "usable_cpus", "os", "kernel")
_PYTHON = ("implementation", "version", "free_threaded", "default_start_method")


def compare(before: Report, after: Report, command: tuple[str, ...] = ()) -> Report:
    """What became of ``before`` in ``after``.

    Its findings are those of ``after`` that ``before`` did not have.

    Args:
        before: the earlier report.
        after: the later one, of the same kind.
        command: the command line that asks for it.

    Raises:
        BadInput: they are of different kinds, or of one that cannot be compared.
    """
    if before.kind != after.kind:
        raise BadInput(f"a {before.kind} report cannot be compared with a {after.kind} report", _KINDS)
    if before.kind not in _HOW:
        raise BadInput(f"{before.kind} reports cannot be compared", _KINDS)
    changes = Changes.between(before.findings, after.findings)
    verdict, sections = _HOW[before.kind](before, after, changes)
    return Report(
        schema=SCHEMA,
        kind="compare",
        tool=Tool("mpdiag", __version__),
        started_at=after.started_at,
        duration_s=0.0,
        command=command,
        machine=after.machine,
        python=after.python,
        verdict=verdict,
        sections=tuple(section for section in sections if section.rows),
        findings=tuple(changes.new),
        quality=tuple(Quality(text) for text in doubts(before, after)),
    )


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
