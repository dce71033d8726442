"""Many hosts' reports as one: a row for each, what is unusual, and findings put together; no I/O."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mpdiag.advice import Evidence, Finding
from mpdiag.fleet import usual
from mpdiag.fleet.usual import Odd
from mpdiag.model import Cell, Column
from mpdiag.report import Quality, Report, Section, Unjudged, Visited

#: Of a host's unusual figures so many are shown; all of them are in the table of figures.
_SHOWN = 3
#: Hosts of a finding that are named.
_NAMED = 3

_HOSTS = (
    Column("host", "host"),
    Column("address", "address", wide=True),
    Column("state", "state"),
    Column("cpus", "usable CPUs", "1"),
    Column("memory", "memory", "B"),
    Column("python", "Python"),
    Column("pace", "durations", "x"),
    Column("unusual", "unusual", "1"),
    Column("findings", "findings"),
    Column("took", "took", "s", wide=True),
)
_UNUSUAL = (
    Column("host", "host"),
    Column("what", "what"),
    Column("here", "here"),
    Column("usual", "usual"),
    Column("times", "ratio", "x"),
)
_FIGURES = (
    Column("what", "what"),
    Column("hosts", "hosts", "1"),
    Column("usual", "usual"),
    Column("least", "least"),
    Column("most", "most"),
    Column("unusual", "unusual at"),
)


@dataclass(frozen=True)
class Summary:
    """What many reports have in common, and what sets some apart."""

    sections: tuple[Section, ...]
    findings: tuple[Finding, ...]
    quality: tuple[Quality, ...]
    passed: tuple[str, ...]
    not_judged: tuple[Unjudged, ...]


def summary(hosts: Sequence[Visited]) -> Summary:
    """Put the reports of ``hosts`` together."""
    reports = {one.host: one.report for one in hosts if one.report}
    figures = usual.by_name(reports)
    odd = {name: usual.odd(some) for name, some in figures.items()}
    ranked = sorted((one for some in odd.values() for one in some), key=lambda one: (one.host, -one.far))
    paces = usual.pace(figures.values())
    table = tuple(usual.spread(name, some, odd[name]) for name, some in figures.items())
    sections = [
        Section("unusual", "Unusual for this fleet", "ok", columns=_UNUSUAL, rows=tuple(unusual_rows(ranked))),
        Section("hosts", "Hosts", "ok", columns=shown(_HOSTS, bool(paces)), rows=host_rows(hosts, ranked, paces)),
        Section("figures", "What is usual here", "ok", columns=_FIGURES, rows=table, detail=True),
    ]
    return Summary(
        tuple(section for section in sections if section.rows),
        tuple(sorted(grouped(reports), key=lambda finding: finding.rank)),
        tuple(doubts(reports)),
        passed(reports.values()),
        tuple(unjudged(reports)),
    )


# --- tables


def shown(columns: tuple[Column, ...], paced: bool) -> tuple[Column, ...]:
    """``columns``, that for the pace only where something was timed."""
    return tuple(column for column in columns if paced or column.key != "pace")


def host_rows(hosts: Iterable[Visited], odd: Sequence[Odd], paces: dict[str, float]) -> tuple[dict[str, Cell], ...]:
    """A row for each host: those without an answer first, then those with most that is unusual."""
    counts = Counter(one.host for one in odd)
    ordered = sorted(hosts, key=lambda one: (one.status == "ok", -counts[one.host]))
    return tuple(host_row(one, counts[one.host], paces.get(one.host)) for one in ordered)


def host_row(one: Visited, odd: int, pace: float | None) -> dict[str, Cell]:
    """One host."""
    report = one.report
    known = report.machine if report else {}
    rules = [finding.rule for finding in report.findings if finding.level != "note"] if report else []
    return {
        "host": one.host,
        "address": one.address,
        "state": one.status if one.status == "ok" else f"{one.status}: {one.reason}",
        "cpus": known.get("usable_cpus"),
        "memory": known.get("usable_memory"),
        "python": report.python.get("version") if report else None,
        "pace": pace,
        "unusual": odd if report else None,
        "findings": ", ".join(dict.fromkeys(rules)) or None,
        "took": one.duration_s,
    }


def unusual_rows(odd: Iterable[Odd]) -> Iterable[dict[str, Cell]]:
    """The most unusual figures of each host."""
    told: Counter[str] = Counter()
    for one in odd:
        told[one.host] += 1
        if told[one.host] <= _SHOWN:
            here = one.figure.shown
            yield {"host": one.host, "what": one.figure.what, "here": here, "usual": one.usual, "times": one.times}


# --- findings


def grouped(reports: dict[str, Report]) -> Iterable[Finding]:
    """Each finding once, with the hosts that have it."""
    groups: dict[tuple[str, str], dict[str, Finding]] = defaultdict(dict)
    for host, report in reports.items():
        for finding in report.findings:
            groups[finding.rule, finding.level].setdefault(host, finding)
    for found in groups.values():
        yield of_hosts(found, len(reports))


def of_hosts(found: dict[str, Finding], whole: int) -> Finding:
    """One finding for several hosts: the words of the one that is worst off, if they differ."""
    worst = max(found, key=lambda host: found[host].concern)
    alike = len({finding.seen for finding in found.values()}) == 1
    which = "" if alike or len(found) == 1 else f"most of all {worst}"
    finding = found[worst]
    return replace(
        finding,
        seen=f"{counted(list(found), whole, which)}: {finding.seen}",
        evidence=(
            *finding.evidence,
            Evidence("hosts", len(found), "1"),
            Evidence("of hosts that answered", whole, "1"),
        ),
    )


def counted(hosts: Sequence[str], whole: int, which: str = "") -> str:
    """How many hosts of how many, and which, unless it is all: the first of them, if nothing else is said."""
    if len(hosts) == whole > 1:
        return f"all {whole} hosts" + (f" ({which})" if which else "")
    more = len(hosts) - _NAMED
    named = ", ".join(hosts[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"{len(hosts)} of {whole} host{'s' * (whole != 1)} ({which or named})"


def passed(reports: Iterable[Report]) -> tuple[str, ...]:
    """The rules that found nothing on any host that they judged."""
    every = list(reports)
    found = {finding.rule for report in every for finding in report.findings}
    return tuple(sorted({rule for report in every for rule in report.passed} - found))


def unjudged(reports: dict[str, Report]) -> Iterable[Unjudged]:
    """The rules that no host allowed to judge."""
    judged = {rule for report in reports.values() for rule in report.passed}
    judged |= {finding.rule for report in reports.values() for finding in report.findings}
    reasons: dict[str, Counter[str]] = defaultdict(Counter)
    for report in reports.values():
        for one in report.not_judged:
            reasons[one.rule][one.reason] += 1
    return [Unjudged(rule, why.most_common(1)[0][0]) for rule, why in sorted(reasons.items()) if rule not in judged]


def doubts(reports: dict[str, Report]) -> Iterable[Quality]:
    """What limits the trust in the hosts' figures, by kind: remarks that begin alike are one."""
    groups: dict[str, dict[str, str]] = defaultdict(dict)
    for host, report in reports.items():
        for one in report.quality:
            groups[one.text.partition(":")[0]].setdefault(host, one.text)
    for found in groups.values():
        yield Quality(f"{counted(list(found), len(reports))}: {next(iter(found.values()))}")
