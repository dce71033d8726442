"""The buckets of an account as people read them: a letter for bars, words, a colour, and what is counted there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Bucket:
    """Something that a process does with its time.

    Capital letters stand for work, small ones and the dot for waiting: bars read without colour.
    """

    key: str
    letter: str
    words: str
    color: str
    about: str


#: In the order of bars: coming to life, working, handing over, waiting, going.
BUCKETS: Final[dict[str, Bucket]] = {
    bucket.key: bucket
    for bucket in (
        Bucket("start", "S", "starting", "blue", "from the request for a process to its first own line"),
        Bucket("import", "I", "importing", "bright_blue", "importing modules"),
        Bucket("initializer", "N", "initializer", "cyan", "the initializer of a pool's worker"),
        Bucket("cpu", "C", "computing", "green", "on a CPU, in the program's own code"),
        Bucket("unpickle", "U", "unpickling", "magenta", "turning what arrived into objects"),
        Bucket("pickle", "P", "pickling", "bright_magenta", "turning objects into bytes"),
        Bucket("ready", "q", "queueing for a CPU", "bright_red", "able to run, while others had the CPUs"),
        Bucket("off_cpu", "o", "off the CPU (I/O, sleep)", "bright_cyan", "asleep in the program's own code"),
        Bucket("lock", "l", "waiting for a lock", "red", "in acquire() of a lock that another process held"),
        Bucket("send", "s", "sending", "yellow", "writing to a pipe or socket, or waiting for room in it"),
        Bucket("recv", "r", "waiting for data", "bright_yellow", "in recv(), get() or poll(), until data came"),
        Bucket("join", "j", "waiting for others", "white", "in join(), or for the results of tasks"),
        Bucket("wait_task", ".", "waiting for a task", "bright_black", "a pool's worker without a task"),
        Bucket("exit", "X", "exiting", "blue", "from the last line of the program's code to the end"),
        Bucket("other", "+", "other", "white", "known, and none of the above"),
    )
}
UNACCOUNTED: Final = Bucket(
    "unaccounted", "?", "not accounted for", "bright_black", "what is left of the lifetime; small in a sound account"
)
_UNKNOWN_LETTER = "*"


def bucket(key: str) -> Bucket:
    """The bucket ``key``; one that this version does not know keeps its name."""
    known = UNACCOUNTED if key == UNACCOUNTED.key else BUCKETS.get(key)
    return known or Bucket(key, _UNKNOWN_LETTER, key.replace("_", " "), "white", "")


def place_in_bars(key: str) -> int:
    """Where ``key`` stands among the buckets of a bar; unknown ones come last."""
    return list(BUCKETS).index(key) if key in BUCKETS else len(BUCKETS)
