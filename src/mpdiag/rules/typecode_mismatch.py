"""Advice on numbers that the type code of a Value or Array cannot hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc
from mpdiag.units import number

#: The largest number that a C int of 32 bits holds.
LARGEST = 2**31 - 1
#: A code that holds what the key's does not.
WIDER = {"b": "'q'", "h": "'q'", "i": "'q'", "l": "'q'", "B": "'Q'", "H": "'Q'", "I": "'Q'", "L": "'Q'", "f": "'d'"}


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


def observed(values: Facts) -> Iterator[Finding]:
    """Find shared numbers that were cut to what their code holds."""
    for row in values.all():
        wrapped = ideals.at_least(row, "wrapped")
        if not wrapped:
            continue
        place, code = Place.of(row), str(row["typecode"])
        first = row.get("wrapped_from")
        example = f" {first} became {row.get('wrapped_to')}." if first is not None else ""
        wider = WIDER.get(code, "'d', or an int that the parent adds up")
        yield RULE.finding(
            level="error",
            place=place,
            concern=100 * wrapped,
            seen=f"{number(wrapped, '1')} numbers did not fit the type code '{code}' of the Value or Array"
            f"{ideals.where(place)} and were cut to its low bits without an error.{example}",
            do=f"Use {wider} in place of '{code}'.",
            evidence=(
                Evidence("numbers that were cut", wrapped, "1"),
                Evidence("reference", 0, "1"),
                Evidence("type code", code),
            ),
        )


RULE: Final = Rule(
    module=__name__,
    id="MP503",
    judge=judge,
    run=observed,
    aliases=("typecode-overflow", "value-typecode"),
    doc=Doc(
        title="A Value's type code does not fit the numbers",
        why="Value and Array hold C numbers. A float for an integer code fails at once, but an integer that is too "
        "large is cut to the low bits in silence: a counter turns negative, a size becomes 0.",
        how="A Value of code 'i' is made from 2**31 and from 0.5. "
        "In an observed program: integers assigned to a Value or an Array that did not read back as what they were.",
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
