"""Frozen values of what an observed program looked like from outside.

Times are seconds since the sampler began, sizes are bytes; what this system does not tell is None, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple


class Frame(NamedTuple):
    """A line that is being run."""

    file: str
    line: int
    function: str


#: The most recent call first.
Stack = tuple[Frame, ...]


class MemoryLook(NamedTuple):
    """The memory of a process at one moment: resident, its own alone, and its fair share of what is shared."""

    at: float
    rss: int | None
    uss: int | None
    pss: int | None


@dataclass(frozen=True)
class Vital:
    """One process, seen from outside.

    CPU times and switches are those of its last look: what it did after that, at most one tick, is missing.
    """

    pid: int
    #: With the pid, what tells it from another one that had the same pid: clock ticks since the machine's start on
    #: Linux, seconds since the epoch elsewhere.
    started: float
    parent: int | None
    name: str
    cmdline: tuple[str, ...]
    first_seen: float
    #: When it began, by the system's clock, which is good to 10 ms.
    born: float | None
    #: None while it lives.
    ended: float | None
    cpu_user_s: float | None = None
    cpu_system_s: float | None = None
    #: CPU time of its main thread.
    main_cpu_s: float | None = None
    #: Ready to run but without a CPU: all its threads as far as seen, and its main thread.
    ready_s: float | None = None
    main_ready_s: float | None = None
    voluntary_switches: int | None = None
    involuntary_switches: int | None = None
    rss_peak: int | None = None
    uss_peak: int | None = None
    pss_peak: int | None = None
    threads_peak: int | None = None
    #: The native thread pools mapped into it, by the names of their libraries.
    native: tuple[str, ...] | None = None
    memory: tuple[MemoryLook, ...] = ()
    #: What it held that no file backs, its own or inherited by a fork, each time that this had changed by much.
    held: tuple[tuple[float, int], ...] = ()
    #: How often it was seen in each state: R running, S sleeping, D in uninterruptible sleep, T stopped, Z ended.
    states: Mapping[str, int] = field(default_factory=dict)
    #: As in `subprocess`: negative is a signal. None when its parent had taken it before we could look.
    exit: int | None = None
    looks: int = 0
    #: When its figures were last read.
    looked: float | None = None

    @property
    def cpu_s(self) -> float | None:
        """CPU time of all its threads."""
        if self.cpu_user_s is None or self.cpu_system_s is None:
            return None
        return self.cpu_user_s + self.cpu_system_s

    def since(self, before: Vital) -> Vital:
        """The same without what had added up ``before``."""
        more = {
            name: now - then
            for name in _ADDED_UP
            if (now := getattr(self, name)) is not None and (then := getattr(before, name)) is not None
        }
        return replace(self, **more)


#: What grows with a process's age.
_ADDED_UP = (
    *("cpu_user_s", "cpu_system_s", "main_cpu_s", "ready_s", "main_ready_s"),
    *("voluntary_switches", "involuntary_switches"),
)


@dataclass(frozen=True)
class StackSample:
    """A stack that was seen in a process, how often, and the CPU time it stands for."""

    pid: int
    #: The native number of a thread; None is the main thread.
    thread: int | None
    stack: Stack
    samples: int
    cpu_s: float


class ThreadLook(NamedTuple):
    """A line at which threads beside the main one were seen, and how often, whether they ran or waited."""

    pid: int
    frame: Frame
    times: int


@dataclass(frozen=True)
class HotLine:
    """A line at which CPU time was burnt, itself or in what it calls, below one root function.

    The root is the task's function, a Process's or Thread's target, or the main module's code.
    """

    role: str
    root: Frame
    file: str
    line: int
    function: str
    #: The function that the line calls; None for what it does itself.
    callee: str | None
    samples: int
    cpu_s: float
    #: Of the CPU time of its root.
    share: float
    #: Calls between the root function (0) and this line.
    depth: int


@dataclass(frozen=True)
class Surroundings:
    """The program as a whole, and the machine while it ran."""

    wall_s: float
    #: CPU time of all processes that were seen.
    cpu_s: float | None
    #: CPU time that other programs had meanwhile, and that share of all CPUs.
    others_cpu_s: float | None
    others_share: float | None
    #: Share of all CPUs that was in use, by anybody.
    busy_share: float | None
    #: How long the CPU quota of the program's control group held its processes up; 0 without a quota.
    throttled_s: float | None
    #: The highest sum of what was resident at once, shared pages counted once (PSS).
    memory_peak: int | None
    #: The most processes alive at one look.
    processes_at_once: int
    #: CPU time that looking took, in mpdiag.
    looking_s: float
    ticks: int
    #: Processes of its control group that the kernel killed for want of memory.
    memory_kills: int | None = None


@dataclass(frozen=True)
class Observation:
    """All that was seen from outside."""

    #: `time.monotonic_ns` at which the sampler began: the zero of all times here.
    began_ns: int
    vitals: tuple[Vital, ...]
    stacks: tuple[StackSample, ...]
    surroundings: Surroundings
    #: Shared integers that were seen to wrap around (`values.Wrap`), by the name of the value.
    wraps: Mapping[str, Any] = field(default_factory=dict)
    threads: tuple[ThreadLook, ...] = ()
