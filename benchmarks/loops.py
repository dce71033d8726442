"""What the probes measure, as the barest loops: the same calls, no rounds, no bench.

It is run by ``python -c "import loops; loops.main()"``: a script would be imported again by every spawned child.
Each function repeats one thing ``loops`` times and gives the seconds that all of it took, as pyperf wants it.
"""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable
from multiprocessing.reduction import ForkingPickler
from time import perf_counter
from typing import Any

from mpdiag import stats, work
from mpdiag.probes.pickle_cost import MAIN, SAMPLE
from mpdiag.rigs.specimens import MAKERS

#: The kind of object that is pickled.
KIND = "dicts"
#: Values and repeats of each loop when run alone.
VALUES = 15
REPEATS = {"spawn": 1, "fork": 1, "pickle": 100, "pipe": 200}


def start(method: str, loops: int) -> float:
    """Start a worker, hear of its first line, join it."""
    context: Any = multiprocessing.get_context(method)
    begun = perf_counter()
    for _ in range(loops):
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=work.first_line, args=(sender, ()))
        process.start()
        sender.close()
        receiver.recv_bytes()
        process.join()
        process.close()
        receiver.close()
    return perf_counter() - begun


def spawn(loops: int) -> float:
    """Workers by spawn."""
    return start("spawn", loops)


def fork(loops: int) -> float:
    """Workers by fork."""
    return start("fork", loops)


def pickle(loops: int) -> float:
    """Records to bytes and back."""
    make = MAKERS[KIND]
    thing = make(round(MAIN * SAMPLE / len(ForkingPickler.dumps(make(SAMPLE)))))
    begun = perf_counter()
    for _ in range(loops):
        ForkingPickler.loads(ForkingPickler.dumps(thing))
    return perf_counter() - begun


def pipe(loops: int) -> float:
    """64 bytes to another process and back; undisturbed trips count, as in the probe."""
    there_receiver, there = multiprocessing.Pipe(duplex=False)
    back, back_sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.Process(target=echo, args=(there_receiver, back_sender, loops + 1))
    process.start()
    payload = bytes(64)
    there.send(payload)
    back.recv()
    trips = []
    for _ in range(loops):
        begun = perf_counter()
        there.send(payload)
        back.recv()
        trips.append(perf_counter() - begun)
    process.join()
    return stats.undisturbed(trips) * loops


def echo(receiver: Any, sender: Any, count: int) -> None:
    """Send back what comes."""
    for _ in range(count):
        sender.send(receiver.recv())


LOOPS: dict[str, Callable[[int], float]] = {"spawn": spawn, "fork": fork, "pickle": pickle, "pipe": pipe}


def main() -> None:
    """Print the seconds that one repeat takes, `VALUES` times for each loop."""
    values = {name: [loop(REPEATS[name]) / REPEATS[name] for _ in range(VALUES)] for name, loop in LOOPS.items()}
    print(json.dumps(values))
