"""Advice when a process is joined that waits for room in a pipe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from mpdiag import standstill
from mpdiag.advice import Evidence, Finding, Rule
from mpdiag.ideals import Row
from mpdiag.model import Cell, Doc
from mpdiag.standstill import Standing

DO: Final = (
    "Read everything before waiting for the end: recv() before join(), communicate() instead of wait() with "
    "stdout=PIPE, a thread for each pipe if there are several. Output that nobody needs goes to DEVNULL."
)
#: What the descriptors are called that every program has.
STANDARD: Final = {"descriptor 1": " (its standard output)", "descriptor 2": " (its standard error)"}


def stuck(standing: Standing) -> Iterator[Finding]:
    """Find threads that wait for the end or the data of a process which waits for somebody to read what it writes."""
    writers = {row["pid"]: row for row in standing.stuck(kind="write", job=None)}
    for row in standing.stuck(kind="process"):
        writer = next((writers[pid] for pid in standing.ended_by(row) if pid in writers), None)
        if writer is not None:
            reads = standing.ends.all(object=writer["peer"], pid=row["pid"], reads=True)
            yield _finding([row], writer, standing, "to end", standstill.who(row) if reads else "nobody")
    reading: dict[tuple[object, ...], list[tuple[Row, Row]]] = {}
    for row in standing.stuck(kind="read"):
        for writer in _sources(row, writers, standing):
            reading.setdefault((row.get("file"), row.get("line"), row.get("api")), []).append((row, writer))
    for pairs in reading.values():
        rows = [row for row, _ in pairs]
        yield _finding(rows, pairs[0][1], standing, "to send", standstill.who(rows[0]))


def _sources(row: Row, writers: Mapping[Cell, Row], standing: Standing) -> Iterator[Row]:
    """Of those who would send what a thread reads, such as wait for it to read something else first."""
    other = row.get("peer") or row["object"]
    for end in standing.ends.all(object=other, writes=True):
        writer = writers.get(end["pid"])
        if writer is None or writer["object"] == other or writer["pid"] == row["pid"]:
            continue
        if standing.ends.all(object=writer["peer"], pid=row["pid"], reads=True):
            yield writer


def _finding(rows: Sequence[Row], writer: Row, standing: Standing, until: str, reader: str) -> Finding:
    where = standstill.within_call(writer)
    stream = STANDARD.get(str(writer.get("target") or "").partition(" (")[0], "")
    return RULE.finding(
        **standstill.blame(rows[0]),
        seen=f"{standstill.waits(rows[0], rows)} for {writer['process']} {until}, which cannot: it waits{where} for "
        f"room in {standing.channel(str(writer['object']))}{stream}, whose other end {reader} would have to read.",
        do=DO,
        evidence=(
            Evidence("threads that read the other end", 0, "1"),
            Evidence("bytes that a pipe holds", standstill.PIPE, "B"),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP615",
    hang=stuck,
    doc=Doc(
        title="Waits for a process whose output nobody reads",
        why="A pipe holds 64 KiB, a pair of sockets some 200. Who writes more waits for a reader; a parent that waits "
        "for the end of the writer first, or reads standard output to its end while the writer fills standard error, "
        "waits for ever. With little output all goes well.",
        how="Stuck: a thread waits for the end of a process, or for data from it, one of whose threads waits for room "
        "in a pipe or socket that the waiting process would have to read.",
        claim="'Popen.wait() returns when the program is done' is true when somebody takes its output meanwhile.",
        bad="""\
child = subprocess.Popen(command, stdout=subprocess.PIPE)
child.wait()                            # with more than 64 KiB of output: for ever
output = child.stdout.read()
""",
        good="""\
child = subprocess.Popen(command, stdout=subprocess.PIPE)
output, _ = child.communicate()
""",
        links=("https://docs.python.org/3/library/subprocess.html#subprocess.Popen.wait",),
    ),
)
