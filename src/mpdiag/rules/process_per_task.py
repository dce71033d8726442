"""Advice on the job below which a process of its own does not pay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mpdiag import ideals, phases
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc
from mpdiag.units import interval, number, seconds

#: A process is worth its own start only for work that takes at least this many times as long.
WORTH = 10
#: Starts up to this many times a thread's are no reason to think twice.
LIMIT = 5.0
#: Fewer starts at one place than this may be one for each part of the data, whatever they cost.
MANY = 12
#: More starts than this for each usable CPU: the processes stand for tasks, not for workers.
PER_CPU = 2


def judge(start_method: Facts, python: Mapping[str, Any]) -> Iterator[Finding]:
    """Compare starting and joining a process with the same for a thread."""
    default = str(python["default_start_method"])
    row = "forkserver, next" if default == "forkserver" else default
    ratio = start_method.measured("ratio", method=row)
    joined = start_method.measured("joined", method=row)
    if ratio.at_least <= LIMIT:
        return
    spawn = start_method.measured("joined", method="spawn")
    others = "" if default == "spawn" else f", {interval(spawn, 's')} by spawn"
    yield RULE.finding(
        level="note",
        concern=ratio.median / LIMIT,
        seen=f"Starting and joining a process takes {interval(joined, 's')} by {default}, the default here{others}: "
        f"{interval(ratio, 'x')} what a thread takes.",
        do=f"Keep one pool alive and hand it the jobs; start a process of its own only for a job of "
        f"{seconds(WORTH * joined.median)} or more.",
        evidence=(
            Evidence.of(f"process by {default} : thread, start and join", ratio, "x"),
            Evidence("reference: a start worth thinking about", LIMIT, "x"),
            Evidence.of(f"start and join by {default}", joined, "s"),
        ),
    )


def observed(run: Facts, starts: Facts, channels: Facts) -> Iterator[Finding]:
    """Find the places whose processes take long to start and end beside what they are started for."""
    sites = [site for site in starts.all() if not phases.sharing(site, channels)]
    yield from phases.each(sites, lambda site: of_site(run, site))


def of_site(run: Facts, site: ideals.Row) -> Finding | None:
    """Judge the processes started at one place."""
    count, cpus = ideals.amount(site, "count"), phases.cores(run)
    if count < MANY or count <= PER_CPU * cpus:
        return None
    work, overhead = ideals.amount(site, "work_s"), phases.around(site)
    if not phases.started_for_little(site) or phases.crew(site):
        return None
    lost = ideals.amount(site, "span_s") - phases.spread(site, cpus)
    started = overhead + ideals.amount(site, "start_s")
    recoverable = phases.attributed(min(started / phases.at_once(site, cpus), lost), lost)
    basis = "workers that live on would do the same work without a start, an import and an end each"
    loss = phases.loss(recoverable, run, basis)
    if loss is None:
        return None
    place, target = Place.of(site), phases.named(site, "target", "the function")
    return RULE.finding(
        level="warning",
        place=place,
        gain=loss.gain,
        concern=loss.concern,
        seen=f"{count:,.0f} processes were started by {site['start_method']}{ideals.where(place)}, each for "
        f"{seconds(work / count)} of {target}; starting, importing and ending took another "
        f"{seconds(overhead / count)} each.",
        do=f"Start {number(max(1.0, cpus // 1), '1')} workers once and hand them the jobs: make one Pool or "
        f"ProcessPoolExecutor around the loop and call pool.map({target}, …, chunksize=…). A process of its own pays "
        f"for jobs of {seconds(WORTH * overhead / count)} or more here.",
        evidence=(
            *loss.evidence,
            Evidence("processes started", count, "1"),
            Evidence("start, import and end of one", overhead / count, "s"),
            Evidence("work of one", work / count, "s"),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP101",
    judge=judge,
    run=observed,
    doc=Doc(
        title="A process for every task",
        why="Starting a process costs milliseconds, a task often less: then most of the time goes into starting.",
        how="Start and join of an empty process by the default start method against a thread's, in the same rounds. "
        f"Reported when it takes more than {LIMIT:g} times as long; a process pays for jobs {WORTH} times its start. "
        f"In a program: {MANY} or more processes started at one place, of whose lives {phases.LITTLE:.0%} or more are "
        "not the target's work, when that costs 5 % of the wall time.",
        claim="'Processes start much slower than threads' is right: 10 to 20 times by fork, 60 to 100 times by "
        "forkserver, some hundred times by spawn. That a start copies the whole memory is wrong: fork copies page "
        "tables, spawn copies nothing.",
        bad="""
            for path in paths:
                process = Process(target=convert, args=(path,))
                process.start()
                process.join()
        """,
        good="""
            with ProcessPoolExecutor() as pool:
                list(pool.map(convert, paths, chunksize=16))
        """,
        links=("https://docs.python.org/3/library/concurrent.futures.html#processpoolexecutor",),
    ),
)
