"""Where CPU time went, call by call: the stacks of all processes as one tree, processes of a kind as one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from mpdiag.model import Cell, Column
from mpdiag.report import Section
from mpdiag.watch.lives import Life
from mpdiag.watch.observation import Frame, Stack, StackSample
from mpdiag.watch.pages import short_names
from mpdiag.watch.stacks import root_of

#: Calls with less than this share of all CPU time are left out, and those further from their root.
LEAST, DEEPEST = 0.005, 40
STEP: Final = "· "
LIBRARY: Final = "the library's own"
COLUMNS: Final = (
    Column("call", "call"),
    Column("where", "most of it at"),
    Column("s", "CPU time", "s"),
    Column("share", "share", "fraction", bar=True),
)


class Call:
    """A function as it was called from one path."""

    def __init__(self, function: str, file: str = "") -> None:
        self.function = function
        self.file = file
        self.s = 0.0
        self.samples = 0
        #: CPU time by line.
        self.lines: Counter[int] = Counter()
        self.calls: dict[tuple[str, str], Call] = {}

    def add(self, sample: StackSample, line: int = 0) -> None:
        """Count a stack that came by."""
        self.s += sample.cpu_s
        self.samples += sample.samples
        self.lines[line] += sample.cpu_s  # type: ignore[assignment]

    def to(self, function: str, file: str = "") -> Call:
        """The call of that function from here."""
        if (file, function) not in self.calls:
            self.calls[file, function] = Call(function, file)
        return self.calls[file, function]

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Call]]:
        """All calls below this one, the heaviest first, each before its own."""
        for call in sorted(self.calls.values(), key=lambda call: -call.s):
            yield depth, call
            yield from call.walk(depth + 1)


def section(samples: Sequence[StackSample], lives: Sequence[Life]) -> Section:
    """The tree as a table; with the reason if there is none.

    Args:
        samples: the stacks that were seen.
        lives: the processes.
    """
    title = "Where CPU time went, call by call"
    root = tree(samples, lives)
    if not root.s:
        return Section(
            "stacks", title, "skipped", "no process was seen computing long enough to be asked for its stack"
        )
    kept = [(depth, call) for depth, call in root.walk() if call.s >= LEAST * root.s and depth <= DEEPEST]
    places = short_names(call.file for _, call in kept if call.file)
    return Section("stacks", title, "ok", columns=COLUMNS, rows=tuple(row(each, root.s, places) for each in kept))


def tree(samples: Sequence[StackSample], lives: Sequence[Life]) -> Call:
    """All stacks, from what the user's code begins with inward, below the kinds of their processes."""
    names = kinds(lives)
    root = Call("")
    for sample in samples:
        call = root.to(names.get(sample.pid, "others"))
        root.add(sample)
        call.add(sample)
        for frame in path(sample.stack):
            if (call.file, call.function) != (frame.file, frame.function):  # calls of itself count as one
                call = call.to(frame.function, frame.file)
                call.add(sample, frame.line)
    return root


def path(stack: Stack) -> Iterator[Frame]:
    """The frames of ``stack`` from the user's code inward."""
    place = root_of(stack)
    if place is None:
        yield Frame("", 0, LIBRARY)
        return
    yield from (frame for frame in reversed(stack[: place + 1]) if frame.file)


def kinds(lives: Sequence[Life]) -> dict[int, str]:
    """What to call the processes, by pid: those of a role have one name."""
    counts = Counter(life.role for life in lives)
    return {life.pid: f"{counts[life.role]} × {life.role}" if counts[life.role] > 1 else life.role for life in lives}


def row(place: tuple[int, Call], whole_s: float, places: dict[str, str]) -> dict[str, Cell]:
    """One call."""
    depth, call = place
    line = call.lines.most_common(1)[0][0]
    return {
        "call": f"{STEP * depth}{call.function}",
        "where": f"{places[call.file]}:{line}" if call.file else None,
        "s": call.s,
        "share": call.s / whole_s,
        "depth": depth,
        "function": call.function,
        "file": call.file or None,
        "line": line or None,
        "samples": call.samples,
    }
