"""What the process's own control group and its ancestors allow; the smallest limit wins.

No Python function sees these limits: `os.process_cpu_count` and the affinity mask leave a CPU quota out.
Sources: the kernel's admin-guide/cgroup-v2 and scheduler/sched-bwc, proc_pid_mountinfo(5), cgroups(7).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from mpdiag.interpreter import Unknown

#: v1 writes "no limit" as the largest whole page count of a signed 64-bit number; nobody has an exbibyte.
NO_LIMIT_V1 = 2**60


#: What `facts` yields. A quota is in CPUs (fractional), memory in bytes, pids in tasks (processes and threads).
#: A level says how many levels above the process's own group (0) the limit was set; null means "no limit".
KEYS = (
    "cgroup_version",
    "cgroup_ancestors_hidden",
    "cpu_quota",
    "cpu_quota_level",
    "memory_limit",
    "memory_limit_level",
    "pids_max",
    "pids_room",
)


class _Limit(NamedTuple):
    value: float | None = None
    level: int | None = None


@dataclass(frozen=True)
class _Mount:
    point: Path
    #: The path inside the hierarchy that is mounted there.
    inside: PurePosixPath
    #: Controllers named in the mount's options (v1).
    controllers: frozenset[str]
    unified: bool


def facts(root: Path) -> dict[str, Any]:
    """The tightest limits along the path from this process's group to the root, by `KEYS`.

    ``cgroup_version`` is ``v1``, ``v2``, ``hybrid`` or null (no control groups). ``cgroup_ancestors_hidden`` says that
    groups outside the visible part, as above a container, may hold further limits.

    Raises:
        OSError: if /proc does not show the control groups.
        Unknown: if it shows them in a form not understood.
    """
    groups, mountinfo = ((root / "proc/self" / name).read_text() for name in ("cgroup", "mountinfo"))
    try:
        paths, mounts = _own_paths(groups), list(_mounts(mountinfo, root))
        quota, memory, pids, room = (
            _tightest(_groups(controller, paths, mounts), read)
            for controller, read in (("cpu", _cpu_quota), ("memory", _memory), ("pids", _pids), ("pids", _pids_room))
        )
    except ValueError as error:
        raise Unknown("/proc shows the control groups in an unknown form") from error
    values = (_version(mounts), any(map(_cut_off, mounts)), *quota, *memory, pids.value, room.value)
    return dict(zip(KEYS, values))


def throttled(root: Path = Path("/"), pid: int | str = "self") -> dict[Path, float]:
    """How long CPU quotas have held up a process's group and its visible ancestors so far, where that is told.

    Args:
        root: where to look for proc and sys.
        pid: the process; one that has ended is in no group.

    Returns:
        Seconds, by the group's folder.
    """
    return {group: held for group in _groups_of("cpu", root, pid) if (held := held_up(group)) is not None}


def stalled(root: Path = Path("/"), pid: int | str = "self") -> float | None:
    """Seconds in which any process of a process's group, or as near as that is told, waited for memory so far.

    Args:
        root: where to look for proc and sys.
        pid: the process.
    """
    files = [*(group / "memory.pressure" for group in _groups_of("memory", root, pid)), root / "proc/pressure/memory"]
    return next((seconds for file in files if (seconds := _stalled(file)) is not None), None)


def killed(root: Path = Path("/"), pid: int | str = "self") -> dict[Path, int]:
    """How many processes the kernel has killed for want of memory in a process's group and its visible ancestors.

    Args:
        root: where to look for proc and sys.
        pid: the process; one that has ended is in no group.

    Returns:
        The count so far, by the file that tells it: the group's own first, nothing where nothing is told.
    """
    names = ("memory.events", "memory.oom_control")
    files = [group / name for group in _groups_of("memory", root, pid) for name in names]
    return {file: count for file in files if (count := kills(file)) is not None}


def kills(file: Path) -> int | None:
    """The count in a file that `killed` found; null if it is gone."""
    return _counts(file).get("oom_kill")


def _groups_of(controller: str, root: Path, pid: int | str) -> list[Path]:
    try:
        paths = _own_paths((root / f"proc/{pid}/cgroup").read_text())
        return _groups(controller, paths, list(_mounts((root / "proc/self/mountinfo").read_text(), root)))
    except (OSError, ValueError):
        return []


def _stalled(file: Path) -> float | None:
    """Seconds, from the total of the first line, ``some`` (in microseconds)."""
    totals = (word.removeprefix("total=") for word in _words(file) if word.startswith("total="))
    total = next(totals, None)
    return None if total is None else int(total) * 1e-6


def held_up(group: Path) -> float | None:
    """How long its CPU quota has held a group up so far, in seconds.

    v2 tells it in ``throttled_usec``, v1 in ``throttled_time``, in nanoseconds.
    """
    counts = _counts(group / "cpu.stat")
    for key, unit in (("throttled_usec", 1e-6), ("throttled_time", 1e-9)):
        if key in counts:
            return counts[key] * unit
    return None


def _own_paths(text: str) -> dict[str, PurePosixPath]:
    """Controller → path of the own group; the unified hierarchy's key is empty."""
    paths = {}
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        paths.update(dict.fromkeys(controllers.split(","), PurePosixPath(path)))
    return paths


def _mounts(mountinfo: str, root: Path) -> Iterator[_Mount]:
    for line in mountinfo.splitlines():
        place, _, kind = line.partition(" - ")
        filesystem, _, options = kind.split(" ", 2)
        if filesystem in {"cgroup", "cgroup2"}:
            inside, point = place.split(" ")[3:5]
            controllers = frozenset(options.rpartition(" ")[2].split(","))
            yield _Mount(root / point.lstrip("/"), PurePosixPath(inside), controllers, filesystem == "cgroup2")


def _version(mounts: list[_Mount]) -> str | None:
    kinds = {mount.unified for mount in mounts}
    if not kinds:
        return None
    return "hybrid" if len(kinds) > 1 else "v2" if True in kinds else "v1"


def _groups(controller: str, paths: dict[str, PurePosixPath], mounts: list[_Mount]) -> list[Path]:
    """The folders of the own group and its visible ancestors in the hierarchy that holds ``controller``."""
    if controller in paths:
        path, home = paths[controller], [mount for mount in mounts if controller in mount.controllers]
    else:
        path, home = paths.get("", PurePosixPath("/")), [mount for mount in mounts if mount.unified]
    if not home:
        return []
    mount = home[0]
    below = path.relative_to(mount.inside) if path.is_relative_to(mount.inside) else PurePosixPath()
    # A path with ".." lies outside the namespace: only the mount itself can be read.
    own = mount.point / below if ".." not in below.parts else mount.point
    return [folder for folder in (own, *own.parents) if folder.is_relative_to(mount.point)]


def _tightest(groups: list[Path], read: Callable[[Path], float | None]) -> _Limit:
    found = [(value, level) for level, group in enumerate(groups) if (value := read(group)) is not None]
    return _Limit(*min(found, default=(None, None)))


def _cut_off(mount: _Mount) -> bool:
    """Whether the mount shows a part of the hierarchy: only the true root lacks cgroup.type."""
    return str(mount.inside) != "/" or (mount.unified and (mount.point / "cgroup.type").exists())


def _words(file: Path) -> list[str]:
    """The words of a control file; none if the controller is not enabled for that group."""
    try:
        return file.read_text().split()
    except OSError:
        return []


def _counts(file: Path) -> dict[str, int]:
    """The counts of a file that has one a line, by name."""
    words = _words(file)
    return {name: int(count) for name, count in zip(words[::2], words[1::2]) if count.isdigit()}


def _number(file: Path) -> int | None:
    words = _words(file)
    return int(words[0]) if words and words[0] != "max" else None


def _cpu_quota(group: Path) -> float | None:
    words = _words(group / "cpu.max")
    if len(words) == len(("quota", "period")) and words[0] != "max":
        return int(words[0]) / int(words[1])
    quota_us, period_us = _number(group / "cpu.cfs_quota_us"), _number(group / "cpu.cfs_period_us")
    return quota_us / period_us if quota_us and period_us and quota_us > 0 else None


def _memory(group: Path) -> int | None:
    limit = _number(group / "memory.max")
    if limit is None:
        limit = _number(group / "memory.limit_in_bytes")
    return limit if limit is not None and limit < NO_LIMIT_V1 else None


def _pids(group: Path) -> int | None:
    return _number(group / "pids.max")


def _pids_room(group: Path) -> int | None:
    limit, used = _number(group / "pids.max"), _number(group / "pids.current")
    return max(limit - used, 0) if limit is not None and used is not None else None
