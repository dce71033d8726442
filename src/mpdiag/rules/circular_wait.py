"""Advice when processes wait for each other in a circle."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from mpdiag import standstill
from mpdiag.advice import Evidence, Finding, Rule
from mpdiag.ideals import Row
from mpdiag.model import Cell, Doc
from mpdiag.standstill import Standing

#: Waits for data that another process would send.
DATA: Final = ("read",)
DO: Final = (
    "Settle who speaks first, and who answers: one side sends before it receives. poll(timeout) or "
    "get(timeout=…) turns an endless wait into an error that tells where."
)
READ: Final = (
    "Receive while the other side sends: an answer before the next message, or a thread of its own that receives. What "
    "is sent and not read fits only while it is short."
)
LET_GO: Final = (
    "Do not wait for another process while holding a lock that it needs: receive or join() first and lock then, or let "
    "go before. acquire(timeout=…) turns an endless wait into an error that tells where."
)
#: What the next one in a circle does about a lock, where that is known and where it is concluded.
HOLDS, SHARES = "holds", "alone shares"
NEXT: Final = "Each waits for the next"
SENDS: Final = "would send"
#: A ring of so many, some of whom wait for the next to end, has no shorter name: of two, one left a pipe open (MP604).
RING: Final = 3
#: A main thread that waits, the process that would have to act, and what that does about it.
Want = tuple[Row, Cell, str]


def stuck(standing: Standing) -> Iterator[Finding]:
    """Find circles of processes, each of which waits for something that the next one would do after its own wait."""
    talks = {row["pid"]: (row, other, SENDS) for row, other in _talking(standing, _waits)}
    for circle in _circles({row["pid"]: (row, other, "") for row, other in _filling(standing)}):
        yield _finding(circle, standing, "Each waits for the next to read first", READ)
    told: set[Cell] = set()
    for circle in _circles(talks):
        told.update(row["pid"] for row, _, _ in circle)
        yield _finding(circle, standing, "Each waits for the next to send first", DO)
    locks = {row["pid"]: (row, other, act) for row, other, act in _locking(standing)}
    joins = {row["pid"]: (row, pid, "") for row in standing.stuck(kind="process", main=True) for pid in _joined(row)}
    talks = {row["pid"]: (row, other, SENDS) for row, other in _talking(standing, _stands)}
    for circle in _circles({**joins, **talks, **locks}):
        acts = {act for _, _, act in circle}
        locked = acts & {HOLDS, SHARES} and not acts <= {HOLDS} and not acts <= {SHARES, ""}  # MP610, MP609
        ring = acts == {"", SENDS} and len(circle) >= RING
        if (locked or ring) and told.isdisjoint(row["pid"] for row, _, _ in circle):
            yield _finding(circle, standing, NEXT, LET_GO if locked else DO)


def _circles(wants: Mapping[Cell, Want]) -> Iterator[list[Want]]:
    for circle in standstill.circles({pid: other for pid, (_, other, _) in wants.items()}):
        yield [wants[pid] for pid in circle]


def _finding(circle: Sequence[Want], standing: Standing, how: str, do: str) -> Finding:
    story = "; ".join(
        f"{standstill.who(row)} {standing.what(row)}{standstill.within_call(row)}"
        + (f", which {standing.members[other]['process']} {act}" if how == NEXT and act else "")
        for row, other, act in circle
    )
    return RULE.finding(
        **standstill.blame(circle[0][0], sure=False),
        seen=f"{how}: {story}.",
        do=do,
        evidence=(
            Evidence("processes in the circle", len(circle), "1"),
            Evidence("of them, able to go on", 0, "1"),
        ),
    )


def _talking(standing: Standing, fit: Callable[[Cell, Standing], bool]) -> Iterator[tuple[Row, Cell]]:
    """The main threads that wait for data, each with a fitting process that could send it."""
    for row in standing.stuck(main=True):
        if _for_data(row):
            other = next((pid for pid in standing.needed(row) if fit(pid, standing)), None)
            if other is not None:
                yield row, other


def _filling(standing: Standing) -> Iterator[tuple[Row, Cell]]:
    """The main threads that wait for room, each with the process that would have to read, and waits for room itself."""
    full = {row["pid"]: row for row in standing.stuck(kind="write", main=True)}
    for row in full.values():
        readers = [end["pid"] for end in standing.ends.all(object=row["peer"], reads=True)]
        other = next((pid for pid in readers if pid in full and pid != row["pid"]), None)
        if other is not None:
            yield row, other


def _locking(standing: Standing) -> Iterator[Want]:
    """The main threads that wait for a lock, each with the process that holds it, or alone shares it with them."""
    for row in standing.stuck(kind="lock", main=True):
        holders, sharing = standing.holding(row["object"]), standing.needed(row)
        if holders and row["pid"] not in holders:
            yield row, holders[0], HOLDS
        elif row["object"] not in standing.locks and standing.takes(row) and len(sharing) == 1:
            yield row, sharing[0], SHARES


def _joined(row: Row) -> list[Cell]:
    """The process for whose end a thread waits."""
    return [standstill.number(row["object"])] if row.get("object") else []


def _stands(pid: object, standing: Standing) -> bool:
    """Whether the main thread of a process is stuck."""
    return any(standing.threads(pid, main=True, can_move=False))


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
        title="Processes wait for each other",
        why="Two processes that both receive before they send wait for ever, each for what the other would say next. "
        "So do longer rings, and a process that takes a lock while another one holds it and waits for its message or "
        "its end.",
        how="Stuck: the main threads of processes wait in a circle, each for data from a pipe or queue that the next "
        "would write to; or some of them for a lock that the next holds, or for its end.",
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
