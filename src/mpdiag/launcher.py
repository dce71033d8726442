"""Runs host processes: stages their code, reads their messages, watches deadlines, leaves nothing behind."""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

import psutil

from mpdiag.bench import Plan
from mpdiag.errors import CannotWork
from mpdiag.model import Cell, Measured
from mpdiag.report import Profiled, Status
from mpdiag.signals import uninterrupted
from mpdiag.vitals import Vitals

PACKAGE = Path(__file__).parent
#: What a host needs of mpdiag; nothing else is visible to the measured interpreter.
STAGED = ("__init__.py", "bench.py", "host.py", "interpreter.py", "model.py", "stats.py", "work.py")
FOLDERS = ("probes", "rigs", "sizer")
#: The main module of a host; spawned children compile and run it again.
MAIN = """\
if __name__ == "__main__":
    import sys

    sys.path.insert(0, {folder!r})  # PYTHONSAFEPATH keeps it out
    from mpdiag.host import main

    main()
"""
#: Seconds between two looks at a silent host; memory is sampled as often in the profile pass.
TICK = 0.05
GRACE = 1.0


@dataclass
class Gathered:
    """What one host has said so far, and how it went: interrupted, until it is known better."""

    status: Status = "skipped"
    reason: str | None = "interrupted"
    duration_s: float = 0.0
    #: Rows by table name.
    rows: dict[str, list[dict[str, Cell]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    process: dict[str, Any] = field(default_factory=dict)
    profile: tuple[Profiled, ...] = ()
    facts: dict[str, Any] | None = None


@dataclass(frozen=True)
class Host:
    """A host process, and the file that takes its standard error."""

    process: subprocess.Popen[bytes]
    errors: IO[bytes]

    def end(self) -> None:
        """End it, if it has not, with all that it started."""
        sweep(self.process)
        self.errors.close()

    def said(self) -> str:
        """Its last word on standard error."""
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace").strip().rpartition("\n")[2]


class Launcher:
    """Starts hosts of one interpreter from a private folder; use as a context manager.

    A host takes a tenth of a second to start and to import what it needs. That is done for the next one while the
    timing of one is over and its profile is taken: it then waits for its plan, which it gets when the other is gone.

    Args:
        python: the interpreter.
        hosts: how many will be run; none is started ahead beyond that.
    """

    def __init__(self, python: str, hosts: int = 1) -> None:
        self.python = python
        self._to_start = hosts
        self._waiting: list[Host] = []

    def __enter__(self) -> Launcher:
        try:
            with uninterrupted():
                self.folder = private_folder()
        except OSError as error:
            raise CannotWork(
                f"no private folder for the measuring processes: {error}", "Point TMPDIR to a folder with free space."
            ) from error
        except KeyboardInterrupt:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        with uninterrupted():
            for host in self._waiting:
                host.end()
            shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, plan: Plan, gathered: Gathered | None = None, tick: Callable[[], object] = lambda: None) -> Gathered:
        """Run one host to its end or to its deadline.

        Args:
            plan: what the host is to do.
            gathered: what to fill while the host talks, so that an interruption loses nothing; a new one by default.
            tick: called every now and then, say for progress.

        Returns:
            What the host said.
        """
        gathered = gathered or Gathered()
        begun = time.monotonic()
        end = begun + plan.deadline_s
        with self._started(plan) as host:
            try:
                finished = self._listen(host.process, gathered, end, tick)
            finally:
                gathered.duration_s = time.monotonic() - begun
            with suppress(subprocess.TimeoutExpired):
                host.process.wait(GRACE)
            if not finished and time.monotonic() >= end:
                gathered.status, gathered.reason = "timeout", "not done by its deadline"
            elif not finished:
                gathered.status, gathered.reason = "failed", explain_end(host.process.poll(), host.said())
        return gathered

    def start_ahead(self, count: int = 1) -> None:
        """Have the next ``count`` hosts wait, if so many are to come; call it while nothing is timed.

        What fails here will fail in `run`.
        """
        with suppress(OSError):
            while self._to_start > 0 and len(self._waiting) < count:
                with uninterrupted():
                    self._waiting.append(self._start())

    @contextmanager
    def _started(self, plan: Plan) -> Iterator[Host]:
        host = None
        try:
            with uninterrupted():
                host = self._waiting.pop(0) if self._waiting else self._start()
            assert host.process.stdin
            with suppress(BrokenPipeError):
                host.process.stdin.write(json.dumps(asdict(plan)).encode() + b"\n")
                host.process.stdin.flush()
            yield host
        except OSError as error:
            if host is not None:
                raise
            raise CannotWork(f"{self.python} cannot be started: {error.strerror}", "Give --python PATH.") from error
        finally:
            if host is not None:
                with uninterrupted():
                    host.end()

    def _start(self) -> Host:
        self._to_start -= 1
        environment = {**os.environ, "TMPDIR": str(self.folder), "TEMP": str(self.folder), "TMP": str(self.folder)}
        with ExitStack() as unless_started:
            errors = unless_started.enter_context(tempfile.TemporaryFile(dir=self.folder))
            process = subprocess.Popen(
                [self.python, str(self.folder / "main.py")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment,
                start_new_session=True,
            )
            unless_started.pop_all()
        return Host(process, errors)

    def _listen(
        self, host: subprocess.Popen[bytes], gathered: Gathered, deadline: float, tick: Callable[[], object]
    ) -> bool:
        """Take in messages until the host is done or late; says whether it came to its end."""
        vitals = Vitals(host.pid)
        finished = False
        for line in lines(host, deadline):
            if not line:
                tick()
                vitals.sample()
                continue
            message = heard(line)
            if "cells" in message:
                gathered.rows.setdefault(message["table"], []).append(cells(message["cells"]))
            elif "phase" in message:
                vitals.begin()
            elif "end" in message:
                gathered.process = {**vitals.end(), "gc_collections": message["gc_collections"]}
                gathered.process["stopped_by"] = {
                    why: message["stops"].count(why) for why in sorted({*message["stops"]})
                }
                gathered.status, gathered.reason = message["end"], message["reason"]
                finished = True
                gathered.notes += message["notes"]
                vitals.sample()
                self.start_ahead()
            elif "profile" in message:
                gathered.profile = tuple(Profiled(**entry) for entry in message["profile"])
                gathered.process.update(vitals.peaks())
            elif "facts" in message:
                gathered.facts, gathered.status, gathered.reason = message["facts"], "ok", None
                finished = True
                self.start_ahead()
        return finished


def lines(host: subprocess.Popen[bytes], deadline: float) -> Iterator[bytes]:
    """The host's lines, with an empty one for every tick of silence, until it has ended or is late.

    Once it has closed its output, it has a moment to end.
    """
    heard: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def listen() -> None:
        assert host.stdout
        with suppress(ValueError):  # closed meanwhile, by whoever is interrupted
            for line in host.stdout:
                heard.put(line)
        heard.put(None)
        host.wait()  # here, as waiting with a timeout would look only every few hundredths of a second
        heard.put(None)

    threading.Thread(target=listen, daemon=True).start()
    closed = False
    while (left := deadline - time.monotonic()) > 0:
        try:
            line = heard.get(timeout=min(TICK, left))
        except queue.Empty:
            yield b""
            if host.poll() is not None:  # a child of the host's may hold its output open
                deadline = min(deadline, time.monotonic() + GRACE)
            continue
        if line is not None:
            yield line
        elif closed:
            return
        else:
            closed, deadline = True, min(deadline, time.monotonic() + GRACE)


def heard(line: bytes) -> dict[str, Any]:
    """The message in ``line``; nothing of a line that a killed host left unfinished."""
    try:
        message: dict[str, Any] = json.loads(line)
    except ValueError:
        return {}
    return message


def cells(raw: Mapping[str, Any]) -> dict[str, Cell]:
    """The cells of a row as they came from the host."""
    return {key: Measured(**cell) if isinstance(cell, dict) else cell for key, cell in raw.items()}


def private_folder() -> Path:
    """A new folder with what a host needs; its name tells a host that it may take it away."""
    folder = Path(tempfile.mkdtemp(prefix="mpdiag-"))
    try:
        stage(folder)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def stage(folder: Path) -> None:
    """Copy what a host needs to ``folder``: the measured interpreter sees nothing else of mpdiag's environment.

    Compiled code comes along with its source's time stamp, or every run would compile it anew.
    """
    package = folder / "mpdiag"
    (package / "__pycache__").mkdir(parents=True)
    (folder / "main.py").write_text(MAIN.format(folder=str(folder)), encoding="utf-8")
    for name in FOLDERS:
        shutil.copytree(PACKAGE / name, package / name)
    for name in STAGED:
        shutil.copy2(PACKAGE / name, package)
        for compiled in (PACKAGE / "__pycache__").glob(f"{name.removesuffix('.py')}.*.pyc"):
            shutil.copy2(compiled, package / "__pycache__")


def explain_end(code: int | None, said: str) -> str:
    """Why a host ended before its time, from its exit code and its last word on standard error."""
    reason = "the measuring process ended early"
    if code is not None and code < 0:
        with suppress(ValueError):
            reason = f"{reason} (killed by {signal.Signals(-code).name})"
    return f"{reason}: {said}" if said else reason


# --- leaving nothing behind


def sweep(host: subprocess.Popen[bytes]) -> None:
    """End the host and every process of its session.

    The resource tracker is left to end by itself: it unlinks segments and semaphores once nobody is left to use them.
    What does not die (a process in an uninterruptible wait, or not ours to kill) is given up after a while.
    """
    if host.poll() is None:
        kill_tree(host)
    if host.stdin:
        with suppress(BrokenPipeError):
            host.stdin.close()
    late = time.monotonic() + 2 * GRACE
    while members := session_members(host.pid):
        now = time.monotonic()
        if now > late + GRACE:
            return  # with its output open: the thread that listens to it holds a lock that closing would wait for
        for member in members:
            with suppress(psutil.Error):
                if now > late or not is_tracker(member):
                    member.kill()
        time.sleep(0.01)
    if host.stdout:
        host.stdout.close()


def kill_tree(host: subprocess.Popen[bytes]) -> None:
    """Ask the host's group to end, then make it."""
    if sys.platform == "win32":
        with suppress(psutil.Error):
            for child in psutil.Process(host.pid).children(recursive=True):
                child.kill()
        host.kill()
    else:
        with suppress(ProcessLookupError):
            os.killpg(host.pid, signal.SIGTERM)
    try:
        host.wait(GRACE)
    except subprocess.TimeoutExpired:
        host.kill()
        with suppress(subprocess.TimeoutExpired):
            host.wait(GRACE)


def session_members(leader: int) -> list[psutil.Process]:
    """The living processes of the session that ``leader`` began."""
    if sys.platform == "win32":
        return []
    members = []
    for pid in psutil.pids():
        with suppress(psutil.Error, OSError):
            if os.getsid(pid) == leader and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                members.append(psutil.Process(pid))
    return members


def is_tracker(process: psutil.Process) -> bool:
    """Is it multiprocessing's resource tracker?"""
    return "resource_tracker" in " ".join(process.cmdline())
