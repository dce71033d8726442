"""Advice on workers that draw the same random numbers, as all began with the same state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals, phases
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc

#: The module as a source of random numbers.
NUMPY = "numpy.random"


def observed(draws: Facts) -> Iterator[Finding]:
    """Find processes of one place whose state of random numbers was the same before and after they drew."""
    for row in draws.all():
        place, count, name = Place.of(row), ideals.amount(row, "processes"), str(row["name"])
        of_numpy = name == NUMPY
        yield RULE.finding(
            level="warning",
            place=place,
            concern=count,
            seen=f"{count:.0f} processes{ideals.where(place)} that ran {phases.named(row, 'target', 'their target')} "
            f"began with the same state of {'the global random numbers of NumPy' if of_numpy else name} and went on "
            "from the same one: they drew the same numbers.",
            do="Make a generator in each worker: numpy.random.default_rng() in an initializer, or with seeds from "
            "SeedSequence.spawn() that are passed as arguments."
            if of_numpy
            else f"Make one in each worker instead of {name}, without a seed in an initializer, or for each task with "
            "a seed of its own that is passed along.",
            evidence=(Evidence("processes that drew the same", count, "1"), Evidence("reference", 1, "1")),
        )


RULE: Final = Rule(
    module=__name__,
    id="MP509",
    run=observed,
    doc=Doc(
        title="Workers draw the same random numbers",
        why="A forked child has a copy of its parent's memory, and with it of the state of NumPy's global random "
        "numbers and of the program's own generators: all workers draw the same ones, and samples taken for "
        "independent are repeated. A generator with a fixed seed in a module begins alike in spawned children, too.",
        how="In an observed program: processes started at one line whose state of NumPy's global random numbers, or of "
        "a generator of the program's (in a global, an attribute of a class or of the object that runs), was "
        "the same when they began, and the same as each other's when they had drawn, more or less. Python's own random "
        "module seeds itself anew after a fork.",
        claim="'Forked workers draw the same random numbers' is right for NumPy's global ones and for generators of "
        "the program's, wrong for Python's random module since 3.7.",
        bad="""\
def sample(_):
    return numpy.random.normal()

with get_context("fork").Pool() as pool:
    values = pool.map(sample, range(8))
""",
        good="""\
def sample(seed):
    return numpy.random.default_rng(seed).normal()

with get_context("fork").Pool() as pool:
    values = pool.map(sample, numpy.random.SeedSequence().spawn(8))
""",
        applies="fork; generators with a fixed seed also spawn and forkserver",
        links=("https://numpy.org/doc/stable/reference/random/parallel.html",),
    ),
)
