"""A folder of programs with a known problem each, as tests/corpus/README.md lays it out, and how one of them runs."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from common import MPDIAG

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

#: In the order in which they are shown.
VARIANTS = ("bad", "fixed", "decoy", "healthy")
#: Seconds for a program that case.toml gives less; a busy machine is not a hang.
PATIENCE = 120.0


@dataclass(frozen=True)
class Case:
    """One program in its variants, and what is wrong with it."""

    folder: Path
    cause: str
    expect: str
    args: tuple[str, ...] = ()
    launcher: tuple[str, ...] = ()
    timeout_s: float = PATIENCE
    requires: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.folder.name


@dataclass(frozen=True)
class Run:
    """What one run of a program gave."""

    wall_s: float
    #: As `subprocess.Popen.returncode`; None when its time was up.
    exit: int | None
    #: The last line that begins with ``result:``.
    result: str | None
    #: What mpdiag reported; None without it, or when no report came.
    report: dict[str, Any] | None = None
    #: The end of what was written to standard error.
    errors: str = ""


def load(corpus: Path, names: Iterable[str] = ()) -> list[Case]:
    """The cases of ``corpus`` whose names begin with one of ``names``; all without any."""
    wanted = tuple(names)
    paths = [path for path in sorted(corpus.glob("*/case.toml")) if not wanted or path.parent.name.startswith(wanted)]
    return [read(path) for path in paths]


def read(path: Path) -> Case:
    """The case that a case.toml tells of; only its cause and what to expect are needed."""
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    return Case(
        folder=path.parent,
        cause=told["cause"],
        expect=told["expect"],
        args=tuple(told.get("args", ())),
        launcher=tuple(told.get("launcher", ())),
        timeout_s=max(PATIENCE, 4.0 * told.get("timeout_s", 0.0)),
        requires=tuple(told.get("requires", ())),
        variants=tuple(name for name in VARIANTS if (path.parent / f"{name}.py").exists()),
    )


def missing(case: Case, python: str) -> list[str]:
    """The packages that ``case`` needs and ``python`` lacks."""
    if python == sys.executable:
        return [name for name in case.requires if find_spec(name) is None]
    code = "import importlib.util, sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)"
    return [name for name in case.requires if subprocess.run((python, "-c", code, name), check=False).returncode]


def bare(case: Case, variant: str, python: str, scale: float) -> Run:
    """Run the program by itself."""
    return run((*case.launcher, python, *program(case, variant, scale)), case)


def under(case: Case, variant: str, python: str, scale: float) -> Run:
    """Run the program under mpdiag, which its launcher starts."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "report.json"
        options = ("--quiet", "--json", str(file), "--python", python)
        ran = run((*case.launcher, *MPDIAG, "run", *options, *program(case, variant, scale)), case)
        with contextlib.suppress(OSError, ValueError):
            return Run(ran.wall_s, ran.exit, ran.result, json.loads(file.read_text(encoding="utf-8")), ran.errors)
    return ran


def program(case: Case, variant: str, scale: float) -> tuple[str, ...]:
    """The program's file and arguments."""
    return (f"{variant}.py", *case.args, "--scale", str(scale))


def run(command: Sequence[str], case: Case) -> Run:
    """Run ``command`` in the folder of ``case`` and wait, but not for ever."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=case.folder, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True
        )
        try:
            exit_code: int | None = process.wait(case.timeout_s)
        except subprocess.TimeoutExpired:
            exit_code = None
        wall = time.perf_counter() - begun
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its own session: whatever it left behind
        process.wait()
        out.seek(0)
        err.seek(0)
        results = [line.strip() for line in out if line.startswith("result:")]
        return Run(wall, exit_code, results[-1] if results else None, errors=err.read()[-2000:])
