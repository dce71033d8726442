"""Advice on globals and attributes that are changed on one side and read on the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mpdiag import ideals
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule, known
from mpdiag.model import Cell, Doc

#: What a child does to a global that the parent never sees.
CHANGED = ("rebound", "grown")
REMEDY = (
    "Pass what a child needs (args=, initargs=), return what it finds (result(), a Queue) and keep common counters "
    "in a Value: that works under every start method."
)


def judge(semantics: Facts, python: Mapping[str, Any]) -> Iterator[Finding]:
    """Say under which start methods a child sees what the main program changed before starting it."""
    default = known(python, "default_start_method")
    seen = {
        method: semantics.rows("methods", demo=f"global set, then {method}")[0]["seen"] == "seen"
        for method in known(python, "start_methods")
    }
    late = semantics.rows(demo="global set after start()")[0]["seen"]
    blind = [method for method, sees in seen.items() if not sees]
    if not blind:
        return
    if seen[default]:
        text = (
            f"A global changed before start() reaches the child here, because the default is {default}; under "
            f"{' and '.join(blind)} it does not."
        )
        do = f"{REMEDY} On Linux the default is forkserver from Python 3.14, on macOS and Windows spawn."
    else:
        text = f"A global changed in the main program, even before start(), does not reach children by {default}, "
        text += "the default here: they import the module anew."
        do = REMEDY
    yield RULE.finding(
        level="note",
        seen=f"{text} Changed after start() it is {late} by any child.",
        do=do,
        concern=len(blind) / len(seen),
        evidence=(
            Evidence("start methods whose children miss a changed global", len(blind), "1"),
            Evidence("reference: start methods here", len(seen), "1"),
        ),
    )


def observed(globals: Facts) -> Iterator[Finding]:  # noqa: A002 - the table's name
    """Find globals, and attributes of objects, that children changed in their copies and that the parent reads."""
    lost = [row for row in globals.all() if row.get("parent_reads") is True and row.get("kind") in CHANGED]
    if not lost:
        return
    names = ", ".join(dict.fromkeys(f"{row['module']}.{row['name']}" for row in lost))
    count = max(ideals.at_least(row, "processes") for row in lost)
    targets = ", ".join(dict.fromkeys(str(row["target"]) for row in lost if row.get("target")))
    readers = ", ".join(dict.fromkeys(called(row["readers"]) for row in lost if row.get("readers")))
    yield RULE.finding(
        level="error",
        confidence="inferred",
        place=Place.of(lost[0]),
        concern=10 * len(lost),
        seen=f"{count:.0f} child {'processes' if count != 1 else 'process'}{f' running {targets}' if targets else ''} "
        f"changed {names}, each its own copy. {readers or 'Code that only the parent runs'} reads the parent's copy, "
        "which stayed as it was.",
        do=f"Return what the child counted or found and add it up in the parent, or keep it in a Value or a Queue that "
        f"is handed to the children (initargs=, args=). {names} in a child is a copy for good.",
        evidence=(
            Evidence("variables that children changed and the parent reads", len(lost), "1"),
            Evidence("reference", 0, "1"),
            Evidence("children that changed them", count, "1"),
        ),
    )


def called(names: Cell) -> str:
    """Names of functions as prose gives them; the module's own level is none."""
    return ", ".join(name if name.startswith("<") else f"{name}()" for name in str(names).split(", "))


RULE: Final = Rule(
    module=__name__,
    id="MP501",
    judge=judge,
    run=observed,
    aliases=("global-not-shared",),
    doc=Doc(
        title="Variables are not shared between processes",
        why="Each process has memory of its own: what one changes the others never see. No error says so; the child "
        "works on with the old value.",
        how="A child of each start method tells the value of a global that the parent changed before starting it, and "
        "again after the parent changed it while the child ran. "
        "In an observed program: module globals that a child assigned anew or that grew there, and that functions "
        "read which only the parent ran; likewise attributes of its Process, or of the object whose method it ran.",
        claim="Often read: a child never sees what main changed. That holds for changes after start(). Before it, a "
        "forked child has a copy and does see them; children by spawn and forkserver import the module and do not. So "
        "the same program gives different results on Linux up to Python 3.13 and everywhere else.",
        bad="""\
VERBOSE = True

def work():
    print(VERBOSE)      # False under fork, True under spawn and forkserver

if __name__ == "__main__":
    VERBOSE = False
    Process(target=work).start()
""",
        good="""\
def work(verbose):
    print(verbose)

if __name__ == "__main__":
    Process(target=work, args=(False,)).start()
""",
        applies="every Python version and system; what is seen depends on the start method",
        links=(
            "https://docs.python.org/3/library/multiprocessing.html#sharing-state-between-processes",
            "https://docs.python.org/3/library/multiprocessing.html#the-spawn-and-forkserver-start-methods",
        ),
    ),
)
