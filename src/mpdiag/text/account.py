"""An account as lines for people: a bar per process or group of like processes, shares in total, efficiency."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich.cells import cell_len

from mpdiag import units
from mpdiag.report import Account, Efficiency, ProcessAccount
from mpdiag.text.buckets import UNACCOUNTED, Bucket, bucket, place_in_bars
from mpdiag.text.present import visible

#: More processes than this are shown in groups, and no more groups than this.
MOST_LINES = 12
#: Buckets with less than this share of all time share a line.
MINOR = 0.005
#: Characters of the plain picture, of its bars at least and of a name at most.
_PLAIN, _LEAST_BAR, _NAME = 100, 20, 40
#: What floating-point sums leave of nothing.
_NOTHING = 1e-5
#: Below it an efficiency is named as low (after POP's rating).
LOW = 0.8
#: Where the busiest process computes less than this, and they sleep, how computing is divided says nothing of them.
IDLE = 0.1
#: Numbers at the end of a name, as in ``ForkPoolWorker-2:1``.
_NUMBERED = re.compile(r"[-_ ]?\d+(:\d+)*$")
#: Roles that a name alone does not tell.
_TOLD = frozenset({"manager", "forkserver", "resource_tracker", "subprocess"})


@dataclass(frozen=True)
class Line:
    """One process, or several like ones."""

    processes: tuple[ProcessAccount, ...]

    @property
    def label(self) -> str:
        """What to call them: ``ForkPoolWorker-1``, ``8 × ForkPoolWorker``."""
        first = self.processes[0]
        if len(self.processes) > 1:
            return f"{len(self.processes)} × {_kind(first)}"
        if first.role == "main":
            return "main"
        told = first.role in _TOLD and first.role not in first.name.lower()
        return f"{first.name} ({first.role.replace('_', ' ')})" if told else first.name or first.role

    @property
    def method(self) -> str:
        """The start method; the main process has none."""
        methods = {one.start_method for one in self.processes if one.role != "main"}
        return methods.pop() if len(methods) == 1 else "mixed" if methods else ""

    @property
    def life_s(self) -> float:
        """How long they lived on average."""
        return sum(map(_life, self.processes)) / len(self.processes)

    @property
    def cpu_s(self) -> float:
        """The CPU time of all of them."""
        return sum(one.buckets.get("cpu", 0.0) if one.cpu_s is None else one.cpu_s for one in self.processes)

    @property
    def memory(self) -> int:
        """The highest peak among them (RSS)."""
        return max(one.memory.rss_peak for one in self.processes)

    @property
    def exit(self) -> str:
        """How they ended: empty when all did well, or nobody knows."""
        bad = Counter(units.cell(one.exit, None) for one in self.processes if _ended_badly(one))
        if not bad:
            return ""
        worst, count = bad.most_common(1)[0]
        return worst if count == 1 else f"{count} × {worst}"

    def bar(self, wall_s: float, width: int) -> list[tuple[Bucket | None, int]]:
        """What they did, in ``width`` characters for the whole run: stretches of a bucket; None is not alive."""
        if wall_s <= 0:
            return []
        born, ended = min(one.born_s for one in self.processes), max(one.ended_s for one in self.processes)
        start, stop = (min(max(moment / wall_s, 0.0), 1.0) for moment in (born, ended))
        begin = min(round(start * width), width - 1)
        end = max(round(stop * width), begin + 1)
        times = _whole(self.processes)
        keys = sorted(times, key=lambda key: (place_in_bars(key), key))
        counts = _shared_out([times[key] for key in keys], end - begin)
        filled = [(bucket(key), count) for key, count in zip(keys, counts, strict=True) if count]
        return [*([(None, begin)] if begin else []), *filled]


@dataclass(frozen=True)
class Share:
    """A bucket's part of the time of all processes."""

    bucket: Bucket
    seconds: float
    fraction: float


def lines(account: Account, verbose: bool = False) -> tuple[list[Line], int]:
    """The lines of the picture, by birth, and how many processes got none: the ones that lived least."""
    processes = sorted(account.processes, key=lambda one: (one.role != "main", one.born_s, one.pid))
    if verbose or len(processes) <= MOST_LINES:
        return [Line((one,)) for one in processes], 0
    groups: dict[tuple[str, ...], list[ProcessAccount]] = {}
    for one in processes:
        groups.setdefault((one.role, _kind(one), one.start_method), []).append(one)
    found = [Line(tuple(group)) for group in groups.values()]
    longest = sorted(found, key=lambda line: (line.processes[0].role != "main", -sum(map(_life, line.processes))))
    shown = set(map(id, longest[:MOST_LINES]))
    left_out = sum(len(line.processes) for line in found if id(line) not in shown)
    return [line for line in found if id(line) in shown], left_out


@dataclass(frozen=True)
class Figures:
    """A column of figures beside the bars."""

    title: str
    cells: tuple[str, ...]
    right: bool = False


def figures(shown: list[Line], roomy: bool) -> list[Figures]:
    """What stands beside the bars of ``shown``; an exit only where one went wrong, memory only where there is room."""
    each, together = (" each", " in all") if any(len(line.processes) > 1 for line in shown) else ("", "")
    columns = [
        Figures("process", tuple(line.label for line in shown)),
        Figures("start", tuple(line.method for line in shown)),
        Figures(f"lived{each}", tuple(units.seconds(line.life_s) for line in shown), right=True),
        Figures(f"CPU{together}", tuple(units.seconds(line.cpu_s) for line in shown), right=True),
    ]
    if roomy:
        columns.append(Figures("peak RSS", tuple(units.size(line.memory) for line in shown), right=True))
    if any(line.exit for line in shown):
        columns.append(Figures("exit", tuple(line.exit for line in shown)))
    return columns


def shares(account: Account) -> tuple[list[Share], list[Share]]:
    """The buckets by their part of all time, the largest first; then those too small for a line of their own."""
    lived = sum(map(_life, account.processes))
    found = [Share(bucket(key), time, time / lived) for key, time in account.total.items() if time > 0 and lived > 0]
    found.sort(key=lambda share: -share.seconds)
    left = account.unaccounted_fraction if abs(account.unaccounted_fraction) > _NOTHING else 0.0
    rest = Share(UNACCOUNTED, left * lived, left)
    large = [share for share in found if share.fraction >= MINOR]
    return [*large, rest], [share for share in found if share.fraction < MINOR]


def heading(account: Account) -> str:
    """What the picture spans: ``7.80 s, 6 processes``."""
    count = len(account.processes)
    return f"{units.seconds(account.wall_s)}, {count} process{'es' * (count != 1)}"


def picture(account: Account, shown: list[Line]) -> Iterator[str]:
    """The bars of ``shown`` with their figures, as plain text about 100 characters wide."""
    columns = [(one.title, [_short(cell) for cell in one.cells], one.right) for one in figures(shown, roomy=True)]
    widths = [max(map(cell_len, (title, *cells))) for title, cells, _ in columns]
    room = max(_PLAIN - sum(widths) - 2 * len(widths), _LEAST_BAR)
    rights = [right for _, _, right in columns]

    def row(cells: Iterable[str], bar: str) -> str:
        fitted = (_fitted(cell, width, right) for cell, width, right in zip(cells, widths, rights, strict=True))
        return "  ".join((*fitted, bar)).rstrip()

    yield row((title for title, _, _ in columns), f"0{units.seconds(account.wall_s):>{room - 1}}")
    for line, *cells in zip(shown, *(cells for _, cells, _ in columns), strict=True):
        stretches = line.bar(account.wall_s, room)
        yield row(cells, "".join((part.letter if part else " ") * count for part, count in stretches))


def legend(shown: list[Share]) -> Iterator[str]:
    """The letters of the bars with each bucket's part of the time, as plain text."""
    widest = max((cell_len(_short(share.bucket.words)) for share in shown), default=0)
    for share in shown:
        words = _fitted(_short(share.bucket.words), widest, right=False)
        yield f"{share.bucket.letter}  {words}  {units.seconds(share.seconds):>8}  {share.fraction * 100:5.1f} %"


def _short(text: str) -> str:
    """``text`` harmless, and no longer than a name may be."""
    return visible(text)[:_NAME]


def _fitted(text: str, width: int, right: bool) -> str:
    """``text`` filled up to ``width`` columns."""
    gap = " " * (width - cell_len(text))
    return gap + text if right else text + gap


def minor(small: Iterable[Share]) -> str:
    """The smallest buckets in a line; empty when there are none."""
    named = ", ".join(f"{share.bucket.letter} {share.bucket.words}" for share in small)
    return f"below {units.rough(MINOR, 'fraction')} each: {named}" if named else ""


def efficiency(account: Account) -> str:
    """The parallel efficiency and what lowers it; empty when it is not known."""
    known = account.efficiency
    if known is None:
        return ""
    parallel, balance, talk = (
        f"{part * 100:.0f} %" for part in (known.parallel, known.load_balance, known.communication)
    )
    asleep = account.total.get("off_cpu", 0.0) > sum(account.total.values()) / 2
    if known.communication < IDLE and asleep:
        return f"Parallel efficiency {parallel}: it measures computing, on which the busiest process spent {talk}."
    return f"Parallel efficiency {parallel} = load balance {balance} × communication {talk}{_named(known, account)}."


def _named(known: Efficiency, account: Account) -> str:
    """What a low efficiency comes from."""
    if known.parallel >= LOW:
        return ""
    causes = []
    if known.load_balance < LOW:
        causes.append("some processes had much more to do than others")
    if known.communication < LOW:
        queued = "queued for a CPU" if _queued(account) else "waited, started or handed over"
        causes.append(f"even the busiest process mostly {queued}")
    return f": {', and '.join(causes)}" if causes else ": a little of both is lost"


def _queued(account: Account) -> bool:
    """Whether the process that computed most could not get on for want of a CPU, more than for all other reasons."""
    buckets = max((one.buckets for one in account.processes), key=lambda each: each.get("cpu", 0.0), default={})
    lost = sum(time for name, time in buckets.items() if name != "cpu")
    return buckets.get("ready", 0.0) > lost / 2


def _ended_badly(one: ProcessAccount) -> bool:
    """Whether its end is worth a word: `Pool.terminate` ends idle workers by SIGTERM."""
    return one.exit not in (0, None) and (one.role, one.exit) != ("worker", "SIGTERM")


def _kind(one: ProcessAccount) -> str:
    return _NUMBERED.sub("", one.name) or one.role


def _life(one: ProcessAccount) -> float:
    return max(one.ended_s - one.born_s, 0.0)


def _whole(processes: Iterable[ProcessAccount]) -> dict[str, float]:
    """The buckets of ``processes`` together, and what is left of their lives."""
    times: dict[str, float] = defaultdict(float)
    for one in processes:
        for key, time in one.buckets.items():
            times[key] += max(time, 0.0)
        times[UNACCOUNTED.key] += max(_life(one) - sum(one.buckets.values()), 0.0)
    return times


def _shared_out(times: list[float], width: int) -> list[int]:
    """``width`` characters shared out by largest remainders; without any time, or beyond all numbers, none."""
    whole = sum(times)
    if not 0 < whole < math.inf:
        return [0] * len(times)
    exact = [time / whole * width for time in times]
    counts = [int(part) for part in exact]
    by_remainder = sorted(range(len(times)), key=lambda place: counts[place] - exact[place])
    for place in by_remainder[: width - sum(counts)]:
        counts[place] += 1
    return counts
