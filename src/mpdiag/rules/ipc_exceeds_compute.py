"""When pickling outweighs a task's work: from how many elements on here, and where it did in a program."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import functions, ideals, phases
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc, Measured
from mpdiag.stats import scaled
from mpdiag.units import between, interval, number, seconds, size

#: Above this part of a task's time, pickling is what the task is about.
SHARE = 0.2
#: The task that the numbers are given for, in seconds.
TASK = 1e-3
#: A task of that length cannot look at more records than this: Python takes about 100 ns to look at one.
SEEN_AT_MOST = 10_000
#: Rows by what their elements are called.
ELEMENTS = {"dicts": "dicts", "slots objects": "objects with __slots__", "floats": "floats of a list"}
#: A program is not written anew without its pool for less of its wall time.
WORTH = 0.2
#: Bytes below which handing out costs what it costs for any task.
SMALL_MESSAGE = 1024
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


def observed(run: Facts, pools: Facts, tasks: Facts) -> Iterator[Finding]:
    """Find pools whose work the parent would have done sooner by itself."""
    for pool in ideals.process_pools(pools):
        if not ideals.outdone(pool, tasks):
            continue
        carried, computing = sum(ideals.carried_s(pool)), ideals.amount(pool, "task_cpu_s")
        phase, each = ideals.amount(pool, "phase_s"), ideals.amount(pool, "args_b")
        around = phase + ideals.at_least(pool, "late_s") + ideals.at_least(pool, "start_s") - computing
        recoverable = phases.attributed(carried, around)
        if recoverable < WORTH * run.number("wall_s") or not ideals.worth(recoverable, run.number("wall_s")):
            continue
        place = Place.of(pool)
        yield RULE.finding(
            level="warning",
            place=ideals.line_of(pool, "submit"),
            gain=ideals.bound(recoverable, run, "the tasks' own computing, one after the other in the parent, remains"),
            concern=carried / max(computing, 1e-9),
            seen=f"{number(ideals.amount(pool, 'tasks'), '1')} tasks of the {pool['type']}{ideals.where(place)} "
            f"computed for {seconds(computing)}; pickling and unpickling what they were sent ({size(each)} each) and "
            f"returned took {seconds(carried)}. The pool needed {seconds(phase)} for what the parent alone does in "
            f"about {seconds(computing)}.",
            do="Do this step in the parent, by a plain loop or map(): neither more workers nor larger chunks help. To "
            "use several CPUs, let the workers make or load their data themselves and send them an index or a path, "
            "or send arrays in place of objects.",
            evidence=(
                Evidence("carrying : computing", carried / max(computing, 1e-9), "x"),
                Evidence("reference", 1.0, "x"),
                Evidence("computing", computing, "s"),
                Evidence("the pool, from first task to last result", phase, "s"),
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


def of_function(sized: Facts) -> Iterator[Finding]:
    """Judge a function by what sending an item and its result takes."""
    task = functions.task(sized)
    if task["denied"] or task["pickle_args"] is None or functions.waits(sized):
        return
    message = task["args_b"] + (task["result_b"] or 0)
    carried, each = task["pickle_args"] + (task["pickle_result"] or 0.0), task["wall"].median
    if carried < each or message < SMALL_MESSAGE:
        return
    yield RULE.finding(
        level="note" if functions.chosen(sized)["group"] != "processes" else "warning",
        concern=carried / each,
        seen=f"A call of {task['target']} takes {seconds(each)}; pickling and unpickling what it is sent "
        f"({size(task['args_b'])}) and returns ({size(task['result_b'] or 0)}) takes {seconds(carried)}.",
        do="Do not send the data: let the workers make or load it and send an index or a path, return a part or a "
        "summary, or stay in one process. Larger chunks do not help: each item is pickled all the same.",
        evidence=(
            Evidence("pickling : a call", carried / each, "x"),
            Evidence("reference", 1.0, "x"),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP203",
    judge=judge,
    run=observed,
    size=of_function,
    doc=Doc(
        title="Sending can cost more than computing",
        why="A task that is sent much and does little keeps two processes busy with pickling; no number of workers "
        "and no chunksize makes up for it.",
        how="The cost of pickling and unpickling one element, from the table of pickle_cost, against "
        f"{SHARE * 100:g} % of a task of {TASK * 1e3:g} ms. Told when fewer than {SEEN_AT_MOST:,} dicts fill that "
        "share: a task of this length could not even look at more. With --object, the message is yours. In an observed "
        "program: pools whose tasks were sent large objects, different ones each time, whose pickling and unpickling "
        "took longer than the tasks' computing, and that needed more wall time than this computing. "
        "Of a measured function: when pickling an item and its result takes longer than the call.",
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
