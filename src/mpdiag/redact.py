"""Takes out of a report what says who ran it, where and at what hour."""

from __future__ import annotations

import getpass
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import cast

from mpdiag.report import Report

#: Names that many machines share: they tell nothing, and replacing them would garble ordinary text.
_COMMON_HOSTS = frozenset(
    {"localhost", "localdomain", "local", "host", "linux", "windows", "darwin", "python", "ubuntu", "debian", "fedora"}
)
_COMMON_USERS = frozenset({"root", "user", "admin", "runner"})
_SHORTEST = 3
#: The report's own vocabulary: a host called ``probe`` must not change it.
_OURS = frozenset({"schema", "kind", "tool", "id", "status", "level", "confidence", "rule", "unit", "passed"})


@dataclass(frozen=True)
class Identity:
    """What to take out: an empty string names nothing."""

    home: str = ""
    user: str = ""
    host: str = ""

    @classmethod
    def here(cls) -> Identity:
        """The identity of this account on this machine; what cannot be found out stays empty."""
        return cls(home=_or_empty(lambda: str(Path.home())), user=_or_empty(getpass.getuser), host=socket.gethostname())


def redact(report: Report, who: Identity) -> Report:
    """``report`` with the hour, home folder, user and host names replaced in every string and every key.

    The home folder becomes ``~``, the user name ``<user>`` where it is a component of a path, and the host name,
    whole or short, ``<host>``. Environment values need no rule here: nothing gathers them.
    """
    clean = _cleaner(who)
    cleaned = cast("Report", _map_strings(report, clean))
    return replace(cleaned, started_at=f"{report.started_at[:10]}T00:00:00Z")


def _or_empty(ask: Callable[[], str]) -> str:
    try:
        return ask()
    except (OSError, KeyError, RuntimeError, ImportError):
        return ""


def _cleaner(who: Identity) -> Callable[[str], str]:
    rules: list[tuple[re.Pattern[str], str]] = []
    home = who.home.rstrip("/\\")
    if len(home) >= _SHORTEST:
        # Also as repr() and JSON write it, with doubled backslashes.
        written = "|".join(re.escape(form) for form in (home.replace("\\", "\\\\"), home))
        rules.append((re.compile(rf"(?<![\w.-])(?:{written})(?![\w-]|\.\w)"), "~"))
    if len(who.user) >= _SHORTEST and who.user.lower() not in _COMMON_USERS:
        rules.append((re.compile(rf"(?<=[/\\]){re.escape(who.user)}(?=[/\\]|$|[\s'\":;,)\]])"), "<user>"))
    rules += [
        (re.compile(rf"(?<![\w-]){re.escape(host)}(?![\w-])", re.IGNORECASE), "<host>")
        for host in (who.host, who.host.partition(".")[0])
        if len(host) >= _SHORTEST and host.lower() not in _COMMON_HOSTS
    ]

    def clean(text: str) -> str:
        for pattern, instead in rules:
            text = pattern.sub(instead, text)
        return text

    return clean


def _map_strings(value: object, clean: Callable[[str], str]) -> object:
    """``value`` with ``clean`` applied to each string in it, whatever holds the string."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {_map_strings(key, clean): _map_strings(inner, clean) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_map_strings(inner, clean) for inner in value)
    if is_dataclass(value) and not isinstance(value, type):
        names = [item.name for item in fields(value) if item.name not in _OURS]
        return replace(value, **{name: _map_strings(getattr(value, name), clean) for name in names})
    return value
