"""Advice when processes wait for each other in a circle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import standstill
from mpdiag.advice import Evidence, Finding, Rule
from mpdiag.ideals import Row
from mpdiag.model import Cell, Doc
from mpdiag.standstill import Standing

#: Waits for data that another process would send.
DATA: Final = ("read",)


def stuck(standing: Standing) -> Iterator[Finding]:
    """Find circles of processes, each of which waits for data that the next one would send after its own wait."""
    wants: dict[Cell, tuple[Row, Cell]] = {}
    for row in standing.stuck(main=True):
        if _for_data(row):
            needs = [each["needs"] for each in standing.needs.all(pid=row["pid"], native=row["native"])]
            other = next((pid for pid in needs if pid != row["pid"] and _waits(pid, standing)), None)
            if other is not None:
                wants[row["pid"]] = (row, other)
    for circle in standstill.circles({pid: other for pid, (_, other) in wants.items()}):
        rows = [wants[pid][0] for pid in circle]
        story = "; ".join(f"{standstill.who(row)} {standing.what(row)}{standstill.within_call(row)}" for row in rows)
        yield RULE.finding(
            **standstill.blame(rows[0], sure=False),
            seen=f"Each waits for the next to send first: {story}.",
            do="Settle who speaks first, and who answers: one side sends before it receives. poll(timeout) or "
            "get(timeout=…) turns an endless wait into an error that tells where.",
            evidence=(
                Evidence("processes in the circle", len(rows), "1"),
                Evidence("of them, able to send", 0, "1"),
            ),
        )


def _waits(pid: object, standing: Standing) -> bool:
    """Whether the main thread of a process waits for data itself."""
    return any(map(_for_data, standing.threads(pid, main=True)))


def _for_data(row: Row) -> bool:
    """Whether a thread waits for data in a line of the user's; of one without a stack the line is not known."""
    if row.get("answered") is False:
        return row["kind"] in DATA or (row["kind"] == "several" and row["doing"] in DATA)
    return row["kind"] in DATA and row.get("file") is not None


RULE: Final = Rule(
    module=__name__,
    id="MP614",
    hang=stuck,
    doc=Doc(
        title="Processes wait for each other's message",
        why="Two processes that both receive before they send wait for ever, each for what the other would say next. "
        "So do longer rings.",
        how="Stuck: the main threads of processes wait for data in a circle, each from a pipe or queue that the next "
        "would write to.",
        claim="'The pipe is broken' is the usual suspect. It works: nobody has written to it.",
        bad="""\
def worker(connection):
    request = connection.recv()
    connection.send(answer(request))

reply = connection.recv()               # and nobody has sent a request
""",
        good="""\
connection.send(request)
reply = connection.recv()
""",
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.connection.Connection.poll",),
    ),
)
