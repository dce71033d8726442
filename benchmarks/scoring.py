"""How reports on programs with a known problem are scored; benchmarks/diagnosis.py runs the programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cases import Case, Run

from mpdiag import registry, stats

#: What a cause is looked for in: crashes are told apart, and hangs are for another command.
NAMED = ("slow", "memory", "wrong-result")
#: What is saved lies between these variants.
SAVING = ("bad", "fixed")
#: A ceiling is honest when the saving does not exceed it, and of use when it does not exceed the saving by more.
GENEROUS = 1.5
#: How much of the processes' lifetimes may stay unaccounted for.
REMAINDER = 0.03

Finding = dict[str, Any]


@dataclass(frozen=True)
class Observed:
    """The runs of a case by variant; one under mpdiag is set against all bare ones of its variant."""

    bare: dict[str, list[Run]]
    under: dict[str, list[Run]]


@dataclass
class Score:
    """What the reports on one case were worth; lists hold an entry per round."""

    case: str
    cause: str
    expect: str
    #: Whether any rule goes by the name of the cause.
    known: bool = True
    #: What was named first on ``bad.py``, and where the cause stood (from 1; None: nowhere).
    first: list[str | None] = field(default_factory=list)
    rank: list[int | None] = field(default_factory=list)
    #: The same for the cause in ``decoy.py``, which only mends something that matters little.
    decoy: list[int | None] = field(default_factory=list)
    #: Names found at ``warning`` or above on ``fixed.py`` and ``healthy.py``.
    alarms: list[list[str]] = field(default_factory=list)
    #: Whether ``fixed.py`` still has the cause, at any level.
    lingers: list[bool] = field(default_factory=list)
    #: Seconds: the ceiling of the gain on ``bad.py``, and what the fix saves without mpdiag, between medians.
    ceiling_s: float | None = None
    saving_s: float | None = None
    unaccounted: list[float] = field(default_factory=list)
    #: Wall under mpdiag over bare wall: the program as mpdiag saw it, and the whole command.
    program: list[float] = field(default_factory=list)
    command: list[float] = field(default_factory=list)
    #: How an outcome under mpdiag was unlike the bare one.
    changed: list[str] = field(default_factory=list)
    #: Runs without any report.
    silent: list[str] = field(default_factory=list)


def causes(name: str) -> set[str]:
    """The ids of the rules that know a cause by ``name``, as slug or alias."""
    return {rule.id for rule in registry.rules().values() if name in (rule.name, *rule.aliases)}


def score(case: Case, observed: Observed, right: set[str]) -> Score:
    """Score all runs of a case.

    Args:
        case: the case.
        observed: its runs.
        right: ids of the rules that are its cause.
    """
    result = Score(case.name, case.cause, case.expect, known=bool(right) or case.expect == "healthy")
    for variant, runs in observed.under.items():
        for under in runs:
            compare(variant, case, observed.bare[variant], under, result)
            if under.report is None:
                result.silent.append(variant)
            else:
                judge(variant, under.report, right, result)
    if case.expect == "slow":
        gains(observed, right, result)
    return result


def compare(variant: str, case: Case, bare: Sequence[Run], under: Run, result: Score) -> None:
    """Note whether a run under mpdiag ended as a bare one does, and what it cost."""
    wall = stats.median([run.wall_s for run in bare])
    if under.exit not in map(status, bare):
        result.changed.append(f"{variant}: exit {bare[0].exit} bare, {under.exit} under")
    elif variant == "bad" and case.expect == "wrong-result":
        pass  # the wrong line differs from run to run
    elif all(run.result != under.result for run in bare):
        result.changed.append(f"{variant}: {bare[0].result} bare, {under.result} under")
    result.command.append(under.wall_s / wall)
    account = (under.report or {}).get("account")
    if account:
        result.program.append(account["wall_s"] / wall)
        result.unaccounted.append(account["unaccounted_fraction"])


def status(run: Run) -> int | None:
    """The exit code as a shell, and mpdiag, give it: 128 + n for a signal."""
    return 128 - run.exit if run.exit is not None and run.exit < 0 else run.exit


def judge(variant: str, report: dict[str, Any], right: set[str], result: Score) -> None:
    """Note what a report found."""
    findings: list[Finding] = report["findings"]
    rank = next((place for place, each in enumerate(findings, 1) if each["rule"] in right), None)
    if variant == "bad":
        result.first.append(findings[0]["name"] if findings else None)
        result.rank.append(rank)
    elif variant == "decoy":
        result.decoy.append(rank)
    else:
        result.alarms.append([each["name"] for each in findings if each["level"] != "note"])
        if variant == "fixed":
            result.lingers.append(rank is not None)


def gains(observed: Observed, right: set[str], result: Score) -> None:
    """Set the ceiling on the cause against what the fix saves."""
    bad, fixed = map(observed.bare.get, SAVING)
    if bad and fixed:
        result.saving_s = stats.median([run.wall_s for run in bad]) - stats.median([run.wall_s for run in fixed])
    ceilings = [
        each["gain"]["ceiling_s"]
        for run in observed.under.get("bad", [])
        for each in (run.report or {}).get("findings", [])
        if each["rule"] in right and each["gain"]
    ]
    if ceilings:
        result.ceiling_s = stats.median(ceilings)


def line(result: Score) -> str:
    """One line on one case."""
    parts = []
    if not result.known:
        parts.append("no rule goes by this name")
    if result.first:
        ranks = "/".join("-" if rank is None else str(rank) for rank in result.rank)
        parts.append(f"rank {ranks}, first {', '.join(sorted({name or 'nothing' for name in result.first}))}")
    if result.saving_s is not None:
        promised = "no gain given" if result.ceiling_s is None else f"≤ {result.ceiling_s:.2f} s"
        parts.append(f"saves {result.saving_s:.2f} s, {promised}")
    if alarms := sorted({name for names in result.alarms for name in names}):
        parts.append(f"FALSE ALARM {', '.join(alarms)}")
    if any(result.lingers):
        parts.append("still named on fixed")
    if result.program:
        parts.append(f"×{stats.median(result.program):.2f}")
    if remainders := [f"{each:.3f}" for each in result.unaccounted if each > REMAINDER]:
        parts.append(f"UNACCOUNTED {', '.join(remainders)}")
    if result.silent:
        parts.append(f"NO REPORT ({', '.join(result.silent)})")
    parts += [f"CHANGED {each}" for each in result.changed]
    return f"{result.case:<26} {result.cause:<24} {'; '.join(parts)}"


def summary(scores: Sequence[Score]) -> list[tuple[str, list[list[str]]]]:
    """The tables: a title, and rows of what is counted, of how many, the figure and the aim."""
    named = [each for each in scores if each.expect in NAMED]
    crashes = [each for each in scores if each.expect == "crash"]
    return [
        ("Causes named on bad.py", [*recall("", named), *recall("crashes: ", crashes), decoys(scores)]),
        ("Silence", silence(scores)),
        ("Gain (slow cases)", promises([each for each in scores if each.expect == "slow"])),
        ("Running under mpdiag", harm(scores)),
    ]


def recall(prefix: str, scores: Iterable[Score]) -> list[list[str]]:
    """How often the cause was named first, and at all; a run without report names nothing."""
    ranks = [rank for each in scores for rank in (*each.rank, *(None for name in each.silent if name == "bad"))]
    return [
        share(f"{prefix}first", ranks, lambda rank: rank == 1, "≥ 90 %"),
        share(f"{prefix}at any rank", ranks, lambda rank: rank is not None, ""),
    ]


def decoys(scores: Iterable[Score]) -> list[str]:
    """How often the cause still came first when only the decoy had been mended."""
    return share("first on decoy.py", [rank for each in scores for rank in each.decoy], lambda rank: rank == 1, "")


def silence(scores: Sequence[Score]) -> list[list[str]]:
    """False alarms."""
    healthy = [alarms for each in scores if each.expect == "healthy" for alarms in each.alarms]
    fixed = [alarms for each in scores if each.expect != "healthy" for alarms in each.alarms]
    lingering = [lingers for each in scores for lingers in each.lingers]
    return [
        share("alarms on healthy.py", healthy, bool, "none"),
        share("alarms on fixed.py", fixed, bool, "none"),
        share("own cause on fixed.py", lingering, bool, "none"),
    ]


def promises(scores: Sequence[Score]) -> list[list[str]]:
    """Ceilings against savings."""
    pairs = [(each.ceiling_s, each.saving_s) for each in scores if each.ceiling_s is not None and each.saving_s]
    measured = [each for each in scores if each.saving_s is not None and each.rank]
    return [
        share("a ceiling was given", measured, lambda each: each.ceiling_s is not None, ""),
        share("saving ≤ ceiling", pairs, lambda pair: pair[1] <= pair[0], "≥ 90 %"),
        share(f"ceiling ≤ {GENEROUS} × saving", pairs, lambda pair: pair[0] <= GENEROUS * pair[1], "≥ 70 %"),
    ]


def harm(scores: Sequence[Score]) -> list[list[str]]:
    """What became of the programs, and of the account."""
    remainders = [part for each in scores for part in each.unaccounted]
    program = [ratio for each in scores for ratio in each.program]
    command = [ratio for each in scores for ratio in each.command]
    rows = [
        share("ended otherwise", scores, lambda each: bool(each.changed), "none"),
        share("no report", scores, lambda each: bool(each.silent), "none"),
        share("remainder above 3 %", remainders, lambda part: part > REMAINDER, "none"),
    ]
    for name, values, aim in (
        ("wall, program", program, "1.02"),
        ("wall, whole command", command, ""),
        ("remainder", remainders, "0.03"),
    ):
        if values:
            rows.append([f"{name}: median", str(len(values)), f"{stats.median(values):.3f}", aim])
            rows.append([f"{name}: worst", "", f"{max(values):.3f}", ""])
    return rows


def share(name: str, items: Sequence[Any], fits: Callable[[Any], bool], aim: str) -> list[str]:
    """A row that counts what fits."""
    count = sum(bool(fits(item)) for item in items)
    part = f"{count / len(items):.0%}" if items else "–"
    return [name, f"{count}/{len(items)}", part, aim]
