"""Begins to observe the tests of this process; what it imports itself comes after the taps."""

from __future__ import annotations

import os
import sys

import pytest

from mpdiag import inside
from mpdiag.inside import Taps
from mpdiag.watch import folder as private


def begin(config: pytest.Config) -> None:
    """Observe the tests that this process will run; one that only hands them out tells what the others saw.

    Raises:
        pytest.UsageError: this process is observed already.
    """
    known = config.known_args_namespace
    hands_out = getattr(known, "numprocesses", None) or getattr(known, "tx", None)
    runs_tests = not hands_out or "PYTEST_XDIST_WORKER" in os.environ
    if runs_tests and inside.observed():
        raise pytest.UsageError("--mpdiag cannot be used under `mpdiag run`, which observes already.")
    folder = private.make_folder() if runs_tests else None
    python = private.prepare(folder, sys.executable) if folder else {}
    taps = Taps(folder) if folder else None
    from mpdiag.testing.session import Observer, Teller

    if taps:
        observer = Observer(taps, python, known.mpdiag_fail_on, known.mpdiag_hang)
        config.pluginmanager.register(observer, "mpdiag-observer")
    config.pluginmanager.register(Teller(), "mpdiag-teller")
