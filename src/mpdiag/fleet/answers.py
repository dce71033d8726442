"""What a host answered, taken for what it is: text from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from mpdiag.gathering import Gathering
from mpdiag.launcher import Gathered


@dataclass(frozen=True)
class Ended:
    """How an errand ended: why before its time, and the last word on standard error if its process failed."""

    why: str | None = None
    said: str = ""


@dataclass(frozen=True)
class Message:
    """One line."""

    machine: dict[str, Any] = field(default_factory=dict)
    python: dict[str, Any] = field(default_factory=dict)
    probe: str = ""
    gathered: Gathered | None = None
    ended: Ended | None = None


def read(text: str) -> tuple[Gathering, str]:
    """What was gathered, and what went wrong; empty when nothing did."""
    gathering, end = Gathering(), Ended("its answer was cut off")
    for line in text.splitlines():
        try:
            message = msgspec.json.decode(line, type=Message)
        except (msgspec.DecodeError, RecursionError):
            return gathering, "its answer could not be read"
        if message.python:
            gathering.machine, gathering.python = message.machine, message.python
        if message.gathered:
            gathering.gathered[message.probe] = message.gathered
        end = message.ended or end
    return gathering, end.why or (f"its process failed: {end.said}" if end.said else "")
