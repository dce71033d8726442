"""Advice when the default start method costs much more here than a safe alternative."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mpdiag import ideals, phases
from mpdiag.advice import Evidence, Facts, Finding, NotJudged, Place, Rule
from mpdiag.model import Doc
from mpdiag.stats import ratio as paired
from mpdiag.units import interval, seconds

#: The rows of the alternatives that are as safe as the default, by default start method.
SAFE = {"spawn": "forkserver, next", "forkserver": "forkserver, preload"}
#: Below this the change is not worth explaining.
LIMIT = 2.0
#: A spawned worker that takes this many bare interpreters means that something slows every start down.
WEIGHED_DOWN = 10.0
#: The part of a spawned start that a preloaded fork server saves: 5 ms in place of 50 is common.
SAVED = 0.9


def judge(start_method: Facts, python: Mapping[str, Any]) -> Iterator[Finding]:
    """Compare the default with its safe alternative, and spawn with a bare interpreter."""
    default = str(python["default_start_method"])
    spawn = start_method.measured("joined", method="spawn")
    bare = start_method.measured("joined", method="bare interpreter")
    weight = paired(spawn.samples, bare.samples)
    if weight.at_least > WEIGHED_DOWN:
        yield RULE.finding(
            level="warning",
            concern=weight.median / WEIGHED_DOWN,
            seen=f"A spawned worker takes {interval(weight, 'x')} the time of a bare interpreter "
            f"({interval(bare, 's')}); below {WEIGHED_DOWN:g}× is usual.",
            do="See what every interpreter imports at start: python -X importtime -c pass. Look for .pth files, "
            "sitecustomize, a slow or remote disk, a virus scanner.",
            evidence=(Evidence.of("spawn : bare interpreter", weight, "x"), Evidence("reference", WEIGHED_DOWN, "x")),
        )
    if default in SAFE:
        yield from alternative(start_method, default, SAFE[default])


def alternative(start_method: Facts, default: str, safe: str) -> Iterator[Finding]:
    """Say what ``safe`` would save against ``default``."""
    row = "forkserver, next" if default == "forkserver" else default
    try:
        now, then = start_method.measured("joined", method=row), start_method.measured("joined", method=safe)
    except NotJudged:
        return  # the system has no fork server
    gain = paired(now.samples, then.samples)
    if gain.at_least <= LIMIT:
        return
    yield RULE.finding(
        level="note",
        concern=gain.median / LIMIT,
        seen=f"A worker costs {interval(now, 's')} by {default}, the default here, and "
        f"{interval(then, 's')} by {safe}.",
        do="Under the main guard, before any pool: multiprocessing.set_start_method('forkserver') and "
        "set_forkserver_preload([...]) with the modules that your workers import.",
        evidence=(Evidence.of(f"{default} : {safe}", gain, "x"), Evidence("reference", LIMIT, "x")),
    )


def observed(run: Facts, starts: Facts) -> Iterator[Finding]:
    """Find places that spawn one round of processes after the other."""
    yield from phases.each(starts.all(start_method="spawn"), lambda site: of_site(run, site))


def of_site(run: Facts, site: ideals.Row) -> Finding | None:
    """Judge the spawned processes of one place; those that do next to nothing need no other start but a pool."""
    if phases.started_for_little(site):
        return None
    count = ideals.amount(site, "count")
    rounds = count / phases.at_once(site, phases.cores(run))
    each = max(ideals.amount(site, "born_s") - ideals.at_least(site, "main_s"), 0.0) / count
    loss = phases.loss((rounds - 1) * each * SAVED, run, "a fork server starts every process after the first sooner")
    if loss is None:
        return None
    place = Place.of(site)
    return RULE.finding(
        level="warning",
        place=place,
        gain=loss.gain,
        concern=loss.concern,
        seen=f"{count:,.0f} processes were started by spawn{ideals.where(place)}, each {seconds(each)} before its "
        "first line.",
        do="Under the main guard: multiprocessing.set_start_method('forkserver') and set_forkserver_preload([…]) with "
        "the modules that they import; or keep the processes alive in a pool.",
        evidence=(*loss.evidence, Evidence("start of one", each, "s"), Evidence("processes started", count, "1")),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP108",
    judge=judge,
    run=observed,
    doc=Doc(
        title="The start method is slow here",
        why="A pool pays the start method once per worker, a process per task every time; libraries that restart "
        "workers pay it again and again.",
        how=f"Start and join by the default start method against forkserver (against a preloaded one where forkserver "
        f"is the default), reported above {LIMIT:g}×; spawn against a bare interpreter, above {WEIGHED_DOWN:g}×. "
        "fork is not offered as a remedy: it is unsafe once the parent has threads. In a program: processes "
        "spawned in several rounds, when a fork server would win 5 % of the wall time.",
        claim="'Linux forks, so starting is cheap' holds up to Python 3.13, for small parents without threads. From "
        "3.14 the default on Linux is forkserver; macOS (since 3.8) and Windows use spawn.",
        bad="""
            pool = multiprocessing.get_context('spawn').Pool()
        """,
        good="""
            multiprocessing.set_forkserver_preload(['numpy', 'mypackage.tasks'])
            pool = multiprocessing.get_context('forkserver').Pool()
        """,
        applies="systems with fork; on Windows there is only spawn",
        links=("https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods",),
    ),
)
