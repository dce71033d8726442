"""What earlier programs left on this machine: shared memory nobody maps, and workers whose parent is gone.

Cautious: only this user's, older than `YOUNGEST_S`, and only what is visible from here.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from mpdiag.interpreter import Unknown

#: A younger segment may belong to a program that is just handing it over.
YOUNGEST_S = 60.0
#: The names of segments that are told.
NAMED = 100
#: The names that multiprocessing, and joblib's loky, give to shared memory and semaphores in /dev/shm.
NAMES = re.compile(r"psm_[0-9a-f]+|sem\.(?:mp|loky-[0-9]+)-[0-9a-z_]+")
MAPPED = re.compile(rf"/({NAMES.pattern})$", re.MULTILINE)
#: Processes that adopt orphans. Any other parent, even number 1 of a container, may have started the worker itself.
ADOPTERS = frozenset({"init", "systemd", "launchd", "tini", "dumb-init", "docker-init", "catatonit"})
WORKER = re.compile(r"from multiprocessing\.(spawn|forkserver) import|--multiprocessing-fork")


def segments(root: Path, youngest_s: float = YOUNGEST_S) -> dict[str, Any]:
    """Segments and semaphores in /dev/shm that no visible process maps: count, names, bytes, and what was checked.

    Of very many some names are left out.

    Raises:
        Unknown: where shared memory is not a folder.
    """
    folder = root / "dev/shm"
    if not folder.is_dir():
        raise Unknown("no /dev/shm to look into")
    old = dict(_old_files(folder, youngest_s))
    mapped, unseen = _mapped(root / "proc") if old else (set(), 0)
    left = {name: size for name, size in old.items() if name not in mapped}
    names = sorted(left)[:NAMED]
    return {"count": len(left), "names": names, "bytes": sum(left.values()), "processes_not_seen": unseen}


def orphans(youngest_s: float = YOUNGEST_S) -> list[int]:
    """Which of this user's multiprocessing workers have lost their parent, by pid (those of fork cannot be told)."""
    user, now = psutil.Process().username(), time.time()
    old = (
        process
        for process in psutil.process_iter(["name", "create_time"])
        if "py" in (process.info["name"] or "").lower() and now - (process.info["create_time"] or now) > youngest_s
    )
    return [process.pid for process in old if _is_orphan(process, user)]


def _is_orphan(process: psutil.Process, user: str) -> bool:
    try:
        return bool(WORKER.search(" ".join(process.cmdline()))) and process.username() == user and _adopted(process)
    except psutil.Error:
        return False


def _adopted(process: psutil.Process) -> bool:
    parent = process.parent()
    # Windows keeps the number of a parent that is gone; psutil sees that and gives none.
    return parent is None or parent.name() in ADOPTERS


def _old_files(folder: Path, youngest_s: float) -> Iterator[tuple[str, int]]:
    """Name and bytes held of this user's old segments."""
    owner = psutil.Process().uids().effective
    for file in folder.iterdir():
        if NAMES.fullmatch(file.name):
            try:
                status = file.lstat()
            except FileNotFoundError:
                continue
            if status.st_uid == owner and time.time() - max(status.st_mtime, status.st_ctime) > youngest_s:
                yield file.name, status.st_blocks * 512


def _mapped(proc: Path) -> tuple[set[str], int]:
    """The names that occur in some process's memory map, and how many maps could not be read."""
    found: set[str] = set()
    unseen = 0
    for maps in proc.glob("[0-9]*/maps"):
        try:
            text = maps.read_text(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        except OSError:
            unseen += 1
            continue
        found.update(MAPPED.findall(text))
    return found, unseen
