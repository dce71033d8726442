"""Threads that native libraries (BLAS, OpenMP) compute on: what is there of them, and how to have fewer."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Optional

from mpdiag import work


def controllable() -> bool:
    """Whether libraries that are loaded can be told; else only a new process can."""
    return find_spec("threadpoolctl") is not None


def pools() -> list[str]:
    """The libraries that keep several threads, such as ``openblas: 8``; none where nobody can tell."""
    if not controllable():
        return []
    found = import_module("threadpoolctl").threadpool_info()
    return sorted({f"{each['internal_api']}: {each['num_threads']}" for each in found if each["num_threads"] > 1})


@contextmanager
def limited(threads: int) -> Iterator[None]:
    """Give the libraries of this process so many threads for a while; 0 leaves them alone."""
    if not threads:
        yield
        return
    with import_module("threadpoolctl").threadpool_limits(threads):
        yield


@contextmanager
def inherited(threads: int) -> Iterator[None]:
    """Let processes that are spawned meanwhile find such a limit in their environment; 0 leaves it alone."""
    before = {name: os.environ.get(name) for name in work.NATIVE}
    try:
        if threads:
            os.environ.update(dict.fromkeys(work.NATIVE, str(threads)))
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def initializer(threads: int, brought: Any, further: Optional[Callable[[], object]]) -> Callable[[], object]:
    """What limits the libraries in a process that begins.

    Args:
        threads: for each library.
        brought: what loads the libraries, when a process unpickles it.
        further: what prepares the process besides.
    """
    return partial(work.limit_native, threads, brought, further)
