"""Programs that time their own messages; benchmarks/estimates.py compares what mpdiag says of them.

``python clocked.py NAME COUNT FILE`` writes to FILE, as JSON, the seconds that each process spent in `send` and in
`recv`, by two looks at the clock for each. Runs on Python 3.9 and newer.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import time
from pathlib import Path
from typing import Any

clock = time.perf_counter


class Clocked:
    """One end of a Pipe, with the seconds that its calls took."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.send_s = self.recv_s = 0.0

    def send(self, message: object) -> None:
        """As of the connection."""
        began = clock()
        self.connection.send(message)
        self.send_s += clock() - began

    def recv(self) -> Any:
        """As of the connection."""
        began = clock()
        message = self.connection.recv()
        self.recv_s += clock() - began
        return message


def questions(here: Clocked, count: int) -> None:
    """Send messages and wait for the answer to each."""
    for number in range(count):
        here.send((number, "question"))
        here.recv()


def answers(there: Clocked, count: int) -> None:
    """The other end."""
    for _ in range(count):
        number, _ = there.recv()
        there.send(number)


def stream(here: Clocked, count: int) -> None:
    """Send messages, of which nobody has to wait for any."""
    for number in range(count):
        here.send(number)


def reader(there: Clocked, count: int) -> None:
    """The other end."""
    for _ in range(count):
        there.recv()


PROGRAMS = {"questions": (questions, answers), "stream": (stream, reader)}


def other_end(name: str, count: int, connection: Any, results: Any) -> None:
    """What the child does."""
    there = Clocked(connection)
    PROGRAMS[name][1](there, count)
    results.send((there.send_s, there.recv_s))


def main() -> None:
    """Run one program."""
    name, count, file = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    ours, theirs = multiprocessing.Pipe()
    results, told = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.Process(target=other_end, args=(name, count, theirs, told))
    child.start()
    here = Clocked(ours)
    PROGRAMS[name][0](here, count)
    other = results.recv()
    child.join()
    file.write_text(json.dumps({"main": (here.send_s, here.recv_s), "process": other}), encoding="utf-8")


if __name__ == "__main__":
    main()
