"""Advice when imports are a large part of what a spawned worker costs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Evidence, Facts, Finding, Rule
from mpdiag.model import Doc
from mpdiag.units import seconds

#: Imports that cost less than this per worker are not worth a change.
LIMIT_S = 0.010


def judge(start_method: Facts) -> Iterator[Finding]:
    """Take the bundle of imports that costs a spawned worker most."""
    rows = start_method.rows("imports", method="spawn")
    costs = {
        str(row["imports"]): start_method.number("extra", "imports", method="spawn", imports=row["imports"])
        for row in rows
    }
    imports, extra = max(costs.items(), key=lambda item: item[1])
    if extra <= LIMIT_S:
        return
    start = start_method.measured("joined", method="spawn")
    yield RULE.finding(
        level="note",
        concern=extra / LIMIT_S,
        seen=f"Importing {imports} adds {seconds(extra)} to every worker started by spawn, which takes "
        f"{seconds(start.median)} without; forkserver children pay it too, forked ones do not.",
        do="Import inside the functions that need it, or under the main guard what only the parent needs; with "
        f"forkserver, set_forkserver_preload({imports.split()!r}) pays once for all workers.",
        evidence=(
            Evidence(f"import of {imports} in each worker", extra, "s"),
            Evidence("reference: not worth a change below", LIMIT_S, "s"),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP105",
    aliases=("heavy-import-spawn",),
    judge=judge,
    doc=Doc(
        title="Imports run again in every worker",
        why="Children of spawn and forkserver start with an empty interpreter: they run the main module's top level "
        "again and import whatever it imports, in each worker.",
        how=f"First line of a worker with and without the imports named by --import (else an example). Reported above "
        f"{LIMIT_S * 1e3:g} ms per worker.",
        claim="It is often advised to put heavy preparation outside the `if __name__ == '__main__'` guard, 'for the "
        "main process only'. It is the other way round: outside, it runs in every spawn and forkserver child; inside, "
        "it runs once. Outside is right only with fork.",
        bad="""
            import pandas                      # every worker imports it

            TABLE = pandas.read_csv('big.csv')  # and reads it
        """,
        good="""
            def main():
                import pandas
                table = pandas.read_csv('big.csv')
                ...

            if __name__ == '__main__':
                main()
        """,
        applies="spawn (the default on macOS and Windows) and forkserver (the default on Linux from Python 3.14)",
        links=("https://docs.python.org/3/library/multiprocessing.html#the-spawn-and-forkserver-start-methods",),
    ),
)
