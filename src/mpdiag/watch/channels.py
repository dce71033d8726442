"""The table of channels: what went through each queue and pipe, who waited at it, and what was left in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from mpdiag.tap import layout
from mpdiag.watch.books import EXECUTOR, MANAGER, POOL, Book, Event, Slot
from mpdiag.watch.lives import Life
from mpdiag.watch.spins import spins

#: Two counts that differ by less belong to requests and their replies: a sentinel or two has none.
UNEVEN, FEW = 0.02, 2
#: Requests and replies go on together for so much of the shorter time; of all the time, where no backlog tells more.
TURNS = 0.5
#: Bytes of a message's header.
HEADER = 4
#: Kinds of slots that are named after a channel.
KINDS = ("put", "send", "get", "recv", "read", "poll", "unpickle", "pickle")


@dataclass
class Use:
    """What one process did with one end of a channel."""

    pid: int
    end: str
    slots: dict[str, list[Slot]] = field(default_factory=lambda: defaultdict(list))
    #: By kind, how many events there were for each that is in a slot: the last ones may be in none.
    scale: dict[str, float] = field(default_factory=dict)
    #: Events of the process that were counted with the wrong end at worst: those of a kind that it does with several
    #: ends, as far as they were not timed.
    astray: int = 0

    def total(self, kind: str, what: str = "count") -> Any:
        """The sum of one fact over all slots of a kind."""
        found = sum(getattr(slot, what) for slot in self.slots[kind])
        return round(found * self.scale.get(kind, 1.0)) if what == "count" else found

    def span(self, kind: str) -> tuple[float, float]:
        """When the first of a kind began and the last ended."""
        slots = self.slots[kind]
        return min((slot.first_s for slot in slots), default=0.0), max((slot.last_s for slot in slots), default=0.0)

    def whole_span(self, kind: str) -> tuple[float, float]:
        """The same with those last ones that are in no slot, at the pace of the others."""
        first, last = self.span(kind)
        return first, first + (last - first) * self.scale.get(kind, 1.0)

    @property
    def found(self) -> int:
        """Messages that it took out of a queue."""
        return int(self.total("get") - self.total("get", "empty"))


@dataclass
class Channel:
    """One queue or pipe, and all that was done with it."""

    id: str
    type: str
    maxsize: int | None
    where: tuple[Any, ...]
    ends: tuple[str, ...]
    uses: list[Use] = field(default_factory=list)

    @property
    def queue(self) -> bool:
        """Has it a feeder thread?"""
        return self.type in ("Queue", "JoinableQueue")

    @property
    def puts(self) -> int:
        """Messages put into it."""
        if self.queue:
            return sum(use.total("put") - use.total("put", "empty") for use in self.uses)
        return sum(use.total("send") for use in self.uses)

    @property
    def gets(self) -> int:
        """Messages taken out of it."""
        kept = (use.total("recv") if self.type == "Pipe" else use.found for use in self.uses)
        return sum(kept)

    @property
    def astray(self) -> int:
        """Events of its users that may belong to another channel."""
        return sum(use.astray for use in self.uses)

    def writers(self) -> list[Use]:
        """Those who put something in."""
        return [use for use in self.uses if use.slots["put"] or use.slots["send"]]

    def readers(self) -> list[Use]:
        """Those who took or looked for something."""
        return [use for use in self.uses if use.slots["get"] or use.slots["recv"] or use.slots["poll"]]

    def total(self, kind: str, what: str = "s") -> Any:
        """The sum of one fact over all processes."""
        return sum(use.total(kind, what) for use in self.uses)


def rows(lives: Sequence[Life]) -> list[dict[str, Any]]:
    """One row for each queue and pipe that was made, internal ones too."""
    books = [life.book for life in lives if life.book]
    channels = made(books)
    attach(channels, books)
    named = {end: channel for channel in channels for end in channel.ends}
    spun: dict[str, float] = defaultdict(float)
    names = set(named)
    for life in lives:
        for name, seconds in spins(life, names):
            spun[named[name].id] += seconds
    started = {life.pid: life.start.where[:2] for life in lives if life.start}
    left, gave_up, ended = unread(books, named), looked(books, "gave_up"), looked(books, "uncaught", 3)
    found = []
    for channel, exchanged in zip(channels, trips(channels), strict=True):
        known: dict[str, Any] = {"spin_s": spun[channel.id]}
        known["gave_up"] = len(set().union(*(gave_up[end] for end in channel.ends)))
        known["left"] = items_left(channel, left.get(channel.id)) or (never_taken(channel) if known["gave_up"] else 0)
        known["eof"] = sum(len(ended[end]) for end in channel.ends)
        read_at = {started.get(use.pid, (None, None)) for use in channel.readers()}
        known["reader_file"], known["reader_line"] = read_at.pop() if len(read_at) == 1 else (None, None)
        found.append({**row(channel), **known, **exchanged})
    return found


def made(books: Iterable[Book]) -> list[Channel]:
    """The channels that the program, or a library for it, has made."""
    found: dict[str, Channel] = {}
    for book in books:
        for event in book.noted("queue"):
            name, kind, maxsize, where = event.facts
            bound = maxsize if maxsize and maxsize < 32_767 else None
            found[name] = Channel(name, kind, bound, where, (name,))
        for event in book.noted("pipe"):
            one, other, where = event.facts
            found[one] = Channel(one, "Pipe", None, where, tuple(dict.fromkeys((one, other))))
    return list(found.values())


def attach(channels: Iterable[Channel], books: Iterable[Book]) -> None:
    """Give each channel what was done with it; pickling has no name and goes with the sending of its thread or line."""
    named = {end: channel for channel in channels for end in channel.ends}
    for book in books:
        uses: dict[str, Use] = {}
        scale, astray = _scale(book), _astray(book)
        pickles: dict[object, list[Slot]] = defaultdict(list)
        for slot in book.slots:
            if slot.kind == "pickle":
                pickles[_line(slot)].append(slot)
            if slot.kind not in KINDS or slot.name not in named or slot.nested:
                continue
            use = uses.setdefault(slot.name, Use(book.pid, slot.name, scale=scale, astray=astray))
            use.slots[slot.kind].append(slot)
        for use in uses.values():
            lines = {_line(slot) for slot in use.slots["send"]}
            use.slots["pickle"] = [slot for line in lines for slot in pickles[line]]
            named[use.end].uses.append(use)


def _astray(book: Book) -> int:
    """The events that may have been counted with another channel: each that is timed stands for what went by before."""
    total = 0
    for kind in ("put", "send", "get", "recv"):
        slots = [slot for slot in book.slots if slot.kind == kind]
        if len({slot.name for slot in slots}) > 1:
            total += max(book.counts.get(kind, 0), sum(slot.count for slot in slots)) - sum(
                slot.timed for slot in slots
            )
    return total


def _scale(book: Book) -> dict[str, float]:
    """All events of a kind, which are counted exactly, for each in a slot; a get() hides the recv() in it."""
    slotted: dict[str, int] = defaultdict(int)
    for slot in book.slots:
        slotted[slot.kind] += slot.count
    kinds = ("put", "send", "get", "pickle", *(() if slotted["get"] or slotted["wait_task"] else ("recv",)))
    return {kind: book.counts.get(kind, 0) / slotted[kind] for kind in kinds if slotted[kind] and book.counts.get(kind)}


def _line(slot: Slot) -> object:
    return slot.native, slot.file, slot.line


def row(channel: Channel) -> dict[str, Any]:
    """What can be said of a channel by itself."""
    return {**identity(channel), **carried(channel), **users(channel), **spent(channel), **kept(channel)}


def identity(channel: Channel) -> dict[str, Any]:
    """What it is, who made it and where."""
    file, line, function, *_ = channel.where
    return {
        "id": channel.id,
        "type": channel.type,
        "maxsize": channel.maxsize,
        "file": file,
        "line": line or None,
        "function": function,
        "user": user(channel),
    }


def user(channel: Channel) -> bool:
    """Whether the program made it itself, not a pool or a manager."""
    file, *_, via = channel.where
    return file is not None and not via & (POOL | EXECUTOR | MANAGER)


def carried(channel: Channel) -> dict[str, Any]:
    """What went through it."""
    sends, size = channel.total("send", "count"), channel.total("send", "bytes")
    return {
        "puts": channel.puts,
        "gets": channel.gets,
        "put_b": size,
        "mean_b": size / sends if sends else None,
        "plain_bytes": plain(channel),
        "unpickled": sends > 0 and not channel.total("pickle", "count"),
    }


def users(channel: Channel) -> dict[str, Any]:
    """How many processes used it; of a pipe, also how many wrote to one end, and how often without a lock."""
    at_ends: dict[str, set[int]] = defaultdict(set)
    for use in channel.uses:
        if use.slots["send"]:
            at_ends[use.end].add(use.pid)
    most = max(map(len, at_ends.values()), default=0)
    return {
        "writers": len({use.pid for use in channel.writers()}),
        "readers": len({use.pid for use in channel.readers()}),
        "end_writers": most if channel.type == "Pipe" else None,
        "unlocked_sends": channel.total("send", "empty") if channel.type == "Pipe" and most > 1 else 0,
    }


def spent(channel: Channel) -> dict[str, Any]:
    """The seconds that went into it, and into asking an empty one."""
    return {
        "put_s": channel.total("put"),
        "put_wait_s": channel.total("put") if channel.maxsize else 0.0,
        "send_s": channel.total("send"),
        "get_wait_s": channel.total("recv" if channel.type == "Pipe" else "get"),
        "recv_s": channel.total("read"),
        "pickle_s": channel.total("pickle"),
        "unpickle_s": channel.total("unpickle"),
        "empty_polls": channel.total("poll", "empty") + channel.total("get", "empty"),
        "empty_s": sum(_vain(slot) for use in channel.uses for kind in ("poll", "get") for slot in use.slots[kind]),
    }


def kept(channel: Channel) -> dict[str, Any]:
    """How many messages waited in it at most, and about how many bytes they had."""
    sends, size = channel.total("send", "count"), channel.total("send", "bytes")
    most = max(
        (slot.words[layout.P_MOST] for use in channel.uses for slot in use.slots["put"] if slot.words),
        default=piled(channel) if channel.type == "SimpleQueue" else 0,
    )
    return {"backlog_max": most, "backlog_b": round(most * size / sends) if sends else 0}


def piled(channel: Channel) -> int:
    """How many messages waited when the last one was sent, if they were taken at an even pace."""
    sent = [use.span("send")[1] for use in channel.writers()]
    taken = [use.span("get") for use in channel.readers() if use.slots["get"]]
    if not sent or not taken:
        return 0
    first, last = min(begin for begin, _ in taken), max(end for _, end in taken)
    after = last - max(first, *sent)
    return round(channel.gets * after / (last - first)) if after > 0 else 0


def _vain(slot: Slot) -> float:
    return slot.s * slot.empty / slot.count if slot.count else 0.0


def plain(channel: Channel) -> bool | None:
    """Whether all that was sent was bytes, by whatever method; None when nothing was."""
    sends = channel.total("send", "count")
    if not sends:
        return None
    return all(slot.count == slot.empty for use in channel.uses for slot in use.slots["pickle"])


# --- what was left


def looked(books: Iterable[Book], kind: str, position: int = 0) -> dict[str, set[int]]:
    """The processes that noted ``kind`` of each channel."""
    found: dict[str, set[int]] = defaultdict(set)
    for book in books:
        for event in book.noted(kind):
            if event.facts[position] is not None:
                found[event.facts[position]].add(book.pid)
    return found


def unread(books: Iterable[Book], named: dict[str, Channel]) -> dict[str, int]:
    """The bytes in each channel when it was last closed, unless somebody read it after that."""
    last: dict[str, Event] = {}
    for event in (event for book in books for event in book.noted("left")):
        channel = named.get(event.facts[0])
        if channel and (channel.id not in last or event.at_s > last[channel.id].at_s):
            last[channel.id] = event
    found = {}
    for name, event in last.items():
        read = max((use.span(kind)[1] for use in named[name].uses for kind in ("get", "recv")), default=0.0)
        if read < event.at_s:
            found[name] = event.facts[1]
    return found


def items_left(channel: Channel, size: int | None) -> int:
    """Messages that nobody read: as they were counted, else as their bytes tell; who reads for a pool is not seen."""
    if not size or not user(channel):
        return 0
    counted = 0 if channel.astray else channel.puts - channel.gets
    sends = channel.total("send", "count")
    each = channel.total("send", "bytes") / sends + HEADER if sends else size
    return counted if counted > 0 else max(1, round(size / each))


def never_taken(channel: Channel) -> int:
    """The messages that came when all who read it were gone, or were on their way; so few may be a miscount."""
    missing = channel.puts - channel.gets
    return missing if missing > max(FEW, UNEVEN * channel.puts, channel.astray) else 0


# --- requests and replies


@dataclass(frozen=True)
class Talk:
    """Who told whom something over a channel."""

    channel: Channel
    #: Processes that sent, with how many messages, from when to when.
    sent: list[tuple[int, int, tuple[float, float]]]
    heard: frozenset[int]
    #: Never more than one message was waiting.
    short: bool

    @classmethod
    def over(cls, channel: Channel) -> Talk:
        """What went over ``channel``."""
        heard = frozenset(use.pid for use in channel.uses if use.slots["get"] or use.slots["recv"])
        return cls(channel, list(_sent(channel)), heard, _short(channel))


def trips(channels: Sequence[Channel]) -> Iterator[dict[str, Any]]:
    """How many requests and replies two processes exchanged over each channel, and where the replies came."""
    talks = [Talk.over(channel) for channel in channels]
    sent_by: dict[int, list[int]] = defaultdict(list)
    heard_by: dict[int, list[int]] = defaultdict(list)
    for number, talk in enumerate(talks):
        for pid in {pid for pid, _, _ in talk.sent}:
            sent_by[pid].append(number)
        for pid in talk.heard:
            heard_by[pid].append(number)
    for talk in talks:
        if talk.channel.type == "Pipe" and len(talk.channel.ends) == 2:
            yield {"round_trips": both_ways(talk, talk), "reply": talk.channel.id}
            continue
        # Replies are sent by who heard the requests, and heard by who sent them: the fewer of either are looked at.
        ways = [heard_by[pid] for pid, _, _ in talk.sent], [sent_by[pid] for pid in talk.heard]
        numbers = set().union(*min(ways, key=lambda way: sum(map(len, way))))
        yield answered(talk, (talks[number] for number in sorted(numbers)))


def answered(talk: Talk, others: Iterable[Talk]) -> dict[str, Any]:
    """The same for one channel, whose replies came over one of ``others``."""
    best, reply = 0, None
    for other in others:
        if other is not talk and (other.channel.type == "Pipe") == (talk.channel.type == "Pipe"):
            count = both_ways(talk, other)
            if count > best:
                best, reply = count, other.channel.id
    return {"round_trips": best, "reply": reply}


def both_ways(there: Talk, back: Talk) -> int:
    """Messages that went there and back in turns between two processes."""
    best = 0
    if not (there.short and back.short):
        return best
    for asker, sends, asking in there.sent:
        for answerer, replies, answering in back.sent:
            if asker == answerer or abs(sends - replies) > max(FEW, UNEVEN * sends):
                continue
            heard = asker in back.heard and answerer in there.heard
            if heard and _together(asking, answering, there.channel.queue):
                best = max(best, min(sends, replies))
    return best


def _sent(channel: Channel) -> Iterator[tuple[int, int, tuple[float, float]]]:
    """Who sent how many messages, from when to when."""
    for use in channel.uses:
        kind = "put" if channel.queue else "send"
        if use.slots[kind]:
            yield use.pid, use.total(kind), use.whole_span(kind)


def _together(one: tuple[float, float], other: tuple[float, float], queue: bool) -> bool:
    both = min(one[1], other[1]) - max(one[0], other[0])
    if queue:
        return both >= TURNS * min(one[1] - one[0], other[1] - other[0])
    return both >= TURNS * (max(one[1], other[1]) - min(one[0], other[0]))


def _short(channel: Channel) -> bool:
    """Whether never more than one message was waiting."""
    most = (slot.words[layout.P_MOST] for use in channel.uses for slot in use.slots["put"] if slot.words)
    return max(most, default=0) <= 1
