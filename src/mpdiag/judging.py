"""Gives rules the facts they name and collects what they say; isolates nothing and does no I/O."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mpdiag.advice import Finding, NotJudged, Rule
from mpdiag.report import Unjudged

#: The judges a rule may have: of the machine's figures, of an observed program, of one that no longer moves, of a
#: function, of a run on a cluster.
Lens = Literal["judge", "run", "hang", "size", "fleet"]


@dataclass
class Judged:
    """What the rules said."""

    findings: list[Finding]
    passed: list[str]
    not_judged: list[Unjudged]


def judge(rules: Iterable[Rule], facts: Mapping[str, Any], lens: Lens) -> Judged:
    """Let each rule that has ``lens`` judge ``facts``; a fact that is missing leaves it unjudged, with the reason."""
    judged = Judged([], [], [])
    for rule in rules:
        judging: Callable[..., Iterable[Finding]] | None = getattr(rule, lens)
        if judging is None:
            continue
        try:
            findings = list(judging(**wanted(judging, facts)))
        except NotJudged as missing:
            judged.not_judged.append(Unjudged(rule.id, str(missing)))
            continue
        judged.findings += findings
        if not findings:
            judged.passed.append(rule.id)
    return judged


def wanted(judging: Callable[..., Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that the parameters of ``judging`` name.

    Raises:
        NotJudged: one of them was not gathered.
    """
    names = inspect.signature(judging).parameters
    for name in names:
        if name not in facts:
            raise NotJudged(f"{name} was not measured")
    return {name: facts[name] for name in names}
