"""What the user asks of ``mpdiag lint``: which rules, of which files, for which Python."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from mpdiag import registry
from mpdiag.errors import BadInput
from mpdiag.linting.ignoring import Layer
from mpdiag.linting.suppressions import Judged


@dataclass(frozen=True)
class Request:
    """What the user asks for, as the options of the command; patterns are relative to folders (without links)."""

    paths: tuple[str, ...]
    exclude_from: str
    ignores_from: str
    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, str], ...] = ()
    exclude: tuple[str, ...] = ()
    target_version: tuple[str, ...] = ()
    start_method: str | None = None
    stdin_filename: str | None = None
    diff: str | None = None
    baseline: str | None = None
    statistics: bool = False
    fix: bool = False
    huge: bool = False


class Choice:
    """The rules that are asked, of all files and of each.

    Raises:
        BadInput: a name fits no rule, or no rule is left.
    """

    def __init__(self, request: Request) -> None:
        self.lints = tuple(registry.select_lints(request.select, request.ignore, request.extend_select))
        if not self.lints:
            raise BadInput("no rule is left that source code can be checked for", "Select others: `mpdiag explain`.")
        self._ids = frozenset(lint.id for lint in self.lints)
        self._whole = all(lint.id in self._ids for lint in registry.lints().values() if lint.default)
        self._less = [
            (layer(request.ignores_from, [pattern]), registry.matching(each.strip() for each in names.split(",")))
            for pattern, names in request.per_file_ignores
        ]

    def judged(self, real: str) -> Judged:
        """The rules that may speak of the file at ``real``, its path without links."""
        less = {name for patterns, names in self._less if patterns.verdict(real) for name in names}
        return Judged(self._ids - less, self._whole and not less)


def layer(base: str, patterns: Iterable[str]) -> Layer:
    """Patterns of the user, which may also be paths."""
    return Layer.of(base, [re.sub(rf"^(?:\.|{re.escape(base)})(?=/)", "", each) for each in patterns])


@cache
def resolve(name: str) -> frozenset[str]:
    """The ids of the rules that a name stands for, as for `--select`; none, if there is no such rule."""
    try:
        return frozenset(registry.matching([name]))
    except BadInput:
        return frozenset()
