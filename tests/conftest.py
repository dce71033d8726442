"""Fixtures that several test files share."""

from __future__ import annotations

import signal
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any

import pytest

from mpdiag.bench import Bench, Case, Plan, Samples
from mpdiag.model import Row

# Programs inherit what we ignore, as under nohup or in the background of a script: nobody could end them by it.
for _name, _usual in (("SIGHUP", signal.SIG_DFL), ("SIGQUIT", signal.SIG_DFL), ("SIGINT", signal.default_int_handler)):
    if hasattr(signal, _name) and signal.getsignal(getattr(signal, _name)) is signal.SIG_IGN:
        signal.signal(getattr(signal, _name), _usual)


class FakeBench(Bench):
    """A bench without processes and clock: every case gets the samples that the test scripted for its key."""

    def __init__(
        self,
        samples: Callable[[Any], Samples],
        once: Mapping[Hashable, Any] | None = None,
        plan: Plan | None = None,
    ) -> None:
        super().__init__(plan or Plan(probe="fake"), clock=lambda: 0.0)
        self._samples = samples
        self._once = once or {}
        self.asked: list[Hashable] = []

    @property
    def methods(self) -> tuple[str, ...]:
        return ("fork", "spawn", "forkserver")

    def measure(self, cases: Mapping[Hashable, Case], *, share: float, most: int = 200) -> dict[Any, Samples]:
        self.asked += list(cases)
        return {key: self._samples(key) for key in cases}

    def once(self, key: Hashable, function: Callable[[], Any]) -> Any:
        self.asked.append(key)
        return self._once.get(key)


@pytest.fixture
def fake_bench() -> Callable[..., FakeBench]:
    """``fake_bench(samples_by_key, once={key: answer}, plan=Plan(...))``."""
    return FakeBench


@pytest.fixture
def rows_of() -> Callable[[Iterator[Row], str], list[dict[str, Any]]]:
    """The cells of the rows that a probe yields for one table."""

    def collect(rows: Iterator[Row], table: str = "") -> list[dict[str, Any]]:
        return [dict(row.cells) for row in rows if row.table == table]

    return collect
