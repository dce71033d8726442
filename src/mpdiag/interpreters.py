"""Chooses the interpreter to measure, and says why that one."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mpdiag.errors import BadInput

#: Files that installers of isolated command-line tools leave in the environment they make.
TOOL_MARKS = ("pipx_metadata.json", "uv-receipt.toml")


@dataclass(frozen=True)
class Chosen:
    """An interpreter and why it was chosen."""

    path: str
    reason: str


def choose(asked: str | None, environ: Mapping[str, str] = os.environ, prefix: Path = Path(sys.prefix)) -> Chosen:
    """The interpreter that users mean.

    Args:
        asked: the value of ``--python``: a path or a command on PATH.
        environ: the environment variables.
        prefix: where mpdiag itself is installed.

    Raises:
        BadInput: ``asked`` is no executable.
    """
    if asked:
        if found := shutil.which(asked, path=environ.get("PATH")):
            return Chosen(str(Path(found).absolute()), "given with --python")
        raise BadInput(f"--python {asked}: no such interpreter", "Give the path of a Python executable.")
    active = environ.get("VIRTUAL_ENV")
    if active and (python := in_environment(Path(active))):
        return Chosen(python, "of the active virtual environment")
    isolated = any((prefix / mark).exists() for mark in TOOL_MARKS)
    if isolated and (found := shutil.which("python3", path=environ.get("PATH"))):
        return Chosen(found, "the first python3 on PATH, as mpdiag has an environment of its own")
    return Chosen(sys.executable, "the one that mpdiag runs in")


def behind(program: str, environ: Mapping[str, str] = os.environ) -> Chosen | None:
    """The interpreter that the command ``program`` will start: itself, or the one that its first line names.

    None when that is not plain to see, as of a shell script.
    """
    found = shutil.which(program, path=environ.get("PATH"))
    if found is None:
        return None
    if is_python(found):
        return Chosen(str(Path(found).absolute()), f"the command {Path(program).name}")
    words = first_line(Path(found)).split()
    if words and Path(words[0]).name == "env":
        words = [shutil.which(words[-1], path=environ.get("PATH")) or ""]
    return Chosen(words[0], f"the one that runs {Path(program).name}") if words and is_python(words[0]) else None


def is_python(path: str) -> bool:
    """Whether ``path`` is called like an interpreter of Python 3."""
    return re.fullmatch(r"(python|pypy)(3(\.\d+)?t?)?(\.exe)?", Path(path).name) is not None


def first_line(path: Path) -> str:
    """What follows ``#!`` in the first line of ``path``."""
    try:
        with path.open("rb") as file:
            line = file.readline(4096)
    except OSError:
        return ""
    return line[2:].decode(errors="replace").strip() if line.startswith(b"#!") else ""


def in_environment(folder: Path) -> str | None:
    """The interpreter of the virtual environment in ``folder``."""
    for name in ("bin/python", "Scripts/python.exe"):
        if (folder / name).exists():
            return str(folder / name)
    return None
