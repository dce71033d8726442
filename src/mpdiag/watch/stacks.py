"""Stacks that processes told of themselves: read, counted and boiled down to the lines that burn CPU time."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from mpdiag.watch.observation import Frame, HotLine, Stack, StackSample, ThreadLook

#: As faulthandler writes it, and the tap like it; a file's name may hold quotes.
FRAME: Final = re.compile(r'  File "(.*)", line (\d+|\?\?\?) in (.*)')
HEAD: Final = re.compile(r"(?:Stack|(?:Current thread|Thread) (\w+))(?: \[.*\])? \(most recent call first\):")
#: Different stacks that are kept of a process; further ones are cut down to their outer frames.
MOST = 2_000
OUTER = 6
#: Different lines whose meaning is remembered.
REMEMBERED = 20_000
REST: Final = Frame("", 0, "…")

#: Below these, a worker, a process or a thread runs what is the user's.
ENTRY: Final = re.compile(r"[/\\](?:multiprocessing[/\\]process|threading)\.py$")
#: Between an entry and the function that was asked for.
LIBRARY: Final = re.compile(
    r"[/\\](?:multiprocessing|concurrent[/\\]futures)[/\\]\w+\.py$"
    r"|[/\\](?:threading|runpy|functools|contextlib|selectors|_pyrepl)\.py$|^<frozen |[/\\](?:joblib|loky)[/\\]"
)
#: Left out, as tracebacks leave out the frames of the import system.
UNTOLD: Final = re.compile(r"[/\\]mpdiag_tap[/\\]|^<frozen importlib\.")


class Parser:
    """Reads stacks; lines come again and again, so what they mean is remembered."""

    def __init__(self) -> None:
        self._known: dict[str, Frame | None] = {}

    def parse(self, text: str) -> Iterator[tuple[int | None, Stack]]:
        """The stacks in ``text``, each with the number of its thread (None: the one that was asked).

        What precedes the first headline belongs to a stack that was read before. Frames of the tap and of the import
        system are left out, and stacks without frames tell nothing.
        """
        thread: int | None = None
        frames: list[Frame] | None = None
        for line in text.split("\n"):
            if line.startswith("  "):
                frame = self._frame(line)
                if frame and frames is not None:
                    frames.append(frame)
                continue
            head = HEAD.fullmatch(line)
            if head:
                if frames:
                    yield thread, tuple(frames)
                thread, frames = int(head[1], 0) if head[1] else None, []
        if frames:
            yield thread, tuple(frames)

    def _frame(self, line: str) -> Frame | None:
        try:
            return self._known[line]
        except KeyError:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
        found = FRAME.fullmatch(line)
        frame = None
        if found and not UNTOLD.search(found[1]):
            frame = Frame(found[1], int(found[2]) if found[2].isdigit() else 0, found[3])
        self._known[line] = frame
        return frame


class Counts:
    """How often each stack of a process was seen, and for how much CPU time; bounded."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._samples: Counter[tuple[int | None, Stack]] = Counter()
        self._cpu: Counter[tuple[int | None, Stack]] = Counter()
        self._threads: Counter[Frame] = Counter()

    def see(self, frame: Frame) -> None:
        """Count one look at a thread beside the main one, by its innermost frame."""
        if frame in self._threads or len(self._threads) < MOST:
            self._threads[frame] += 1

    def threads(self) -> tuple[ThreadLook, ...]:
        """Where such threads were seen."""
        return tuple(ThreadLook(self.pid, frame, count) for frame, count in self._threads.items())

    def add(self, thread: int | None, stack: Stack, cpu_s: float) -> None:
        """Count one look at a thread that has burnt ``cpu_s`` since the last one."""
        key = thread, stack
        if key not in self._samples and len(self._samples) >= MOST:
            key = thread, (REST, *stack[-OUTER:])
            if key not in self._samples and len(self._samples) >= 2 * MOST:
                key = thread, (REST,)
        self._samples[key] += 1
        self._cpu[key] += cpu_s  # type: ignore[assignment]

    def result(self) -> tuple[StackSample, ...]:
        """The stacks, the heaviest first."""
        order = sorted(self._samples, key=lambda key: -self._cpu[key])
        return tuple(
            StackSample(self.pid, thread, stack, self._samples[thread, stack], self._cpu[thread, stack])
            for thread, stack in order
        )


def root_of(stack: Stack) -> int | None:
    """Where in ``stack`` the user's own code begins: a task's function, a target, or the main module.

    A forked child's stack goes on to that of its parent: what counts is the innermost entry.
    """
    entry = next((n for n, frame in enumerate(stack) if frame.function == "_bootstrap" and is_entry(frame)), None)
    for place in range((len(stack) if entry is None else entry) - 1, -1, -1):
        if not is_library(stack[place]) and not starts_spawned(stack, place):
            return place
    return None


def is_entry(frame: Frame) -> bool:
    """Whether ``frame`` is of the module in which processes or threads begin."""
    return bool(ENTRY.search(frame.file))


def is_library(frame: Frame) -> bool:
    """Whether ``frame`` is of what carries tasks to functions, of the start of a module, or folded away."""
    return not frame.file or bool(LIBRARY.search(frame.file))


def starts_spawned(stack: Stack, place: int) -> bool:
    """Whether the frame there is the `python -c` that a spawned child begins with."""
    return place > 0 and stack[place].file == "<string>" and is_library(stack[place - 1])


def hot_lines(samples: Iterable[StackSample], roles: Mapping[int, str] | None = None) -> tuple[HotLine, ...]:
    """The lines below each root function at which CPU time was burnt, the hottest first.

    Args:
        samples: what was seen.
        roles: what the processes are, by pid; stacks of different roles are kept apart.
    """
    roots: dict[tuple[str, str, str], _Root] = defaultdict(_Root)
    for sample in samples:
        place = root_of(sample.stack)
        if place is not None:
            root = sample.stack[place]
            role = (roles or {}).get(sample.pid, "")
            roots[role, root.file, root.function].add(sample, place)
    lines = [line for (role, *_), root in roots.items() for line in root.lines(role)]
    return tuple(sorted(lines, key=lambda line: (-line.cpu_s, line.depth, line.file, line.line)))


class _Root:
    """The stacks below one root function."""

    def __init__(self) -> None:
        self.first: Frame | None = None
        self.cpu_s = 0.0
        #: By frame and callee: samples, CPU time and the least depth.
        self.at: dict[tuple[Frame, str | None], tuple[int, float, int]] = {}

    def add(self, sample: StackSample, place: int) -> None:
        """Count the frames of a stack from its root inward, each line once however often it recurs."""
        self.first = min(self.first or sample.stack[place], sample.stack[place])
        self.cpu_s += sample.cpu_s
        seen: dict[tuple[Frame, str | None], int] = {}
        for depth, number in enumerate(range(place, -1, -1)):
            callee = sample.stack[number - 1].function if number else None
            seen.setdefault((sample.stack[number], callee), depth)
        for key, depth in seen.items():
            samples, cpu_s, least = self.at.get(key, (0, 0.0, depth))
            self.at[key] = samples + sample.samples, cpu_s + sample.cpu_s, min(depth, least)

    def lines(self, role: str) -> Iterator[HotLine]:
        assert self.first
        for (frame, callee), (samples, cpu_s, depth) in self.at.items():
            share = cpu_s / self.cpu_s if self.cpu_s else 0.0
            yield HotLine(role, self.first, *frame, callee, samples, cpu_s, share, depth)
