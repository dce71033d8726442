"""Advice on preparation that every task or short-lived process does again."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from mpdiag import ideals, phases
from mpdiag.advice import Evidence, Facts, Finding, NotJudged, Place, Rule
from mpdiag.model import Cell, Doc
from mpdiag.stats import share_at_least
from mpdiag.units import number, seconds

#: Samples of one line below which their share is chance; fewer do where it is hardly less than so much even so.
SAMPLES, FEWEST, SURE = 10, 4, 0.3
#: Where preparation is this part of the work, what else was sampled is mostly its aftermath, such as freeing it.
MOST = 0.8
#: A line that takes less of the work is not what makes it slow.
SHARE = 0.2


def observed(run: Facts, pools: Facts, tasks: Facts, starts: Facts, hot: Facts) -> Iterator[Finding]:
    """Find calls with constant arguments that most of the CPU time of tasks or processes goes into."""
    constant = [
        line for line in hot.all(invariant=True) if line.get("callee") and ideals.amount(line, "share") >= SHARE
    ]
    checks = [partial(of_pool, run, pool, tasks, constant) for pool in phases.used(pools)]
    checks += [partial(of_site, run, site, hot, constant) for site in starts.all()]
    if checks:
        hot.rows()  # without any sample there is nothing to judge by
    yield from phases.each(checks, lambda check: check())


def of_pool(run: Facts, pool: ideals.Row, tasks: Facts, constant: list[ideals.Row]) -> Finding | None:
    """Judge what the tasks of one pool repeat; tasks that are all the same may have to differ by chance."""
    functions = {row.get("function") for row in tasks.all(pool=pool.get("id")) if row.get("varying") != ""}
    line = heaviest(constant, functions)
    if line is None:
        return None
    runs = max(ideals.amount(line, "root_count"), ideals.at_least(pool, "items"))
    workers = ideals.amount(pool, "workers") * ideals.amount(pool, "pools")
    cpus = phases.cores(run)
    total = phases.inside(pool, cpus)
    repeated = phases.attributed(ideals.amount(line, "share") * total, total, MOST)
    recoverable = repeated / phases.computing(pool, cpus) * (1 - workers / max(runs, workers))
    return speak(run, {**line, "root_count": runs}, recoverable, "the tasks", INITIALIZER)


def of_site(run: Facts, site: ideals.Row, hot: Facts, constant: list[ideals.Row]) -> Finding | None:
    """Judge what the processes started at one place repeat."""
    line = heaviest(constant, {site.get("target")})
    if line is not None and line.get("rounds") is not None:
        return in_loop(run, site, line)
    if line is None or not differs(site, hot):
        return None
    count, cpus = ideals.amount(site, "count"), phases.cores(run)
    at_once, alive = phases.at_once(site, cpus), max(1.0, ideals.amount(site, "alive_max"))
    working = max(ideals.amount(site, "work_s") / alive, ideals.amount(site, "work_cpu_s") / at_once)
    repeated = phases.attributed(ideals.amount(line, "share") * working, working, MOST)
    recoverable = repeated * (1 - at_once / max(count, at_once))
    remedy = FORK if site.get("start_method") == "fork" else INITIALIZER
    return speak(run, line, recoverable, "the processes", remedy)


def in_loop(run: Facts, site: ideals.Row, line: ideals.Row) -> Finding | None:
    """Judge what processes that live on repeat for each message that they take in."""
    rounds, processes = ideals.amount(line, "rounds"), ideals.amount(site, "count")
    working = ideals.amount(site, "work_cpu_s") / phases.at_once(site, phases.cores(run))
    repeated = phases.attributed(ideals.amount(line, "share") * working, working, MOST)
    recoverable = ideals.stretch(run) * repeated * (1 - processes / max(rounds, processes))
    return speak(run, {**line, "root_count": rounds}, recoverable, "a loop", LOOP)


def differs(site: ideals.Row, hot: Facts) -> bool:
    """Whether the processes of a place are given different work; if all are alike, they have to repeat all of it."""
    if isinstance(site.get("varying"), str):
        return bool(site["varying"])
    others = hot.all(depth=0, invariant=False)
    if not any(bare(line.get("target")) == bare(site.get("target")) for line in others):
        raise NotJudged("it is not known in what the processes differ")
    return True


def heaviest(constant: list[ideals.Row], roots: set[Cell]) -> ideals.Row | None:
    """The call that most of the samples of any of these functions were in."""
    names = {bare(root) for root in roots}
    lines = [line for line in constant if bare(line.get("target")) in names]
    return max(filter(enough, lines), key=lambda line: ideals.amount(line, "share"), default=None)


def enough(line: ideals.Row) -> bool:
    """Whether a line was seen so often that its share is no chance."""
    samples, share = ideals.amount(line, "samples"), ideals.amount(line, "share")
    return samples >= SAMPLES or (samples >= FEWEST and share_at_least(share, samples / share) >= SURE)


def bare(name: Cell) -> str:
    """A function's name without its module: stacks do not tell it."""
    return str(name).rpartition(".")[2]


def speak(run: Facts, line: ideals.Row, recoverable: float, whose: str, remedy: str) -> Finding | None:
    """The finding, if it is worth one."""
    loss = phases.loss(recoverable, run, "the same preparation would be done once for each worker, or once for all")
    if loss is None:
        return None
    place, share, runs = Place.of(line), ideals.amount(line, "share"), ideals.amount(line, "root_count")
    return RULE.finding(
        level="warning",
        confidence="inferred",
        place=place,
        gain=loss.gain,
        concern=loss.concern,
        seen=f"{number(share, 'fraction')} of the CPU time of {line['target']} went into "
        f"{line['callee']}{ideals.where(place)}, called with the same arguments in {whose}, {runs:,.0f} times: "
        f"{seconds(recoverable)} of wall time.",
        do=f"If {line['callee']} gives the same each time, {remedy}",
        evidence=(
            *loss.evidence,
            Evidence("share of the CPU time", share, "fraction"),
            Evidence("times", runs, "1"),
        ),
    )


#: What to do where workers live on, and where children are forked.
INITIALIZER = (
    "call it in the pool's initializer (initializer=…, initargs=…) and keep the result in a global of the worker; "
    "processes of their own for short work belong into such a pool."
)
FORK = (
    "call it once before the processes are started: forked children inherit the result as an argument or a global, "
    "without pickling."
)
LOOP = "call it once before the loop that takes the messages in."

RULE: Final = Rule(
    module=__name__,
    id="MP104",
    run=observed,
    aliases=("heavy-init-per-task",),
    doc=Doc(
        title="The same preparation in every task",
        why="A model, table or file that every task loads anew costs its load as many times as there are tasks; a "
        "worker needs it once, and forked children can inherit it.",
        how="Stack samples of workers: a call whose arguments are the same in all tasks (or processes, or rounds of a "
        "process's loop over messages), below which "
        f"{SHARE:.0%} or more of their CPU time was spent, when doing it once per worker wins 5 % of the wall time. "
        "Inferred: whether the call gives the same each time is yours to know.",
        claim="'Heavy preparation belongs outside the main guard' is the wrong way round: there it runs in every "
        "spawned child. An initializer runs once per worker, code under the guard once.",
        bad="""
            def score(path, review):
                lexicon = load(path)
                return rate(lexicon, review)
        """,
        good="""
            def prepare(path):
                global lexicon
                lexicon = load(path)

            with Pool(initializer=prepare, initargs=(path,)) as pool:
                pool.map(score, reviews)
        """,
        applies="every Python version; lines are sampled where the system has signals",
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.pool.Pool",),
    ),
)
