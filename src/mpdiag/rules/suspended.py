"""Advice when a process was stopped, by a signal or a debugger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import standstill
from mpdiag.advice import Evidence, Finding, Place, Rule
from mpdiag.model import Doc
from mpdiag.standstill import Standing

STATES: Final = {"T": "stopped by a signal (SIGSTOP, or Ctrl-Z in its terminal)", "t": "held by a debugger or tracer"}


def stuck(standing: Standing) -> Iterator[Finding]:
    """Find processes that do not run because they were told not to."""
    stopped = [row for row in standing.members.values() if row.get("state") in STATES]
    if not stopped:
        return
    first = stopped[0]
    pids = " ".join(str(row["pid"]) for row in stopped)
    go_on = f"Let it go on: kill -CONT {pids}." if first["state"] == "T" else "Detach the debugger, or let it continue."
    yield RULE.finding(
        level="error",
        place=Place.of(first),
        concern=standstill.SURE + 1,
        seen=f"{standstill.some(str(row['process']) for row in stopped)} does not run: "
        f"{STATES[str(first['state'])]}. Whoever waits for it waits as long.",
        do=f"{go_on} A program in the background that reads from the terminal is stopped by SIGTTIN: give it other "
        "input.",
        evidence=(Evidence("processes stopped", len(stopped), "1"), Evidence("reference", 0, "1")),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP616",
    hang=stuck,
    doc=Doc(
        title="A process was suspended",
        why="A process that got SIGSTOP, SIGTSTP or SIGTTIN, or that a debugger holds, is alive but does not run. Its "
        "locks stay taken, and everyone who waits for it waits.",
        how="Stuck: a process is in the state T (stopped) or t (traced).",
        claim="'It hangs, so it is a deadlock' is worth a look at `ps`: a T in its state is neither a lock nor a bug.",
        bad="""\
$ python app.py &               # reads from the terminal: stopped by SIGTTIN
""",
        good="""\
$ python app.py < /dev/null &
""",
        applies="Linux and other POSIX systems",
        links=("https://man7.org/linux/man-pages/man7/signal.7.html",),
    ),
)
