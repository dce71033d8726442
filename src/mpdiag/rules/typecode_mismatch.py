"""Advice on numbers that the type code of a Value or Array cannot hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Evidence, Facts, Finding, Rule
from mpdiag.model import Doc

#: The largest number that a C int of 32 bits holds.
LARGEST = 2**31 - 1


def judge(semantics: Facts) -> Iterator[Finding]:
    """Say what became of a number one too large, and of a float."""
    held = semantics.rows(demo="Value('i', 2**31)")[0]["seen"]
    half = semantics.rows(demo="Value('i', 0.5)")[0]["seen"]
    if held == str(LARGEST + 1):
        return
    yield RULE.finding(
        level="note",
        seen=f"Value('i', 2**31) holds {held} here, without an error; Value('i', 0.5) gives {half}.",
        do=f"Take the code by range: 'i' up to {LARGEST:,}, 'q' for 64 bits, 'd' for floats, ctypes.c_bool for truth "
        "values (there is no code for them). Compare with the limits before storing what comes from outside.",
        concern=(LARGEST + 1) / LARGEST,
        evidence=(
            Evidence("Value('i', 2**31) holds", str(held)),
            Evidence("reference: largest that fits", LARGEST, "1"),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP503",
    judge=judge,
    aliases=("typecode-overflow", "value-typecode"),
    doc=Doc(
        title="A Value's type code does not fit the numbers",
        why="Value and Array hold C numbers. A float for an integer code fails at once, but an integer that is too "
        "large is cut to the low bits in silence: a counter turns negative, a size becomes 0.",
        how="A Value of code 'i' is made from 2**31 and from 0.5.",
        claim="Often read: the code must match exactly. For floats in integer codes it must (TypeError); integers wrap "
        "silently instead ('b' makes 200 into -56, 'H' makes -1 into 65535), 'd' takes integers, and 'f' keeps about "
        "seven digits.",
        bad="""\
total_bytes = Value("i", 0)     # negative after 2 GiB
ready = Value("?", False)       # TypeError
""",
        good="""\
total_bytes = Value("q", 0)
ready = Value(ctypes.c_bool, False)
""",
        links=(
            "https://docs.python.org/3/library/multiprocessing.html#shared-ctypes-objects",
            "https://docs.python.org/3/library/array.html",
        ),
    ),
)
