"""What mpdiag itself costs.

Prints, for ``--version`` and ``--help``, the time and its ratio to ``python -c pass`` (interleaved runs, paired by
round, median with its 95 % interval) beside the budget, and for ``probe`` the wall time of its levels, with this
interpreter and with others named on the command line: ``python benchmarks/cost.py [PYTHON]...``. Each line says "met"
or "missed".
"""

from __future__ import annotations

import sys
from functools import partial

from common import MPDIAG, interleaved, ratio, show, wall

from mpdiag import stats, units

ROUNDS = 40
#: The most that a start may cost, in starts of Python.
STARTS = {"--version": 3.0, "--help": 4.0}
#: Seconds of wall time on two cores.
LEVELS = {"--quick": 6.0, "default": 30.0}


def main() -> None:
    """Print both tables."""
    starts()
    probes(sys.argv[1:])


def starts() -> None:
    """Compare the options that do no work with an interpreter that does none."""
    commands = {"pass": (sys.executable, "-c", "pass"), **{name: (*MPDIAG, name) for name in STARTS}}
    samples = interleaved({name: partial(wall, *command) for name, command in commands.items()}, ROUNDS)
    rows = [["python -c pass", units.seconds(stats.median(samples["pass"])), "", "", ""]]
    for name, budget in STARTS.items():
        measured = ratio(samples[name], samples["pass"])
        rows.append(
            [
                f"mpdiag {name}",
                units.seconds(stats.median(samples[name])),
                units.interval(measured, "x"),
                f"≤ {budget:g}×",
                verdict(measured.median, budget),
            ]
        )
    show("Starting", ("command", "time", "ratio", "budget", ""), rows)


def probes(pythons: list[str]) -> None:
    """The wall time of whole reports."""
    rows = []
    for python in (None, *pythons):
        for level, budget in LEVELS.items():
            options = [*([level] if level != "default" else []), *(["--python", python] if python else [])]
            took = wall(*MPDIAG, "probe", *options)
            command = " ".join(["mpdiag probe", *options])
            rows.append([command, units.seconds(took), f"≤ {units.seconds(budget)}", verdict(took, budget)])
    show("Probing", ("command", "time", "budget", ""), rows)


def verdict(value: float, budget: float) -> str:
    """Whether the budget was kept."""
    return "met" if value <= budget else "missed"


if __name__ == "__main__":
    main()
