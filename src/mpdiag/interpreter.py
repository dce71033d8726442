"""Facts of the running interpreter: what it is, what it would choose, what works in it.

Standard library only: it runs inside the measured interpreter, Python 3.9 and newer. A key that could not be
learned is null and has its reason under ``unknown``; a null without a reason means "none".
"""

from __future__ import annotations

import importlib
import importlib.util
import multiprocessing
import os
import platform
import struct
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

#: What `ProcessPoolExecutor` allows on Windows: 64 handles a wait, less 3 of its own (concurrent/futures/process.py).
WINDOWS_WORKERS = 61
#: The default size of `ThreadPoolExecutor` is min(32, CPUs + 4) since Python 3.8 (concurrent/futures/thread.py).
MOST_THREADS, EXTRA_THREADS = 32, 4
#: Parts of the file names of native libraries that keep a thread pool of their own.
NATIVE_POOLS = ("openblas", "mkl_rt", "blis", "libgomp", "libomp", "libiomp", "vcomp", "flexiblas")
#: Settings of the interpreter that change what worker processes do or cost.
FLAGS = ("debug", "dev_mode", "ignore_environment", "isolated", "no_site", "optimize", "safe_path", "utf8_mode")


class Unknown(Exception):
    """A fact cannot be learned here; its text is the reason."""


def gather(questions: dict[str, Callable[[], Any]]) -> dict[str, Any]:
    """Ask each question; one that raises `Unknown` or an OSError gives null and a reason under ``unknown``."""
    answers = {key: _answer(ask) for key, ask in questions.items()}
    unknown = {key: reason for key, (_, reason) in answers.items() if reason}
    return {**{key: value for key, (value, _) in answers.items()}, "unknown": unknown}


def _answer(ask: Callable[[], Any]) -> tuple[Any, str]:
    """The fact and an empty reason, or None and why."""
    try:
        return ask(), ""
    except Unknown as error:
        return None, str(error)
    except OSError as error:
        # Not str(error): it may hold a path.
        return None, error.strerror or type(error).__name__


def facts(blas: bool = True) -> dict[str, Any]:
    """The facts of this interpreter, ready for JSON.

    Args:
        blas: also look for native thread pools; imports NumPy if it is installed, so call it where its weight
            disturbs no measurement.
    """
    questions: dict[str, Callable[[], Any]] = {**_IDENTITY, **_MULTIPROCESSING}
    if blas:
        questions["native_pools"] = native_pools
    return gather(questions)


def _gil_enabled() -> bool:
    enabled: Callable[[], bool] = getattr(sys, "_is_gil_enabled", lambda: True)
    return enabled()


def _flags() -> dict[str, int]:
    return {flag: int(getattr(sys.flags, flag)) for flag in FLAGS if hasattr(sys.flags, flag)}


def _cpu_count_overridden() -> bool:
    """Whether ``-X cpu_count`` or PYTHON_CPU_COUNT (3.13) replaces what the system says."""
    environment = not sys.flags.ignore_environment and "PYTHON_CPU_COUNT" in os.environ
    return sys.version_info >= (3, 13) and ("cpu_count" in sys._xoptions or environment)


def _cpu_count() -> int:
    count = os.cpu_count()
    if count is None:
        raise Unknown("the system does not tell the number of CPUs")
    return count


def _process_cpu_count() -> int:
    if not hasattr(os, "process_cpu_count"):
        raise Unknown("os.process_cpu_count is new in Python 3.13")
    count: Optional[int] = os.process_cpu_count()
    if count is None:
        raise Unknown("the system does not tell which CPUs the process may use")
    return count


def _affinity_cpus() -> int:
    if not hasattr(os, "sched_getaffinity"):
        raise Unknown("this system has no os.sched_getaffinity")
    return len(os.sched_getaffinity(0))


def _default_cpus() -> int:
    """The count from which the library derives its default pool sizes: the process's CPUs from 3.13 on."""
    return getattr(os, "process_cpu_count", os.cpu_count)() or 1


def _executor_workers() -> int:
    return min(_default_cpus(), WINDOWS_WORKERS) if sys.platform == "win32" else _default_cpus()


def _thread_workers() -> int:
    return min(MOST_THREADS, _default_cpus() + EXTRA_THREADS)


def semaphores_work() -> bool:
    """Whether a named semaphore, on which Lock, Queue and every pool rest, can be created.

    Raises:
        Unknown: if this Python was built without them.
    """
    try:
        from multiprocessing.synchronize import Lock
    except ImportError as error:
        raise Unknown("this Python was built without multiprocessing's semaphores") from error
    try:
        # In the fork context the name is unlinked at once: no resource tracker starts, nothing can be left behind.
        Lock(ctx=multiprocessing.get_context("fork" if os.name == "posix" else "spawn"))
    except OSError:
        return False
    return True


def _shared_memory_importable() -> bool:
    """Whether this Python was built with the extension that shared_memory needs."""
    return importlib.util.find_spec("_posixshmem" if os.name == "posix" else "_winapi") is not None


def native_pools() -> list[dict[str, Any]]:
    """The thread pools of native libraries that NumPy brings along: library, api, threads (null: not known).

    Raises:
        Unknown: if NumPy is not installed or cannot be imported.
    """
    if importlib.util.find_spec("numpy") is None:
        raise Unknown("NumPy is not installed in this interpreter")
    try:
        importlib.import_module("numpy")
    except (ImportError, AttributeError, RuntimeError) as error:
        raise Unknown(f"NumPy cannot be imported ({type(error).__name__})") from error
    if importlib.util.find_spec("threadpoolctl") is None:
        return [{"library": name, "api": None, "threads": None} for name in _mapped_pools()]
    pools = importlib.import_module("threadpoolctl").threadpool_info()
    return [{"library": pool["prefix"], "api": pool["user_api"], "threads": pool["num_threads"]} for pool in pools]


def _mapped_pools(maps: Path = Path("/proc/self/maps")) -> list[str]:
    """Names of the native libraries mapped into this process that are known to keep threads."""
    if not maps.exists():
        raise Unknown("needs threadpoolctl on this system")
    files = {line.split(maxsplit=5)[5].rpartition("/")[2] for line in maps.read_text().splitlines() if "/" in line}
    return sorted({name for file in files for name in NATIVE_POOLS if name in file})


_IDENTITY: dict[str, Callable[[], Any]] = {
    "implementation": platform.python_implementation,
    "version": platform.python_version,
    "compiler": platform.python_compiler,
    "debug_build": lambda: hasattr(sys, "gettotalrefcount"),
    "free_threaded": lambda: bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "gil_enabled": _gil_enabled,
    "executable": lambda: sys.executable or None,
    "virtual_environment": lambda: sys.prefix != sys.base_prefix,
    "bits": lambda: 8 * struct.calcsize("P"),
    "platform": lambda: sys.platform,
    "flags": _flags,
    "frozen": lambda: bool(getattr(sys, "frozen", False)),
    "switch_interval_s": sys.getswitchinterval,
}

_MULTIPROCESSING: dict[str, Callable[[], Any]] = {
    # Neither call fixes the start method, as a bare get_start_method() would.
    "start_methods": multiprocessing.get_all_start_methods,
    "default_start_method": lambda: multiprocessing.get_all_start_methods()[0],
    "start_method_set": lambda: multiprocessing.get_start_method(allow_none=True),
    "cpu_count": _cpu_count,
    "process_cpu_count": _process_cpu_count,
    "affinity_cpus": _affinity_cpus,
    "cpu_count_overridden": _cpu_count_overridden,
    "pool_workers": _default_cpus,
    "executor_workers": _executor_workers,
    "thread_workers": _thread_workers,
    "semaphores_work": semaphores_work,
    "shared_memory_importable": _shared_memory_importable,
}
