"""What stands between this process and the hardware, and who looks over its shoulder."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil

from mpdiag.interpreter import Unknown

#: A container's name in the path of a control group.
CONTAINER_ID = re.compile(r"\b[0-9a-f]{64}\b")
#: Variables that Jupyter sets for whatever a notebook or its terminal starts.
NOTEBOOK = ("JPY_PARENT_PID", "JPY_SESSION_NAME")
#: Ancestors that are asked whether a debugger holds them.
ANCESTORS = 4


def wsl(root: Path) -> bool:
    """Whether Windows runs this Linux."""
    release = root / "proc/sys/kernel/osrelease"
    return release.is_file() and "microsoft" in release.read_text().lower()


def translated(system: str, sysctl: Callable[[str], str]) -> bool:
    """Whether Rosetta translates this interpreter's code.

    Args:
        system: as `sys.platform` spells it.
        sysctl: reads a variable of the macOS kernel.
    """
    if system != "darwin":
        return False
    try:
        return sysctl("sysctl.proc_translated") == "1"
    except Unknown:  # a processor that Rosetta is not for
        return False


def container_depth(root: Path) -> int:
    """How many containers lie within each other, as far as the own control group's path tells.

    Raises:
        OSError: if /proc does not show it.
    """
    if sys.platform != "linux":
        raise Unknown("control groups are a Linux notion")
    paths = (root / "proc/self/cgroup").read_text().splitlines()
    return max((len(CONTAINER_ID.findall(path)) for path in paths), default=0)


def notebook(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a Jupyter server has started us."""
    return any(name in environ for name in NOTEBOOK)


def traced(root: Path) -> bool:
    """Whether a debugger or tracer holds this process or one of those that started it.

    Raises:
        Unknown: where the system does not tell.
    """
    family = [psutil.Process(), *psutil.Process().parents()][: ANCESTORS + 1]
    statuses = [root / f"proc/{process.pid}/status" for process in family]
    texts = [path.read_text() for path in statuses if path.is_file()]
    if not texts:
        raise Unknown("the system does not tell who traces a process")
    return any(re.search(r"^TracerPid:\s*[1-9]", text, re.MULTILINE) for text in texts)
