"""The process that gathers on a host: runs as the main program of the sources that an errand unpacked.

It is asked by a line of JSON on standard input, which then stays open as a lifeline, and answers by lines of JSON.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from mpdiag.gathering import Gathering, Request, gather, pick_probes
from mpdiag.host import hold_lifeline
from mpdiag.interpreters import Chosen
from mpdiag.redact import Identity, redact_values

CHOSEN = "the one that runs the worker"


class Teller:
    """Tells what has been gathered as soon as there is more.

    Args:
        gathering: what fills.
        tell: passes a message on.
    """

    def __init__(self, gathering: Gathering, tell: Callable[..., None]) -> None:
        self._gathering = gathering
        self._tell = tell
        self._told: set[str] = set()

    def probing(self, name: str, position: int, left_s: float) -> None:
        """A probe begins: what came before is known."""
        self.rest()

    def tick(self) -> None:
        """Time passes."""

    def rest(self) -> None:
        """Tell all that has not been told."""
        if "" not in self._told and self._gathering.python:
            self._told.add("")
            self._tell(machine=self._gathering.machine, python=self._gathering.python)
        for name, gathered in self._gathering.gathered.items():
            if name not in self._told:
                self._told.add(name)
                self._tell(probe=name, gathered=asdict(gathered))


def main() -> None:
    """Read what is asked, gather it, tell it."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    asked = json.loads(sys.stdin.readline())
    hold_lifeline(asked["deadline_s"])
    signal.signal(signal.SIGTERM, interrupt)
    who = Identity.here() if asked["redact"] else None

    def tell(**message: Any) -> None:
        out.write(json.dumps(redact_values(message, who) if who else message) + "\n")

    gathering = Gathering()
    teller = Teller(gathering, tell)
    request = Request(**{**asked["request"], "imports": tuple(asked["request"]["imports"])})
    units = pick_probes(request.names) if asked["probes"] else []
    gather(request, Chosen(sys.executable, CHOSEN), units, teller, gathering)
    teller.rest()


def interrupt(_number: int, _frame: object) -> None:
    """Take SIGTERM as Ctrl-C: what is there so far is told, nothing is left behind."""
    raise KeyboardInterrupt
