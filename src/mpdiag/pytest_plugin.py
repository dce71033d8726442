"""``pytest --mpdiag``: what each test does with processes, its mistakes, and why it hangs; nothing unless asked for."""

from __future__ import annotations

import pytest

LEVELS = ("note", "warning", "error", "never")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Make the options known."""
    group = parser.getgroup("mpdiag", "multiprocessing, test by test")
    group.addoption("--mpdiag", action="store_true", help="Tell the multiprocessing mistakes that tests make.")
    group.addoption(
        "--mpdiag-fail-on",
        choices=LEVELS,
        default="never",
        help="Let a test fail that has a finding of at least this level, or leaves processes behind (a warning).",
    )
    group.addoption(
        "--mpdiag-hang",
        type=float,
        metavar="SECONDS",
        help="Let a test fail in which nothing has moved for so long: no CPU, no I/O, no message; and say why.",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Arm the taps before anything imports `multiprocessing`, if they are wanted."""
    known = early_config.known_args_namespace
    if known.mpdiag or known.mpdiag_hang:
        from mpdiag.testing.start import begin

        begin(early_config)
