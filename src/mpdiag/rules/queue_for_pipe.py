"""Advice when a request and its answer take much longer over queues than over pipes, here or in a program."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc, Measured
from mpdiag.units import interval, number, seconds, size

#: Below this a queue's convenience is worth its delay.
LIMIT = 1.5
#: The part of a caller's time that the difference may take before it is worth a change.
SHARE = 0.1
SMALL = 64
#: A pipe's round trip in that of queues where queues were slowest against it: no more can be won.
FASTEST = 1 / 3.4
#: The most that a round trip over queues takes by itself, on a slow machine; a longer wait is the other side's work.
TRIP = 200e-6
#: Round trips below which nothing is worth a change.
FEW = 1000
#: Bytes from which queues answer as fast as pipes.
LARGE = 64 * 2**10


def judge(channels: Facts) -> Iterator[Finding]:
    """Compare Queue and Pipe in both shapes: there and back, which queues slow down, and one way, which they do not."""
    latency = channels.measured("latency", "ratio", size=SMALL)
    queue = channels.measured("round_trip", channel="Queue")
    pipe = channels.measured("round_trip", channel="Pipe")
    extra = queue.median - pipe.median
    if latency.at_least <= LIMIT or extra <= 0:
        return
    yield RULE.finding(
        level="note",
        seen=f"A request of {SMALL} B and its answer take {seconds(queue.median)} over Queues, "
        f"{seconds(pipe.median)} over Pipes (often quoted: 3–5×; here {interval(latency, 'x')}); {_one_way(channels)}.",
        do=f"Where a process asks another more than {_about(SHARE / extra)} times a second, the difference takes a "
        f"tenth of its time: use Pipe(), or {_simple(channels)} where several processes read or write. Where messages "
        "only flow one way, keep the Queue: it has maxsize, timeouts and a put() that does not wait for the reader.",
        concern=latency.median / LIMIT,
        evidence=(
            Evidence.of(f"Queue : Pipe, there and back, {SMALL} B", latency, "x"),
            Evidence("reference", LIMIT, "x"),
            Evidence.of("round trip over Queues", queue, "s"),
            Evidence.of("round trip over Pipes", pipe, "s"),
            Evidence("round trips for a tenth of the caller's time", SHARE / extra, "1/s"),
        ),
    )


def _about(value: float) -> str:
    """``value`` to two digits: a limit, not a measurement."""
    return number(float(f"{value:.2g}"), "1")


def _one_way(channels: Facts) -> str:
    """What a stream of messages pays, at the smallest and the largest size compared."""
    ratios = {
        row["size"]: row["throughput"]
        for row in channels.rows("ratio")
        if isinstance(row.get("throughput"), Measured) and row["size"] in (SMALL, 2**20)
    }
    shown = " and ".join(f"{interval(ratio, 'x')} at {size(at)}" for at, ratio in ratios.items())  # type: ignore[arg-type]
    return f"where messages only flow one way, a Queue takes {shown}" if shown else "one way was not compared"


def _simple(channels: Facts) -> str:
    """SimpleQueue with what it takes here, where that was measured."""
    [row] = channels.rows("ratio", size=SMALL)[:1]
    ratio = row.get("simple_latency")
    taken = f" ({number(ratio.median, 'x')} of a Pipe's round trip here)" if isinstance(ratio, Measured) else ""
    return f"a SimpleQueue{taken}"


def observed(run: Facts, channels: Facts) -> Iterator[Finding]:
    """Find pairs of queues over which two processes ask and answer."""
    asked = [row for row in ideals.user_rows(channels) if _asks(row)]
    pairs: dict[object, list[ideals.Row]] = {}
    for row in asked:
        pairs.setdefault(_pair(row), []).append(row)
    trips = {key: max(ideals.amount(row, "round_trips") for row in rows) for key, rows in pairs.items()}
    recoverable = sum(_extra(rows) * trips[key] for key, rows in pairs.items())
    if not ideals.worth(recoverable, run.number("wall_s")):
        return
    busiest = max(asked, key=lambda row: ideals.amount(row, "round_trips"))
    place, count = Place.of(busiest), sum(trips.values())
    each = recoverable / count / (1 - FASTEST)
    yield RULE.finding(
        level="warning",
        place=place,
        confidence="inferred",
        gain=ideals.bound(
            recoverable, run, f"a pipe's round trip takes at least {FASTEST * 100:.0f} % of that over queues"
        ),
        concern=recoverable / (ideals.LEAST_SHARE * run.number("wall_s")),
        seen=f"Two processes asked and answered {number(count, '1')} times over Queues{ideals.where(place)}, "
        f"{size(ideals.amount(busiest, 'mean_b'))} a message, and spent {seconds(each)} of each exchange in put() "
        "and get(). Each message woke a feeder thread first.",
        do="Use a duplex Pipe() between the two: send() and recv() in place of put() and get(), and close the other "
        "end in each process. Or ask for several things at once: one message for many requests.",
        evidence=(
            Evidence("wall time lost to queues, at most", recoverable, "s"),
            Evidence("reference: 5 % of the wall time", ideals.LEAST_SHARE * run.number("wall_s"), "s"),
            Evidence("round trips", count, "1"),
            Evidence("in put() and get(), a round trip", each, "s"),
        ),
    )


def _asks(row: ideals.Row) -> bool:
    """Whether a channel is a queue between two processes that carries small questions or answers."""
    return (
        row.get("type") in ("Queue", "JoinableQueue")
        and ideals.at_least(row, "round_trips") >= FEW
        and ideals.at_least(row, "mean_b") < LARGE
        and ideals.at_least(row, "writers") <= 1
        and ideals.at_least(row, "readers") <= 1
    )


def _pair(row: ideals.Row) -> object:
    """What a queue and the one with its answers have in common; all belong together where that is unknown."""
    reply = row.get("reply")
    return None if reply is None else frozenset((row.get("id"), reply))


def _extra(rows: list[ideals.Row]) -> float:
    """Seconds of a round trip that a pipe would save, of what the side that is longer at work spends on the queues.

    Who gets from one queue puts into the other: both take less over a pipe.
    """
    putting = {row.get("reply"): ideals.at_least(row, "put_s") for row in rows}
    spent = [
        (ideals.amount(row, "get_wait_s") + putting.get(row.get("id"), 0.0)) / ideals.amount(row, "round_trips")
        for row in rows
    ]
    return min([*spent, TRIP]) * (1 - FASTEST)


RULE: Final = Rule(
    module=__name__,
    id="MP301",
    judge=judge,
    run=observed,
    aliases=("queue-where-pipe-suffices",),
    doc=Doc(
        title="Questions and answers over queues take longer",
        why="Queue.put() hands the object to a feeder thread, which pickles and writes it. That wakes one more thread "
        "for each message, so an answer comes later; for a stream it hardly matters, because the thread stays busy.",
        how=f"Round trips of {SMALL} B over two Queues and over two Pipe(duplex=False), paired in the same rounds; "
        f"reported when the interval lies above {LIMIT:g}×. The rate is the one at which the difference takes a tenth "
        "of the caller's time. "
        "In an observed program: pairs of processes that exchanged at least a thousand small requests and answers over "
        "queues, and what the side that waited less waited for each.",
        claim="Often read: a Queue has a third to a fifth of a Pipe's throughput. That holds at most for the round "
        "trips of small messages, 2.5–3.4 times as long on the machine where mpdiag's authors measured. One way a "
        "Queue took 1.1–1.4 times as long for small messages and the same from 64 KiB on. Nor has it a thread that "
        "receives: get() reads in the caller's thread. And several processes may write to one reader without a Queue: "
        "through a SimpleQueue, a Pipe under a Lock, or a Pipe each and connection.wait().",
        bad="""\
requests, answers = Queue(), Queue()
Process(target=serve, args=(requests, answers)).start()
for key in keys:
    requests.put(key)
    use(answers.get())
""",
        good="""\
ours, theirs = Pipe()
Process(target=serve, args=(theirs,)).start()
theirs.close()          # or recv() waits for a process that died
for key in keys:
    ours.send(key)      # blocks while 64 KiB are unread
    use(ours.recv())
""",
        applies="small messages of which each waits for an answer; every Python version, system and start method",
        links=(
            "https://docs.python.org/3/library/multiprocessing.html#pipes-and-queues",
            "https://docs.python.org/3/library/multiprocessing.html#multiprocessing.SimpleQueue",
        ),
    ),
)
