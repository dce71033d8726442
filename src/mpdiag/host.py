"""The process that runs one probe, in any interpreter from 3.9 on.

The launcher copies this file and the modules it needs to a private folder, beside a script that calls `main` under
its main guard: spawned children compile and run that script again, so it is as short as a script can be. One plan
comes as a line of JSON on standard input, which then stays open as a lifeline; messages go out as lines of JSON on
what was standard output. Prints of measured code end up on standard error.
"""

from __future__ import annotations

import cProfile
import dataclasses
import gc
import importlib
import json
import os
import select
import shutil
import signal
import sys
from collections.abc import Callable
from types import CodeType
from typing import Any

from mpdiag.bench import Bench, DeadlineExceeded, PassOver, Plan, ProfilingBench, Skip
from mpdiag.model import Probe

#: Lines of the profile that are kept.
PROFILE_LINES = 12


def main() -> None:
    """Read the plan, run what it asks for, tell how it went."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)

    def tell(**message: Any) -> None:
        out.write(json.dumps(message, default=vars) + "\n")

    line = sys.stdin.readline()
    if not line:
        vanish()
    asked = json.loads(line)
    # JSON has no tuples, and a bundle of imports is the key of its case.
    plan = Plan(**{**asked, "imports": tuple(asked["imports"])})
    hold_lifeline(plan.deadline_s)
    if plan.cwd:
        sys.path.append(plan.cwd)
    if plan.probe:
        run_probe(plan, tell)
    else:
        from mpdiag import interpreter  # no probe needs it

        compile_staged()
        tell(facts=interpreter.facts(blas=plan.blas))


def compile_staged() -> None:
    """Compile what was staged here: where PYTHONDONTWRITEBYTECODE is set, each spawned child would do it anew."""
    import compileall

    compileall.compile_dir(os.path.split(__file__)[0], quiet=2)


def hold_lifeline(deadline_s: float) -> None:
    """End this process group when mpdiag is gone (standard input closes) or ``deadline_s`` has passed.

    Where the system has no such signals, the launcher alone watches over the deadline.
    """
    if sys.platform == "win32" or os.getpgrp() != os.getpid():
        return
    import fcntl

    signal.signal(signal.SIGALRM, vanish)
    signal.alarm(int(deadline_s) + 1)
    signal.signal(signal.SIGIO, vanish)
    try:
        fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)
    except (OSError, AttributeError):
        return  # the alarm remains
    # The end of input may have come before the signal was asked for; nothing else can come now.
    if select.select([0], [], [], 0)[0]:
        vanish()


def vanish(*_signal: object) -> None:
    """End this process group and take its private folder away, as nobody is left to do it.

    The group gets SIGTERM, not SIGKILL: the resource tracker ignores it, and unlinks what the others leave behind.
    """
    folder = os.path.split(os.path.split(__file__)[0])[0]
    if os.path.split(folder)[1].startswith("mpdiag-") and os.access(f"{folder}/main.py", os.F_OK):
        shutil.rmtree(folder, ignore_errors=True)
    if sys.platform != "win32" and os.getpgrp() == os.getpid():
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.killpg(0, signal.SIGTERM)
    sys.exit("mpdiag is gone")


def run_probe(plan: Plan, tell: Callable[..., None]) -> None:
    """Time the probe, then profile it in a separate pass; a failure of its is a message, not a crash."""
    probe: Probe = importlib.import_module(f"mpdiag.{plan.folder}.{plan.probe}").PROBE
    bench = Bench(plan)
    collections = sum(generation["collections"] for generation in gc.get_stats())
    tell(phase="timing")
    status, reason = "ok", None
    try:
        for row in probe.run(bench):
            tell(table=row.table, cells=row.cells)
    except Skip as skip:
        status, reason = "skipped", str(skip)
    except DeadlineExceeded as late:
        status, reason = "timeout", str(late)
    except Exception as error:  # noqa: BLE001 - one probe's failure is one row
        status, reason = "failed", describe(error)
    tell(
        end=status,
        reason=reason,
        notes=bench.notes,
        stops=bench.stops,
        gc_collections=sum(generation["collections"] for generation in gc.get_stats()) - collections,
    )
    if status == "ok" and plan.size is None:
        tell(profile=profile(probe, plan))


def describe(error: BaseException) -> str:
    """One line that names the error and where it arose."""
    import traceback  # rarely needed, and every host would pay for it

    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno})" if frames else ""
    text = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {text}{place}" if text else f"{type(error).__name__}{place}"


def profile(probe: Probe, plan: Plan) -> list[dict[str, object]]:
    """The functions that take most time in one round of ``probe``; never while timing."""
    bench = ProfilingBench(dataclasses.replace(plan, budget_s=plan.profile_s))
    profiler = cProfile.Profile()
    profiler.enable()
    try:
        exhaust(probe, bench)
    finally:
        profiler.disable()
    entries = sorted(profiler.getstats(), key=lambda entry: entry.inlinetime, reverse=True)
    return [
        {"function": function_name(entry.code), "calls": entry.callcount, "self_s": entry.inlinetime}
        for entry in entries[:PROFILE_LINES]
    ]


def exhaust(probe: Probe, bench: Bench) -> None:
    """Run ``probe`` for the profiler's sake; what its rows say is of no interest."""
    try:
        for _ in probe.run(bench):
            if bench.left() <= 0:
                return
    except (PassOver, Skip, DeadlineExceeded):
        return


def function_name(code: str | CodeType) -> str:
    """How cProfile names a function (a built-in one by its text), with the file's last two parts only."""
    if isinstance(code, str):
        return code
    folder, name = os.path.split(code.co_filename)
    return f"{os.path.split(folder)[1]}/{name}:{code.co_firstlineno}({code.co_name})"
