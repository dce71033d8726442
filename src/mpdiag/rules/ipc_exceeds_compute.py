"""How many elements a task may be sent before pickling outweighs its work, from this machine's figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Evidence, Facts, Finding, Rule
from mpdiag.model import Doc, Measured
from mpdiag.stats import scaled
from mpdiag.units import between, interval, seconds

#: Above this part of a task's time, pickling is what the task is about.
SHARE = 0.2
#: The task that the numbers are given for, in seconds.
TASK = 1e-3
#: A task of that length cannot look at more records than this: Python takes about 100 ns to look at one.
SEEN_AT_MOST = 10_000
#: Rows by what their elements are called.
ELEMENTS = {"dicts": "dicts", "slots objects": "objects with __slots__", "floats": "floats of a list"}
#: What stands for a message in the advice.
MESSAGE = 1000


def judge(pickle_cost: Facts) -> Iterator[Finding]:
    """Say from how many elements on pickling takes more than its share of a short task."""
    costs = {name: pickle_cost.measured("element", what=what) for what, name in ELEMENTS.items()}
    if most(costs["dicts"].at_least) >= SEEN_AT_MOST:
        return
    array = pickle_cost.measured("element", what="array('d')")
    message, cost = users_object(pickle_cost) or (f"{MESSAGE:,} dicts", scaled(costs["dicts"], MESSAGE))
    yield RULE.finding(
        level="note",
        concern=SEEN_AT_MOST / most(costs["dicts"].median),
        seen=f"Pickling takes more than {SHARE * 100:g} % of a {TASK * 1e3:g} ms task that is sent "
        + ", ".join(f"{between(most(cost.median), *ends(cost), '1')} {name}" for name, cost in costs.items())
        + f" or more; of an array, {most(array.median):,} floats.",
        do=f"Send a task no more than its work is worth: {message} cost {interval(cost, 's')} to pickle and unpickle; "
        f"the work on it should take {seconds(cost.median / SHARE)} or more. Below that, work in the parent, send an "
        "index or a file name and let the worker load its part, or send arrays.",
        evidence=(
            *(Evidence(name, most(cost.median), "1", *ends(cost)) for name, cost in costs.items()),
            Evidence("reference", SEEN_AT_MOST, "1"),
        ),
    )


def most(element: float) -> int:
    """The elements that may be sent to one task, at ``element`` seconds each."""
    return round(SHARE * TASK / element)


def ends(element: Measured) -> tuple[int | None, int | None]:
    """The interval of the elements that may be sent to one task."""
    if element.low is None or element.high is None:
        return None, None
    return most(element.high), most(element.low)


def users_object(facts: Facts) -> tuple[str, Measured] | None:
    """Name and cost of the object that the user had measured, if any: no built-in row has a colon in its name."""
    for row in facts.rows():
        name, both = str(row["what"]), row.get("both")
        if ":" in name and isinstance(both, Measured):
            return f"what {name} makes", both
    return None


RULE: Final = Rule(
    module=__name__,
    id="MP203",
    judge=judge,
    doc=Doc(
        title="Sending can cost more than computing",
        why="A task that is sent much and does little keeps two processes busy with pickling; no number of workers "
        "and no chunksize makes up for it.",
        how="The cost of pickling and unpickling one element, from the table of pickle_cost, against "
        f"{SHARE * 100:g} % of a task of {TASK * 1e3:g} ms. Told when fewer than {SEEN_AT_MOST:,} dicts fill that "
        "share: a task of this length could not even look at more. With --object, the message is yours.",
        claim="'The turning point is serialisation, not the number of cores' is true of many small tasks and of graphs "
        "of objects. It is not true of bytes and arrays, which cost about as much as copying them.",
        bad="""
            pool.map(total, chunks_of_records)              # pickles each record to add up one field
        """,
        good="""
            sum(record['price'] for record in records)      # in the parent: cheaper than sending them

            pool.map(total_of_file, paths)                  # the worker reads what it works on
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#programming-guidelines",),
    ),
)
