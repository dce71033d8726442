"""Advice where the default start method is fork, so that code may rely on it without saying so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mpdiag.advice import Evidence, Facts, Finding, Rule, known
from mpdiag.model import Doc


def judge(python: Mapping[str, Any]) -> Iterator[Finding]:
    """Fire while fork is what a program gets without asking."""
    if known(python, "default_start_method") != "fork" or python.get("start_method_set") not in {None, "fork"}:
        return
    yield RULE.finding(
        level="note",
        seen=f"The default start method of Python {known(python, 'version')} here is fork; it is forkserver on Linux "
        "from Python 3.14, and spawn on macOS and Windows.",
        do='Test with multiprocessing.get_context("spawn"): functions at module level, the start of processes under '
        "the main guard, state passed as arguments or by an initializer. If fork is what you need, ask for it: "
        'get_context("fork").',
        concern=1.0,
        evidence=(
            Evidence("default start method", "fork"),
            Evidence("reference: elsewhere", "forkserver or spawn"),
        ),
    )


def of_function(sized: Facts) -> Iterator[Finding]:
    """Report a function that works under one start method and raises under another."""
    works = {str(row["kind"]) for row in sized.all("curve", group="processes")}
    for row in sized.all("denied"):
        reason, method = str(row["reason"]), row["kind"]
        if not works or method in works or "raised" not in reason:
            continue
        yield RULE.finding(
            level="warning",
            seen=f"{sized.rows()[0]['target']} works in processes started by {', '.join(sorted(works))}; by {method}, "
            f"{reason}.",
            do="Its workers lack what the parent set up at run time: pass it as an argument, or prepare each worker "
            "by an initializer (--setup here). Or ask for the start method that works.",
            concern=2.0,
            evidence=(
                Evidence("raised under", str(method)),
                Evidence("reference: works under", ", ".join(sorted(works))),
            ),
        )


RULE: Final = Rule(
    module=__name__,
    id="MP704",
    judge=judge,
    size=of_function,
    doc=Doc(
        title="The default start method differs elsewhere",
        why="Under fork a worker begins with everything the parent had: globals changed at run time, open files, local "
        "functions as targets. Under spawn and forkserver it imports the main module anew and unpickles its arguments. "
        "A program that relies on the first breaks, or silently computes with other values, under the second.",
        how="The first of multiprocessing.get_all_start_methods() in the measured interpreter; a note when it is fork. "
        "Of a measured function: start methods under which it raised, while another worked.",
        claim='"Linux forks, Windows spawns" is outdated: macOS spawns since Python 3.8, and Linux uses forkserver '
        "from 3.14.",
        bad="""\
config = {}

def work(item):
    return config["scale"] * item        # empty under spawn and forkserver

if __name__ == "__main__":
    config.update(load())
    with Pool() as pool:
        pool.map(work, items)
""",
        good="""\
def initialise(loaded):
    global config
    config = loaded

if __name__ == "__main__":
    with get_context("spawn").Pool(initializer=initialise, initargs=(load(),)) as pool:
        pool.map(work, items)
""",
        applies="Linux up to Python 3.13, and other Unix but macOS",
        links=(
            "https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods",
            "https://docs.python.org/3/library/multiprocessing.html#the-spawn-and-forkserver-start-methods",
        ),
    ),
)
