"""Facts of the machine: what it has, and what of it this process may use.

Keys are stable, sizes are bytes. A key that could not be learned is null and has its reason under ``unknown``; a null
without a reason means "no limit" or "none". No host name, user name, home folder or environment value is read.
"""

from __future__ import annotations

import importlib
import math
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import psutil

from mpdiag import interpreter
from mpdiag.interpreter import Unknown
from mpdiag.machine import cgroups, containers, leftovers, surroundings

Questions = dict[str, Callable[[], Any]]


def gather(root: Path = Path("/"), system: str = sys.platform, leftovers: bool = True) -> dict[str, Any]:
    """The facts of this machine, ready for JSON; takes a few milliseconds.

    Args:
        root: where to look for proc, sys, dev, etc and run.
        system: whose ways to use, as `sys.platform` spells it.
        leftovers: look for what earlier programs left, too: that reads every process there is, a millisecond for three.
    """
    facts = interpreter.gather(
        {
            **_system(root, system),
            **_cpus(root, system),
            **_memory(root, system),
            **_control_groups(root, system),
            **_process_limits(),
            **_surroundings(root, system),
            **(_leftovers(root) if leftovers else {}),
        }
    )
    unknown = facts.pop("unknown")
    facts.update(_usable(facts))
    return {**facts, "unknown": unknown}


def _usable(facts: dict[str, Any]) -> dict[str, Any]:
    """What all limits together leave: CPUs (fractional), workers to give CPU-bound work, bytes of memory."""
    cpus = [value for key in ("logical_cpus", "affinity_cpus", "cpu_quota") if (value := facts[key]) is not None]
    memory = [value for key in ("memory_total", "memory_limit") if (value := facts[key]) is not None]
    usable = float(min(cpus, default=1))
    return {
        "usable_cpus": usable,
        "usable_workers": max(1, math.ceil(usable)),
        "usable_memory": min(memory, default=None),
    }


# --- system and processor


def _system(root: Path, system: str) -> Questions:
    return {
        "os": platform.system,
        "os_release": partial(_os_release, root, system),
        "kernel": platform.release,
        "architecture": platform.machine,
        "cpu_model": partial(_cpu_model, root, system),
    }


def _os_release(root: Path, system: str) -> str:
    if system == "linux":
        found = re.search(r'^PRETTY_NAME="?([^"\n]+)', (root / "etc/os-release").read_text(), re.MULTILINE)
        if found:
            return found[1]
        raise Unknown("/etc/os-release names no distribution")
    return f"macOS {platform.mac_ver()[0]}".strip() if system == "darwin" else platform.version()


def _cpu_model(root: Path, system: str) -> str:
    if system == "linux":
        text = (root / "proc/cpuinfo").read_text()
        found = re.search(r"^(?:model name|cpu model|Model|cpu)\s*: *(.+)$", text, re.MULTILINE)
        if found:
            return found[1].strip()
    elif system == "darwin":
        return _sysctl("machdep.cpu.brand_string")
    if platform.processor():
        return platform.processor()
    raise Unknown("the system does not name its processor")


def _sysctl(name: str) -> str:
    """The value of a macOS kernel variable."""
    try:
        done = subprocess.run(["/usr/sbin/sysctl", "-n", name], capture_output=True, text=True, timeout=5, check=True)
    except subprocess.SubprocessError as error:
        raise Unknown(f"sysctl {name} failed") from error
    return done.stdout.strip()


def _cpus(root: Path, system: str) -> Questions:
    return {
        "logical_cpus": partial(_cpu_count, logical=True),
        "physical_cores": partial(_cpu_count, logical=False),
        "affinity_cpus": partial(_affinity, system),
        "autogroup": partial(_kernel_flag, root, system, "proc/sys/kernel/sched_autogroup_enabled"),
    }


def _cpu_count(*, logical: bool) -> int:
    count: int | None = psutil.cpu_count(logical=logical)
    if count is None:
        raise Unknown(f"the system does not count its {'CPUs' if logical else 'cores'}")
    return count


def _affinity(system: str) -> int:
    if system == "darwin":
        raise Unknown("macOS has no CPU affinity")
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    process = psutil.Process()
    if not hasattr(process, "cpu_affinity"):
        raise Unknown("this system has no CPU affinity")
    return len(process.cpu_affinity())


def _kernel_flag(root: Path, system: str, path: str) -> bool | None:
    """A Linux on/off switch; null where the kernel has no such switch."""
    file = root / path
    return file.read_text().strip() != "0" if system == "linux" and file.exists() else None


# --- memory


def _memory(root: Path, system: str) -> Questions:
    return {
        "memory_total": lambda: psutil.virtual_memory().total,
        "memory_available": lambda: psutil.virtual_memory().available,
        "swap_total": lambda: psutil.swap_memory().total,
        "swap_used": lambda: psutil.swap_memory().used,
        "page_size": lambda: _sysconf("SC_PAGE_SIZE"),
        "transparent_huge_pages": partial(_huge_pages, root, system),
        "overcommit": partial(_overcommit, root, system),
        "shm_present": lambda: _shm(root, system).is_dir(),
        "shm_total": lambda: _shm_bytes(root, system)[0],
        "shm_free": lambda: _shm_bytes(root, system)[1],
    }


def _huge_pages(root: Path, system: str) -> str | None:
    """``always``, ``madvise`` or ``never``; decides how dear it is to fork a large process."""
    file = root / "sys/kernel/mm/transparent_hugepage/enabled"
    if system != "linux" or not file.exists():
        return None
    found = re.search(r"\[(\w+)\]", file.read_text())
    return found[1] if found else None


def _overcommit(root: Path, system: str) -> str | None:
    """``never`` means that a fork needs room for a second copy of the parent."""
    if system != "linux":
        return None
    mode = (root / "proc/sys/vm/overcommit_memory").read_text().strip()
    return {"0": "heuristic", "1": "always", "2": "never"}.get(mode, mode)


def _shm(root: Path, system: str) -> Path:
    if system != "linux":
        raise Unknown("shared memory is not a file system on this system")
    return root / "dev/shm"


def _shm_bytes(root: Path, system: str) -> tuple[int, int]:
    """Size of the file system behind /dev/shm and what of it this user may fill."""
    folder = _shm(root, system)
    if not folder.is_dir():
        raise Unknown("there is no /dev/shm")
    status = os.statvfs(folder)
    return status.f_blocks * status.f_frsize, status.f_bavail * status.f_frsize


# --- limits


def _control_groups(root: Path, system: str) -> Questions:
    read = cache(partial(_control_group_facts, root, system))
    keys: Questions = {key: partial(_item, read, key) for key in cgroups.KEYS}
    return {**keys, "throttled_s": partial(throttled_s, root, system)}


def _item(read: Callable[[], dict[str, Any]], key: str) -> object:
    return read()[key]


def _control_group_facts(root: Path, system: str) -> dict[str, Any]:
    if system == "linux":
        return cgroups.facts(root)
    if system == "win32":
        raise Unknown("the limits of job objects are not read")
    return dict.fromkeys(cgroups.KEYS)


def throttled_s(root: Path = Path("/"), system: str = sys.platform) -> float | None:
    """How long quotas have held the group up so far; null where there is none."""
    return max(cgroups.throttled(root).values(), default=None) if system == "linux" else None


def _process_limits() -> Questions:
    resources = {
        "nofile": "RLIMIT_NOFILE",
        "nproc": "RLIMIT_NPROC",
        "address_space": "RLIMIT_AS",
    }
    questions: Questions = {}
    for key, resource in resources.items():
        questions[f"{key}_soft"] = partial(_resource_limit, resource, 0)
        questions[f"{key}_hard"] = partial(_resource_limit, resource, 1)
    return {
        **questions,
        "nproc_used": _tasks_of_user,
        "semaphores_max": lambda: _sysconf("SC_SEM_NSEMS_MAX"),
        "semaphore_value_max": lambda: _sysconf("SC_SEM_VALUE_MAX"),
        "semaphores_work": interpreter.semaphores_work,
    }


def _resource_limit(name: str, which: int) -> int | None:
    try:
        resource: Any = importlib.import_module("resource")
    except ImportError as error:
        raise Unknown("this system has no resource limits") from error
    if not hasattr(resource, name):
        raise Unknown(f"this system has no {name}")
    limit: int = resource.getrlimit(getattr(resource, name))[which]
    return None if limit == resource.RLIM_INFINITY else limit


def _tasks_of_user() -> int | None:
    """What counts against the limit of processes: threads on Linux, processes elsewhere; null for the superuser."""
    if not hasattr(os, "getuid"):
        raise Unknown("this system has no limit of processes per user")
    if os.getuid() == 0:
        return None
    mine = [process for process in psutil.process_iter(["uids", "num_threads"]) if _owner(process) == os.getuid()]
    return sum(process.info["num_threads"] or 1 for process in mine) if sys.platform == "linux" else len(mine)


def _owner(process: psutil.Process) -> int | None:
    uids = process.info["uids"]
    return uids.real if uids else None


def _sysconf(name: str) -> int | None:
    """A system constant; null where it is without bound."""
    if name not in getattr(os, "sysconf_names", {}):
        raise Unknown(f"this system has no {name}")
    value = os.sysconf(name)
    return None if value == -1 else value


# --- surroundings


def _surroundings(root: Path, system: str) -> Questions:
    return {
        "container": lambda: next((kind for kind, _ in containers.signs(root)), None),
        "container_signs": lambda: [sign for _, sign in containers.signs(root)],
        "container_depth": partial(surroundings.container_depth, root),
        "wsl": partial(surroundings.wsl, root),
        "translated": partial(surroundings.translated, system, _sysctl),
        "notebook": surroundings.notebook,
        "traced": partial(surroundings.traced, root),
    }


def _leftovers(root: Path) -> Questions:
    orphans = cache(leftovers.orphans)
    return {
        "leftover_segments": partial(leftovers.segments, root),
        "orphaned_workers": lambda: len(orphans()),
        "orphaned_pids": orphans,
    }
