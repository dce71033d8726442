"""The report of ``mpdiag lint``."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from mpdiag import verdicts
from mpdiag.advice import Finding
from mpdiag.linting.job import Job
from mpdiag.model import Cell, Column
from mpdiag.report import Quality, Report, Section


def report(job: Job) -> Report:
    """What is to be told of ``job``, which has run."""
    outcome = job.outcome
    findings = sorted((finding for told in outcome.sifted.told for finding in told), key=_order)
    spoke = {finding.rule for each in outcome.harvest.examined for finding in each.findings}
    made = replace(
        job.head,
        duration_s=job.duration_s,
        python=judged_for(job),
        sections=tuple(sections(job, findings)),
        findings=tuple(findings),
        quality=tuple(map(Quality, remarks(job))),
        passed=tuple(lint.id for lint in job.examiner.choice.lints if outcome.harvest.checked and lint.id not in spoke),
    )
    return replace(made, verdict=verdicts.lint(made))


def _order(finding: Finding) -> tuple[Any, ...]:
    return (finding.rank, *finding.order, finding.rule)


def judged_for(job: Job) -> dict[str, Any]:
    """What the code was judged for, and what parsed it."""
    ranges = {job.examiner.targets.of(project).versions for project in job.outcome.harvest.projects or {None}}
    return {
        "parser": f"{platform.python_implementation()} {platform.python_version()}",
        "target_versions": [
            " to ".join(f"{major}.{minor}" for major, minor in sorted(set(versions))) for versions in sorted(ranges)
        ],
        "start_method": job.request.start_method or "the default of each system",
    }


def remarks(job: Job) -> Iterator[str]:
    """What limits the trust in the report: what was not read, and comments that do not do what they say."""
    if job.outcome.interrupted:
        yield "interrupted: what had been checked by then is shown"
    yield from (each.failed for each in job.outcome.harvest.examined if each.failed)
    yield from (f"{name}: {reason}" for name, reason in job.search.passed)
    yield from (remark for each in job.outcome.harvest.examined for remark in each.remarks)


def sections(job: Job, findings: list[Finding]) -> Iterator[Section]:
    """The tables: how often which rule spoke, what was mended, what was looked at."""
    if job.request.statistics:
        yield statistics(findings)
    if job.request.fix:
        yield fixed(job.outcome.fixed)
    yield counts(job)


def statistics(findings: list[Finding]) -> Section:
    """How often each rule spoke, the most often first."""
    often = Counter((finding.rule, finding.name) for finding in findings)
    rows: list[dict[str, Cell]] = [
        {"rule": rule, "name": name, "count": count}
        for (rule, name), count in sorted(often.items(), key=lambda each: (-each[1], each[0]))
    ]
    columns = (Column("rule", "rule"), Column("name", "name"), Column("count", "findings", "1"))
    return Section("statistics", "Findings by rule", "ok", columns=columns, rows=tuple(rows))


def fixed(findings: list[Finding]) -> Section:
    """What was mended, and where it was."""
    rows: list[dict[str, Cell]] = [
        {"rule": finding.rule, "name": finding.name, "file": finding.place.file, "line": finding.place.line}
        for finding in findings
        if finding.place
    ]
    columns = (Column("rule", "rule"), Column("name", "name"), Column("file", "file"), Column("line", "line was", "1"))
    return Section("fixed", "Mended", "ok", columns=columns, rows=tuple(rows))


def counts(job: Job) -> Section:
    """How many files and findings there were, and what became of them."""
    outcome, harvest = job.outcome, job.outcome.harvest
    failed = sum(each.failed is not None for each in harvest.examined)
    numbers: dict[str, tuple[str, int]] = {
        "checked": ("files checked", harvest.checked),
        "relevant": ("of these, files that use multiprocessing", harvest.relevant),
        "not_checked": ("files that could not be checked", failed + len(job.search.passed)),
        "excluded": ("files and folders excluded", job.search.left_out),
        "unchanged": ("files without a change", outcome.unchanged),
        "silenced": ("findings silenced by comments", harvest.silenced),
        "known": ("findings in the baseline", outcome.sifted.known),
        "untouched": ("findings on lines without a change", outcome.sifted.untouched),
        "fixed": ("findings mended", len(outcome.fixed)),
    }
    rows: list[dict[str, Cell]] = [
        {"key": key, "what": what, "count": count}
        for key, (what, count) in numbers.items()
        if count or key in ("checked", "relevant")
    ]
    columns = (Column("what", "what"), Column("count", "number", "1"))
    return Section("files", "What was looked at", "ok", columns=columns, rows=tuple(rows), detail=True)
