"""What the code has to run on: as the user says, else as ``requires-python`` of the nearest pyproject.toml does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from mpdiag import config
from mpdiag.errors import BadInput
from mpdiag.source import Target
from mpdiag.source.target import NEWEST, Version

START_METHODS = ("fork", "spawn", "forkserver")
_VERSION = re.compile(r"(?:py)?3\.?(\d{1,2})(?:\.\d+)?")
#: One condition of ``requires-python``, such as ``>=3.9`` or ``==3.11.*``.
_CONDITION = re.compile(r"(~=|===?|!=|<=|>=|<|>)\s*(\d+)(?:\.(\d+))?(?:\.(\d+))?(\.\*)?[a-z0-9.]*", re.IGNORECASE)
#: Beyond any version of Python 3 that there is.
_MINORS = range(100)


class Targets:
    """Gives each file its target.

    Args:
        versions: of the user, such as ``3.14`` or ``py314``; none: what the project of a file says.
        start_method: of the user, if the default is not used.

    Raises:
        BadInput: a version is none.
    """

    def __init__(self, versions: Sequence[str], start_method: str | None) -> None:
        found = sorted(map(_version, versions))
        self._given = (found[0], found[-1]) if found else None
        self._start_method = start_method

    def of(self, project: str | None) -> Target:
        """The target of a file that belongs to the project (a pyproject.toml)."""
        versions = self._given or (project and required(project))
        target = Target(start_method=self._start_method)
        return replace(target, versions=versions) if versions else target


def _version(text: str) -> Version:
    found = _VERSION.fullmatch(text)
    if found is None:
        raise BadInput(f"{text!r} is no version of Python 3", "Write --target-version 3.14, or several with commas.")
    return 3, int(found[1])


@cache
def required(project: str) -> tuple[Version, Version] | None:
    """The lowest and the highest Python that the pyproject.toml ``project`` asks for; None, if it does not say."""
    try:
        text = config.subtable(config.load(Path(project)), "project").get("requires-python")
    except BadInput:  # told of when it is the one that holds our own settings
        return None
    if not isinstance(text, str):
        return None
    conditions = [_CONDITION.fullmatch(part.strip()) for part in text.split(",") if part.strip()]
    minors = [minor for minor in _MINORS if all(each and _holds(each, minor) for each in conditions)]
    if not conditions or not minors:
        return None
    lowest = (3, minors[0])
    return lowest, max(lowest, min(NEWEST, (3, minors[-1])))


def _holds(condition: re.Match[str], minor: int) -> bool:
    """Whether some release of Python 3.``minor`` fulfils a condition."""
    operator, major, middle, patch, wildcard = condition.groups()
    here, wanted = (3, minor), (int(major), int(middle or 0))
    if operator in (">=", ">"):
        return here >= wanted
    if operator in ("<", "<="):
        return here < wanted or (here == wanted and (operator == "<=" or int(patch or 0) > 0))
    if operator == "!=":
        return not wildcard or not _same(here, int(major), middle)
    if operator == "~=" and patch is None:
        return here >= wanted and here[0] == wanted[0]
    return _same(here, int(major), middle)


def _same(here: Version, major: int, middle: str | None) -> bool:
    return here[0] == major and (middle is None or here[1] == int(middle))
