"""Finds the units: each file in a unit folder is one, its stem the public name, its constant the contract."""

from __future__ import annotations

import difflib
import pkgutil
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TypeVar

from mpdiag.advice import Lint, Rule
from mpdiag.errors import BadInput
from mpdiag.model import Probe
from mpdiag.report import Renderer, Report

Unit = TypeVar("Unit", Probe, Rule, Lint, Renderer)


def names(folder: str) -> tuple[str, ...]:
    """The stems of the files in a unit folder; imports none of them."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent / folder)])))


def _load(folder: str, name: str, kind: type[Unit]) -> Unit:
    constant = kind.__name__.upper()
    unit = getattr(import_module(f"mpdiag.{folder}.{name}"), constant, None)
    if not isinstance(unit, kind):
        raise TypeError(f"mpdiag/{folder}/{name}.py has no {constant} of type {kind.__name__}")
    return unit


@cache
def probes() -> dict[str, Probe]:
    """All probes by name, in the order of the report."""
    loaded = [_load("probes", name, Probe) for name in names("probes")]
    return {probe.name: probe for probe in sorted(loaded, key=lambda probe: (probe.order, probe.name))}


@cache
def rules() -> dict[str, Rule]:
    """All rules by id."""
    loaded = [_load("rules", name, Rule) for name in names("rules")]
    return {rule.id: rule for rule in sorted(loaded, key=lambda rule: rule.id)}


@cache
def lints() -> dict[str, Lint]:
    """All lints by id."""
    loaded = [_load("lints", name, Lint) for name in names("lints")]
    return {lint.id: lint for lint in sorted(loaded, key=lambda lint: lint.id)}


def mistakes() -> dict[str, tuple[Rule | Lint, ...]]:
    """All ids, with the rule and the lint that show the mistake."""
    found: dict[str, tuple[Rule | Lint, ...]] = {}
    units: list[Rule | Lint] = [*rules().values(), *lints().values()]
    for unit in units:
        found[unit.id] = (*found.get(unit.id, ()), unit)
    return dict(sorted(found.items()))


def renderer(name: str) -> Renderer:
    """The renderer ``name``; the others are not imported."""
    if name not in names("renderers"):
        raise BadInput(f"there is no format {name!r}", suggest(name, names("renderers")))
    return _load("renderers", name, Renderer)


def preload(formats: Iterable[str]) -> None:
    """Import what judging, and showing a report in ``formats``, will need."""
    rules()
    for name in formats:
        renderer(name)


def behind(report: Report) -> dict[str, Rule | Lint]:
    """What stands behind the findings of ``report``, by id; only these are imported.

    A lint and a rule may share an id: the one that made the report's kind of finding is meant.
    """
    wanted = {finding.name.replace("-", "_") for finding in report.findings}
    lints = [_load("lints", name, Lint) for name in names("lints") if name in wanted]
    rules = [_load("rules", name, Rule) for name in names("rules") if name in wanted]
    units: list[Rule | Lint] = [*rules, *lints] if report.kind == "lint" else [*lints, *rules]
    return {unit.id: unit for unit in units}


def select(wanted: Iterable[str], ignored: Iterable[str]) -> list[Rule]:
    """The rules to judge.

    Args:
        wanted: ids, prefixes of ids (``MP3``), slugs or aliases; empty: all.
        ignored: likewise, taken away.

    Raises:
        BadInput: a name fits neither rule nor lint.
    """
    chosen = matching(wanted) or set(rules())
    return [rule for rule in rules().values() if rule.id in chosen - matching(ignored)]


def select_lints(wanted: Iterable[str], ignored: Iterable[str], extended: Iterable[str] = ()) -> list[Lint]:
    """The lints to ask.

    Args:
        wanted: ids, prefixes of ids (``MP3``), slugs or aliases; empty: those that are on by default.
        ignored: likewise, taken away.
        extended: likewise, added to those wanted.

    Raises:
        BadInput: a name fits neither rule nor lint.
    """
    chosen = matching(wanted) or {lint.id for lint in lints().values() if lint.default}
    chosen = (chosen | matching(extended)) - matching(ignored)
    return [lint for lint in lints().values() if lint.id in chosen]


def matching(patterns: Iterable[str]) -> set[str]:
    """The ids of the rules and lints that ``patterns`` name."""
    ids: set[str] = set()
    for pattern in patterns:
        found = {
            unit.id
            for units in mistakes().values()
            for unit in units
            if unit.id.startswith(pattern.upper()) or pattern.lower() in (unit.name, *unit.aliases)
        }
        if not found or not pattern:
            raise BadInput(f"there is no rule {pattern!r}", suggest(pattern, rule_names()))
        ids |= found
    return ids


def rule_names() -> list[str]:
    """Everything a rule or lint may be called; what a rule and its lint share stands once."""
    units = [unit for units in mistakes().values() for unit in units]
    return list(dict.fromkeys(name for unit in units for name in (unit.id, unit.name, *unit.aliases)))


def suggest(name: str, known: Iterable[str]) -> str:
    """A hint that names what was probably meant, else all there is."""
    known = list(known)
    close = difflib.get_close_matches(name.lower(), [each.lower() for each in known], n=3, cutoff=0.6)
    meant = [each for each in known if each.lower() in close]
    return f"Did you mean {' or '.join(meant)}?" if meant else f"Known: {', '.join(known)}."
