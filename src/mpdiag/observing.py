"""Launch, watch, judge: makes a report of a program's run; whatever fails here leaves the program unharmed."""

from __future__ import annotations

import os
import shutil
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mpdiag import errors, gains, judging, machine, registry, units, verdicts
from mpdiag.errors import BadInput, CannotWork, MpdiagError
from mpdiag.heading import begin
from mpdiag.interpreters import Chosen
from mpdiag.messages import complain
from mpdiag.options import terminal_style
from mpdiag.outputs import Output
from mpdiag.redact import Identity, redact_values
from mpdiag.report import Quality, Report, Section
from mpdiag.signals import uninterrupted
from mpdiag.watch import account as accounts
from mpdiag.watch import facts as tabled
from mpdiag.watch import folder as private
from mpdiag.watch import lives, pages, spans
from mpdiag.watch.books import read
from mpdiag.watch.launch import Launched
from mpdiag.watch.observation import Observation, Surroundings
from mpdiag.watch.sampler import DENSE, OLD_S, USUAL, Pace, Sampler

if TYPE_CHECKING:  # what only some runs need is imported by those
    from mpdiag.alarm import Alarm
    from mpdiag.glance import Glance

#: Others' share of the machine above which the figures are called contended, as those of probes are.
CONTENDED = 0.15
#: The part of the wall time for which a quota must have held the program up to be worth a word.
THROTTLED = 0.05
#: While the program runs: lines that the account takes, and tables below it where there is more room.
ACCOUNT_LINES, LIVE_TABLES = 18, 3


@dataclass(frozen=True)
class Request:
    """What the user wants observed."""

    #: The program's own command line.
    command: tuple[str, ...]
    #: The interpreter that runs it, if it is known.
    chosen: Chosen | None
    #: Where the raw ledgers shall stay.
    keep: Path | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    #: Ask the program for its stacks more often, and show them.
    stacks: bool = False
    #: Show what is known while it runs.
    live: bool = False
    #: Seconds after which a program that stands still is looked at, and whether it is ended then.
    hang_after: float | None = None
    on_hang: Literal["report", "kill"] = "report"
    #: Shows at once why a program hangs.
    warn: Callable[[Report], object] = lambda _: None
    #: Files for what is no report: a "perfetto" timeline, a "cprofile" profile.
    files: Mapping[str, Output] = field(default_factory=dict)
    #: Take names out of the timeline, as out of a report.
    redact: bool = True


def observe(request: Request, deliver: Callable[[Report], int]) -> int:
    """Run the program and deliver the report on it.

    Once the program has begun, nothing that goes wrong here is raised: it is said, and the program's exit code stands.

    Args:
        request: what to run.
        deliver: shows the report and gives the exit code that it calls for.

    Returns:
        The program's exit code; if that is 0, the one that the report calls for.

    Raises:
        BadInput: an unknown rule, or a program that cannot be started.
        CannotWork: there is nowhere to write.
    """
    begun = time.monotonic()
    registry.matching((*request.select, *request.ignore))  # a wrong name shall not cost a run
    with private_folder() as folder:
        head = look_around(request, folder)
        if "cprofile" in request.files:
            (folder / private.PROFILES).mkdir()
        with Launched(request.command, private.environment(folder), partial(private.remove, folder)) as program:
            sampler = looking(folder, program, DENSE if request.stacks else USUAL)
            alarm = alarmed(request, program, folder)
            with shown_live(request, head, program, folder, sampler) as tick:
                program.wait(ticking(tick, alarm, request))
            outside = seen(sampler)
        said = guarded(
            lambda: deliver(added(alarm, tell(request, head, gathered(head, program, folder, outside), begun)))
        )
        if request.files:
            said = guarded(lambda: write_files(request, gathered(head, program, folder, outside), folder)) or said
        if request.keep:
            said = guarded(lambda: keep(folder, request.keep)) or said
    return (alarm.code(program.code) if alarm else program.code) or said


@contextmanager
def private_folder() -> Iterator[Path]:
    """The folder of one run; taken away whatever comes."""
    with uninterrupted():
        folder = private.make_folder()
        private.into_memory(folder)
    try:
        yield folder
    finally:
        with uninterrupted():
            private.remove(folder)


def look_around(request: Request, folder: Path) -> Report:
    """The head of the report: what there is before the program begins, which shall find the machine as we did."""
    # What takes long to import must not hold signals up later.
    if request.live:
        registry.renderer("terminal")
    if request.hang_after is not None:
        from mpdiag import hanging  # noqa: F401
    python: dict[str, Any] = {}
    if request.chosen:
        python = {**private.prepare(folder, request.chosen.path, registry.rules), "chosen": request.chosen.reason}
    return replace(begin("run"), machine=machine.gather(leftovers=False), python=python)


def guarded(step: Callable[[], int]) -> int:
    """The exit code of ``step``; its failure is said and becomes one."""
    try:
        return step()
    except MpdiagError as error:
        complain(str(error), error.hint)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the program ran well; no mistake of ours may hide its exit code
        if os.environ.get("MPDIAG_DEBUG"):
            traceback.print_exc()
        complain(
            f"internal error: {type(error).__name__}: {error}",
            "The program is not affected. Please report it; MPDIAG_DEBUG=1 shows where it happened.",
        )
        return errors.FAILED


def looking(folder: Path, program: Launched, pace: Pace) -> Sampler | None:
    """Looks at the program's processes from outside; none where that fails."""
    try:
        sampler = Sampler(folder, program.pid, round(program.began * 1e9), pace)
        sampler.start()
    except Exception:  # noqa: BLE001 - the program runs already
        return None
    return sampler


def alarmed(request: Request, program: Launched, folder: Path) -> Alarm | None:
    """Tells when the program stands still; none where that is not wanted."""
    if request.hang_after is None:
        return None
    from mpdiag.alarm import Alarm
    from mpdiag.hang.tree import Tree

    return Alarm(Tree(program.pid, folder), request.hang_after, request.on_hang == "kill")


def added(alarm: Alarm | None, report: Report) -> Report:
    """The report with what the program hung of."""
    return alarm.added(report) if alarm else report


@contextmanager
def shown_live(
    request: Request, head: Report, program: Launched, folder: Path, sampler: Sampler | None
) -> Iterator[Callable[[], None] | None]:
    """What to call again and again to show what is known so far; None when nothing is to be shown."""
    if not request.live:
        yield None
        return
    from mpdiag import glance, live

    fd = live.terminal()
    if fd is None or sampler is None:
        complain("--live needs a terminal on standard error", "The report follows at the end.")
        yield None
        return
    look = glance.Glance(folder, program.pid, program.began, usable_cpus(head), sampler)
    with live.Live(partial(page, head, look), live.Panel(fd)) as shown:
        broken: list[Exception] = []

        def tick() -> None:
            try:
                if not broken:
                    shown.tick()
            except Exception as error:  # noqa: BLE001 - the program runs, and its report will come
                broken.append(error)
                shown.clear()

        yield tick


def page(head: Report, look: Glance, most: int) -> list[str]:
    """What is known so far, as lines for a terminal, of which ``most`` can be seen."""
    run = look.run()
    lived = lives.lives(run)
    account = accounts.account(run, lived)
    sections: tuple[Section, ...] = ()
    if most > ACCOUNT_LINES:
        told = pages.sections(tabled.gather(run, lived, account, head.python))
        sections = tuple(section for section in told if not section.detail)[:LIVE_TABLES]
    report = replace(head, verdict=look.headline(run), machine={}, python={}, sections=sections, account=account)
    text = registry.renderer("terminal").render(report, terminal_style(verbose=False, err=True))
    return text.splitlines()


def seen(sampler: Sampler | None) -> Observation | None:
    """What was seen from outside."""
    if sampler is None:
        return None
    try:
        sampler.stop()
        return sampler.observation()
    except Exception:  # noqa: BLE001 - the program ran well; the ledgers tell most of it
        return None


def tell(request: Request, head: Report, run: lives.Run, begun: float) -> Report:
    """The report on a run that is over."""
    lived = lives.lives(run)
    account = accounts.account(run, lived)
    tables = tabled.gather(run, lived, account, head.python)
    facts: dict[str, Any] = {"machine": head.machine, "python": head.python, **tables}
    judged = judging.judge(registry.select(request.select, request.ignore), facts, "run")
    findings, cut = gains.shared_out(sorted(judged.findings, key=lambda finding: finding.rank), run.wall_s)
    report = replace(
        head,
        duration_s=time.monotonic() - begun,
        sections=(*tree(request, run, lived), *pages.sections(tables)),
        account=replace(account, timeline=spans.kept(run, lived)),
        findings=tuple(findings),
        quality=tuple(Quality(text) for text in (*doubts(request, head, run, lived), *cut)),
        passed=tuple(judged.passed),
        not_judged=tuple(judged.not_judged),
    )
    return replace(report, verdict=verdicts.run(report))


def tree(request: Request, run: lives.Run, lived: Sequence[lives.Life]) -> Iterator[Section]:
    """The calls that took CPU time, if they are wanted."""
    if request.stacks:
        from mpdiag.watch import calls

        yield calls.section(run.outside.stacks if run.outside else (), lived)


def gathered(head: Report, program: Launched, folder: Path, outside: Observation | None) -> lives.Run:
    """All that is known of the run, from the ledgers and from outside."""
    books = read(folder / private.LEDGERS)
    own = [book for book in books if book.pid == program.pid]
    granted = [event.facts[2] for book in own for event in book.noted("python")]
    granted += [event.facts[0] for book in own for event in book.noted("usable")]
    return lives.Run(
        root_pid=program.pid,
        began_s=program.began,
        ended_s=program.ended,
        exit=program.exit,
        cpus=min([usable_cpus(head), *map(float, granted)]),
        books=books,
        outside=outside,
    )


def ticking(shown: Callable[[], None] | None, alarm: Alarm | None, request: Request) -> Callable[[], None] | None:
    """What to do again and again while the program runs."""
    if alarm is None:
        return shown
    from mpdiag import hanging

    def tick() -> None:
        if shown:
            shown()
        guarded(
            lambda: alarm.look(partial(hanging.explain, select=request.select, ignore=request.ignore), request.warn)
        )

    return tick


def usable_cpus(head: Report) -> float:
    """The CPUs that we may use, and so what we start."""
    return float(head.machine.get("usable_cpus") or os.cpu_count() or 1)


def doubts(request: Request, head: Report, run: lives.Run, lived: Sequence[lives.Life]) -> Iterator[str]:
    """What limits the trust in what was observed, or the use of it."""
    if "cprofile" in request.files:
        yield "profiled: with --cprofile each call takes longer, so times are inflated and gains overstated"
        themselves = sum(any(book.noted("gave_way")) for book in run.books)
        if themselves:
            yield f"{themselves} of {len(run.books)} processes profiled themselves: --cprofile stops there"
    if run.exit not in (0, None):
        how = f"with exit code {run.exit}" if isinstance(run.exit, int) else f"by {run.exit}"
        yield f"the program ended {how}: what it did until then is told"
    if run.outside is None:
        yield "nobody looked from outside: memory, queueing for CPUs and processes without taps are not known"
    if not head.python:
        yield "the program's interpreter is not known: what rests on its facts was not judged"
    elif "version" not in head.python:
        yield "the program's interpreter does not tell its facts: Python 3.9 or newer is needed"
    own = [life for life in lived if life.role in accounts.OWN]
    if unseen := sum(life.book is None for life in own):
        yield (
            f"{unseen} of {len(own)} processes were seen from outside alone: what is no Python 3.9 or newer, or was "
            "started with -E, -I or -S, loads no taps"
        )
    older = [life for life in lived if life.book is None and life.vital and (life.vital.born or 0.0) < -OLD_S]
    if count := sum(life.role != "resource_tracker" for life in older):
        yield f"{count} processes were there before the block began: they are seen from outside alone"
    if run.outside is not None:
        yield from held_up(run.outside.surroundings, head.machine.get("cpu_quota"))


def held_up(around: Surroundings, quota: float | None) -> Iterator[str]:
    """What kept the program from the CPUs."""
    if around.others_share is not None and around.others_share > CONTENDED:
        yield f"contended: other programs used {around.others_share * 100:.0f} % of the CPUs"
    if around.throttled_s is not None and around.throttled_s > THROTTLED * around.wall_s:
        allowed = f", {units.number(quota, None)} CPUs," if quota else ""
        held = units.seconds(around.throttled_s)
        yield f"throttled: its CPU quota{allowed} held it up for {held}, which is told as queueing for a CPU"


# --- what stays


def write_files(request: Request, run: lives.Run, folder: Path) -> int:
    """Write what is no report into its files."""
    if output := request.files.get("perfetto"):
        from mpdiag.watch import timeline

        document = timeline.perfetto(run, lives.lives(run))
        output.write(timeline.written(redact_values(document, Identity.here()) if request.redact else document))
    if output := request.files.get("cprofile"):
        from mpdiag.watch import profiles

        helpers = {life.pid for life in lives.lives(run) if life.role in lives.SERVERS.values()}
        profile, count = profiles.merged(folder / private.PROFILES, helpers)
        output.write(profile)
        if not count:
            complain("no process could be profiled", "Each needs a Python of 3.9 or newer without -E, -I or -S.")
    return errors.FINE


def room_to_keep(place: Path | None) -> None:
    """See that ``place`` can take the ledgers.

    Raises:
        BadInput: it cannot, or holds something.
    """
    if place is None:
        return
    try:
        place.mkdir(parents=True, exist_ok=True)
        if any(place.iterdir()):
            raise BadInput(f"--keep {place}: the folder is not empty", "Give a new one, so that no two runs are mixed.")
    except OSError as error:
        raise BadInput(f"--keep {place}: {error.strerror}", "Give a folder that you may write to.") from error


def keep(folder: Path, place: Path | None) -> int:
    """Copy the ledgers from the private ``folder`` to ``place``."""
    assert place
    try:
        shutil.copytree(folder / private.LEDGERS, place, dirs_exist_ok=True)
    except OSError as error:
        raise CannotWork(f"the ledgers could not be kept in {place}: {error}", "Free some space.") from error
    return errors.FINE
