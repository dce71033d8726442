"""Advice to name the modules that the fork server should preload."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mpdiag import ideals, phases
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc
from mpdiag.units import seconds

#: Imports that cost less than this per worker are not worth a change.
LIMIT_S = 0.010
#: The first versions in which preloading ``__main__``, the default, has an effect.
MAIN_WORKS = (3, 13, 8)


def judge(start_method: Facts, python: Mapping[str, Any]) -> Iterator[Finding]:
    """Compare forkserver workers whose imports are preloaded with those that import by themselves."""
    rows = start_method.rows("imports", method="forkserver")
    saved = {
        str(row["imports"]): start_method.measured(
            "first_line", "imports", method="forkserver", imports=row["imports"]
        ).median
        - start_method.measured("first_line", "imports", method="forkserver, preload", imports=row["imports"]).median
        for row in rows
    }
    imports, gain = max(saved.items(), key=lambda item: item[1])
    if gain <= LIMIT_S:
        return
    version = tuple(int(part) for part in str(python["version"]).split(".")[:3] if part.isdigit())
    main = "" if version >= MAIN_WORKS else f" In {python['version']} ['__main__'], the default, has no effect."
    yield RULE.finding(
        level="note",
        concern=gain / LIMIT_S,
        seen=f"Preloading {imports} saves each forkserver worker {seconds(gain)}.{main}",
        do=f"Under the main guard: multiprocessing.set_forkserver_preload({imports.split()!r}) with the modules your "
        "workers import. Names that cannot be imported are passed over in silence: check them.",
        evidence=(
            Evidence(f"saved per worker by preloading {imports}", gain, "s"),
            Evidence("reference: not worth a change below", LIMIT_S, "s"),
        ),
    )


def observed(run: Facts, pools: Facts, starts: Facts) -> Iterator[Finding]:
    """Find the children of a fork server that import the same again, one round after the other."""
    rows = [of_pool(pool) for pool in pools.all(start_method="forkserver") if not pool.get("threads")]
    rows += [of_site(site) for site in starts.all(start_method="forkserver")]
    yield from phases.each(rows, lambda row: of_children(run, row))


def of_pool(pool: ideals.Row) -> ideals.Row:
    """Imports, children and how many of them start at once, of a pool's workers."""
    each = ideals.at_least(pool, "child_import_s") - ideals.at_least(pool, "child_main_s")
    return {**pool, "each": each, "count": pool.get("started"), "at_once": pool.get("workers")}


def of_site(site: ideals.Row) -> ideals.Row:
    """The same of the processes started at one place."""
    count = max(ideals.at_least(site, "count"), 1.0)
    each = (ideals.at_least(site, "import_s") - ideals.at_least(site, "main_s")) / count
    return {**site, "each": each, "at_once": site.get("alive_max")}


def of_children(run: Facts, row: ideals.Row) -> Finding | None:
    """Judge the children of one place."""
    count, each = ideals.amount(row, "count"), ideals.amount(row, "each")
    rounds = count / max(1.0, min(ideals.amount(row, "at_once"), phases.cores(run)))
    loss = phases.loss((rounds - 1) * each, run, "the fork server would import once what each child imports")
    if loss is None or each < LIMIT_S:
        return None
    place = Place.of(row)
    return RULE.finding(
        level="warning",
        place=place,
        gain=loss.gain,
        concern=loss.concern,
        seen=f"Each of {count:,.0f} children of the fork server{ideals.where(place)} imported for {seconds(each)} by "
        "itself.",
        do="Under the main guard: multiprocessing.set_forkserver_preload([…]) with the modules that the children "
        "import, named as in import statements: names that cannot be imported are passed over in silence, and "
        "['__main__'] has an effect from Python 3.13.8 on.",
        evidence=(*loss.evidence, Evidence("imports of one child", each, "s"), Evidence("children", count, "1")),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP112",
    judge=judge,
    run=observed,
    doc=Doc(
        title="A fork server that preloads nothing",
        why="Each worker of a fork server imports again what the server could have imported once for all.",
        how="First line of forkserver workers with their imports preloaded and not. Reported above "
        f"{LIMIT_S * 1e3:g} ms per worker. In a program: children of a fork server that import in several rounds, "
        "when preloading would win 5 % of the wall time.",
        claim="'forkserver preloads the main module by default' holds from Python 3.13.8 and 3.14 on; before, the "
        "default ['__main__'] had no effect (gh-126631).",
        bad="""
            multiprocessing.set_start_method('forkserver')
        """,
        good="""
            multiprocessing.set_start_method('forkserver')
            multiprocessing.set_forkserver_preload(['numpy', 'mypackage.tasks'])
        """,
        applies="forkserver: the default on Linux from Python 3.14, available on other POSIX systems",
        links=(
            "https://docs.python.org/3/library/multiprocessing.html#multiprocessing.set_forkserver_preload",
            "https://github.com/python/cpython/issues/126631",
        ),
    ),
)
