"""Advice when a reader waits for an end of file that cannot come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals, standstill
from mpdiag.advice import Evidence, Finding, Rule
from mpdiag.ideals import Row
from mpdiag.model import Doc
from mpdiag.standstill import Standing

#: Calls that a Connection's user makes; those of queues end by no end of file.
CALLS: Final = frozenset({"recv", "recv_bytes", "recv_bytes_into", "read", "readline", "wait", ""})


def stuck(standing: Standing) -> Iterator[Finding]:
    """Find readers of pipes whose other end is open in none but themselves and others that will not write to it."""
    readers = {row["object"]: row for row in standing.stuck(kind="read") if _of_pipe(row, standing)}
    for name, row in readers.items():
        open_in = _writers(row, standing)
        told = [_forgotten(end, row, standing) for end in open_in]
        socket = row.get("peer") not in (None, name)
        if not (all(told) and told if socket or _untold(row, standing) else any(told)):
            continue
        held = standstill.some("itself" if end["pid"] == row["pid"] else str(end["process"]) for end in open_in)
        concerned, waits = _told(row, standing)
        yield RULE.finding(
            **standstill.blame(concerned, sure=False),
            seen=f"{waits} for data from {standing.channel(str(name))}, and its end of file cannot come: a copy of the "
            f"{'other end' if socket else 'end that is written to'} is still open in {held}.",
            do="Close the end that a process does not use, in each process: the reader closes the writer's end, the "
            "parent both after start(), and forked siblings what they have inherited. spawn and forkserver inherit "
            "nothing.",
            evidence=(
                Evidence(f"processes with the {'other' if socket else 'writing'} end open", len(open_in), "1"),
                Evidence("of them, able to write", 0, "1"),
            ),
        )


def _told(row: Row, standing: Standing) -> tuple[Row, str]:
    """Whose line is to blame, and how it is told who waits: of another program, who waits for its end."""
    joining = standing.awaiting(row) if row.get("file") is None else []
    if not joining:
        return row, standstill.waits(row)
    return joining[0], f"{standstill.who(row)}, for whose end {standstill.waits(joining[0])}, waits"


def _writers(row: Row, standing: Standing) -> list[Row]:
    """The open ends from which that comes which a thread reads: of a pipe the writing ones, of a socket its peers."""
    other = row.get("peer") or row["object"]
    return standing.ends.all(object=other, writes=True, socket=other != row["object"])


def _of_pipe(row: Row, standing: Standing) -> bool:
    """Whether a thread reads from a pipe of the user's own, in a line of theirs, or in a program that they wait for."""
    if row["object"] in standing.queues:
        return False
    if row.get("file") is None:
        return row.get("answered") is False and bool(standing.awaiting(row))
    return row.get("api") in CALLS


def _untold(row: Row, standing: Standing) -> bool:
    """Whether nobody tells the stack of a thread that runs Python: it may wait for a queue, which knows no end."""
    return row.get("file") is None and bool(standing.members[row["pid"]].get("python"))


def _forgotten(end: Row, reader: Row, standing: Standing) -> bool:
    """Whether an open end is a mere copy: of the reader, of who waits for its end, of who never wrote to it."""
    if end["pid"] == reader["pid"]:
        return True
    if _untold(reader, standing):
        return False
    if any(standing.threads(end["pid"], kind="process")):
        return True
    if reader.get("file") is None:  # another program, whose end somebody else waits for who has closed theirs
        return end["pid"] not in {each["pid"] for each in standing.awaiting(reader)}
    wrote = standing.users.all(object=end["object"], use="gives", pid=end["pid"])
    taken = any(ideals.at_least(user, "count") for user in standing.users.all(object=end["object"], use="takes"))
    return taken and not wrote and not end["socket"]


RULE: Final = Rule(
    module=__name__,
    id="MP604",
    hang=stuck,
    doc=Doc(
        title="An end of file that cannot come",
        why="A reader gets EOFError when every copy of the writing end is closed. Each process that inherited a copy "
        "holds it until it ends or closes it: the parent, the reader itself, and under fork every sibling that was "
        "started later.",
        how="Stuck: a thread waits for data from a pipe or a socket, whose other end is open in processes of which "
        "none can go on, the reader or other readers among them.",
        claim="'close() in the parent ends the stream' is true only if nobody else holds a copy; with fork, the "
        "children do.",
        bad="""\
reader, writer = Pipe(duplex=False)
worker = Process(target=consume, args=(reader,))
worker.start()                  # a forked worker holds a copy of writer
writer.send(item)
writer.close()
worker.join()                   # the worker's recv() waits for ever
""",
        good="""\
def consume(reader, writer):
    writer.close()              # the copy that fork has made
    while True:
        try:
            item = reader.recv()
        except EOFError:
            break
""",
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.connection.Connection.recv",),
    ),
)
