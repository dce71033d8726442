"""An engine without a cluster: it does the calls itself, in threads, and lets a test say what goes wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection

import pytest

from mpdiag.fleet.contract import Call, Refused, Worker


class FakeJob:
    """A call that a thread does; without one it never ends."""

    def __init__(self, work: Callable[[], str] | None) -> None:
        self.said: list[str | Refused] = []
        self.cancelled = False
        if work:
            threading.Thread(target=self._do, args=(work,), daemon=True).start()

    def _do(self, work: Callable[[], str]) -> None:
        try:
            self.said.append(work())
        except Refused as refused:
            self.said.append(refused)

    def done(self) -> bool:
        return bool(self.said)

    def answer(self) -> str:
        (said,) = self.said
        if isinstance(said, Refused):
            raise said
        return said

    def cancel(self) -> None:
        self.cancelled = True


class FakeEngine:
    """Workers by address, each with what it says of its host and what becomes of a call to it."""

    def __init__(self) -> None:
        self.there: dict[str, Worker] = {}
        self.identities: dict[str, str] = {}
        self.work: dict[str, Callable[[Call], str] | None] = {}
        self.submitted: list[str] = []
        self.jobs: dict[str, FakeJob] = {}

    def add(self, address, identity, work=None, busy=0):
        self.there[address] = Worker(address, address.rpartition(":")[0], busy)
        self.identities[address] = identity
        self.work[address] = work

    def workers(self) -> list[Worker]:
        return list(self.there.values())

    def submit(self, address: str, call: Call) -> FakeJob:
        self.submitted.append(address)
        work = self.work[address]
        self.jobs[address] = FakeJob((lambda: work(call)) if work else None)
        return self.jobs[address]

    def at_once(self, addresses: Collection[str], call: Call, timeout_s: float) -> dict[str, str]:
        if call.function == "identity":
            return {one: self.identities[one] for one in addresses if self.identities[one]}
        return {one: evaluated(call) for one in addresses}


def evaluated(call: Call) -> str:
    """What a worker would answer."""
    return eval(call.EXPRESSION, call.values)


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()
