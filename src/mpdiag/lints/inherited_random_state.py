"""Random numbers drawn in workers that all began with the same state."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source

FORK = frozenset({"fork"})
ANY = frozenset({"fork", "spawn", "forkserver"})
#: Functions that make a generator, with the place of the seed first, and those of NumPy that seed or make one.
MAKERS = frozenset({"numpy.random.RandomState", "numpy.random.default_rng", "random.Random"})
NUMPY = "numpy.random."
SEEDS = MAKERS | {f"{NUMPY}{name}" for name in ("BitGenerator", "Generator", "PCG64", "Philox", "SeedSequence", "seed")}


def inspect(source: Source) -> Iterator[Finding]:
    """Find what draws from the global state of NumPy, or from a generator of the module, in several processes."""
    for function, tasks in source.workers.items():
        draws = [call for call in source.tree.inside[function] if draws_from(source, call)]
        if not draws or not source.in_parallel(function) or any(seeds(source, each) for each in source.workers):
            continue
        seeded = is_seeded(source, draws[0])
        risk = next((risk for task in tasks if (risk := source.risk(task.to, ANY if seeded else FORK))), None)
        if risk is not None:
            when = "" if seeded else f"{risk.when[:1].upper()}{risk.when[1:]}, "
            yield LINT.finding(
                source.place(draws[0]),
                level="warning",
                seen=f"{when}{'the' if when else 'The'} workers begin with the same state of NumPy's random numbers, "
                "and draw the same ones.",
                do="Make a generator in each worker: `numpy.random.default_rng()` in an initializer, or with seeds "
                "from `SeedSequence.spawn()` that are passed as arguments.",
            )


def draws_from(source: Source, call: ast.Call) -> bool:
    """Whether a call draws from what the process inherited: the global state, or a generator of the module."""
    concept = source.concept(call.func)
    if concept.startswith(NUMPY):
        return concept not in SEEDS
    return generator(source, call) is not None


def generator(source: Source, call: ast.Call) -> ast.Call | None:
    """The call that made the generator of the module from which a method draws."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    if not isinstance(owner, ast.Name) or source.tree.scope(owner).owner(owner.id) is not source.tree.module:
        return None
    origin = source.values.origin(owner)
    return origin if isinstance(origin, ast.Call) and source.concept(origin.func) in MAKERS else None


def is_seeded(source: Source, call: ast.Call) -> bool:
    """Whether a generator of the module has a literal seed: then it is the same under every start method."""
    made = generator(source, call)
    return made is not None and bool(made.args) and source.values.number(made.args[0]) is not None


def seeds(source: Source, function: ast.AST) -> bool:
    """Whether a function that runs in workers makes or seeds a generator."""
    return any(
        source.concept(call.func) in SEEDS or (generator(source, call) and getattr(call.func, "attr", "") == "seed")
        for call in source.tree.inside[function]
    )


LINT: Final = Lint(
    module=__name__,
    id="MP509",
    inspect=inspect,
    doc=Doc(
        title="Workers draw the same random numbers",
        why="A forked worker begins with a copy of the parent's generators. The functions of `random` seed themselves "
        "anew in a child; those of NumPy do not, nor does any generator object: all workers draw the same numbers, so "
        "that ten samples are one sample ten times.",
        how="Functions of numpy.random that use its global state, and methods of a random.Random(), RandomState() or "
        "default_rng() of the module, in a function that several processes run, when no function that runs in a worker "
        "makes or seeds a generator. With a literal seed, under every start method.",
        bad="""
            import multiprocessing
            import random

            rng = random.Random()

            def draw(queue):
                queue.put(rng.random())

            if __name__ == "__main__":
                context = multiprocessing.get_context("fork")
                queue = context.SimpleQueue()
                for _ in range(2):
                    context.Process(target=draw, args=(queue,)).start()
                print(queue.get() == queue.get())
        """,
        good="""
            import multiprocessing
            import random

            def draw(queue):
                queue.put(random.Random().random())

            if __name__ == "__main__":
                context = multiprocessing.get_context("fork")
                queue = context.SimpleQueue()
                for _ in range(2):
                    context.Process(target=draw, args=(queue,)).start()
                print(queue.get() == queue.get())
        """,
        applies="fork: the default on Linux up to Python 3.13; generators with a fixed seed everywhere",
        links=("https://numpy.org/doc/stable/reference/random/parallel.html",),
    ),
)
