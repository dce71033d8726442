"""Advice when a process is joined that waits for room in a pipe."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import standstill
from mpdiag.advice import Evidence, Finding, Rule
from mpdiag.model import Doc
from mpdiag.standstill import Standing


def stuck(standing: Standing) -> Iterator[Finding]:
    """Find threads that wait for the end of a process which waits for somebody to read what it writes."""
    writers = {row["pid"]: row for row in standing.stuck(kind="write", job=None)}
    for row in standing.stuck(kind="process"):
        writer = next((writers[pid] for pid in standing.ended_by(row) if pid in writers), None)
        if writer is None:
            continue
        reads = standing.ends.all(object=writer["peer"], pid=row["pid"], reads=True)
        where = standstill.within_call(writer)
        yield RULE.finding(
            **standstill.blame(row),
            seen=f"{standstill.waits(row)} for {writer['process']} to end, which "
            f"cannot: it waits{where} for room in {standing.channel(str(writer['object']))}, whose other end "
            f"{standstill.who(row) if reads else 'nobody'} would have to read.",
            do="Read everything before waiting for the end: recv() before join(), communicate() instead of wait() with "
            "stdout=PIPE, a thread for each pipe if there are several. Output that nobody needs goes to DEVNULL.",
            evidence=(
                Evidence("threads that read the other end", 0, "1"),
                Evidence("bytes that a pipe holds", 65_536, "B"),
            ),
        )


RULE: Final = Rule(
    module=__name__,
    id="MP615",
    hang=stuck,
    doc=Doc(
        title="Waits for the end of a process whose output nobody reads",
        why="A pipe holds 64 KiB, a pair of sockets some 200. Who writes more waits for a reader; a parent that waits "
        "for the end of the writer first, and would read afterwards, waits for ever. With little output all goes well.",
        how="Stuck: a thread waits for the end of a process, one of whose threads waits for room in a pipe or socket.",
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
