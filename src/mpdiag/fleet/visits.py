"""Visits all hosts of a cluster at the same time, each kernel by one of ours at a time; knows no engine by name."""

from __future__ import annotations

import json
import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mpdiag.fleet import parcel
from mpdiag.fleet.contract import Call, Engine, Job, Refused, Worker
from mpdiag.report import Status
from mpdiag.signals import uninterrupted

#: Seconds between two looks at the jobs, and at who is still there.
TICK, PRESENCE = 0.05, 1.0
#: Seconds in which a worker has to say who it is, and to give up what it was stopped at.
IDENTITY_S, GRACE = 5.0, 4.0
#: The most that one host may answer.
MOST_BYTES = 32 * 2**20


@dataclass(frozen=True)
class Host:
    """A machine, or a container of one, with the workers that run there."""

    name: str
    address: str
    #: Hosts of one kernel share its CPUs: they are not asked at the same time.
    kernel: str
    workers: tuple[Worker, ...]


@dataclass
class Visit:
    """What becomes of asking one host."""

    host: Host
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    status: Status = "skipped"
    reason: str | None = "interrupted before its turn"
    text: str = ""
    took_s: float = 0.0
    worker: Worker | None = None
    job: Job | None = None
    open: bool = True
    began_s: float = 0.0

    def close(self, status: Status, reason: str | None = None) -> None:
        """No more will come."""
        self.status, self.reason, self.open = status, reason, False
        self.took_s = time.monotonic() - self.began_s


def hosts(engine: Engine) -> list[Host]:
    """The hosts of the cluster, by name: workers that share host name, kernel and network are on one."""
    workers = engine.workers()
    told = engine.at_once([one.address for one in workers], Call(parcel.errand(), "identity", {}), IDENTITY_S)
    groups: dict[tuple[str, str, str], list[Worker]] = defaultdict(list)
    for worker in workers:
        groups[known(told.get(worker.address), worker)].append(worker)
    found = [
        Host(name, members[0].host, kernel or f"{name} {network}", tuple(members))
        for (name, kernel, network), members in groups.items()
    ]
    return sorted(distinct(found), key=lambda host: host.name)


def known(text: str | None, worker: Worker) -> tuple[str, str, str]:
    """Name, kernel and network of a worker's host; of one that does not tell, what its address says."""
    try:
        told = json.loads(text or "")
        return str(told["name"]) or worker.host, str(told["kernel"]), str(told["network"])
    except (ValueError, TypeError, KeyError):
        return worker.host, "", ""


def distinct(found: Sequence[Host]) -> Iterable[Host]:
    """Hosts that bear one name are told apart by their addresses, or else by numbers."""
    names = [host.name for host in found]
    for number, host in enumerate(found, 1):
        if names.count(host.name) == 1:
            yield host
            continue
        twins = [other.address for other in found if other.name == host.name]
        mark = host.address if twins.count(host.address) == 1 else str(number)
        yield Host(f"{host.name} ({mark})", host.address, host.kernel, host.workers)


class Round:
    """One visit to each of many hosts.

    Args:
        engine: reaches their workers.
        found: the hosts.
        request: what each is asked, without its deadline.
        timeout_s: seconds for one host, from the moment when its turn comes.
    """

    def __init__(self, engine: Engine, found: Iterable[Host], request: Mapping[str, object], timeout_s: float) -> None:
        self.visits = [Visit(host) for host in found]
        self.interrupted = False
        self._engine = engine
        self._request = request
        self._timeout_s = timeout_s
        self._present: dict[str, Worker] = {worker.address: worker for host in found for worker in host.workers}
        self._looked_s = time.monotonic()

    def make(self, tick: Callable[[int], object]) -> None:
        """Visit all; after an interruption, keep what is there and end what runs.

        Args:
            tick: called every now and then with how many are done.
        """
        try:
            while any(visit.open for visit in self.visits):
                self._step()
                tick(sum(not visit.open for visit in self.visits))
                time.sleep(TICK)
        except KeyboardInterrupt:
            self.interrupted = True
            with uninterrupted():
                self._stop([visit for visit in self.visits if visit.open and visit.worker], "interrupted")

    def _step(self) -> None:
        now = time.monotonic()
        if now - self._looked_s >= PRESENCE:
            self._present = {worker.address: worker for worker in self._engine.workers()}
            self._looked_s = now
        taken = {visit.host.kernel for visit in self.visits if visit.open and visit.job}
        late = []
        for visit in self.visits:
            if not visit.open:
                continue
            if visit.job is None:
                if visit.host.kernel not in taken:
                    taken.add(visit.host.kernel)
                    self._begin(visit)
            elif visit.job.done():
                take(visit)
            elif visit.worker and visit.worker.address not in self._present:
                visit.close("failed", "its worker died, or left the cluster, while it was asked")
            elif now - visit.began_s > self._timeout_s + GRACE:
                late.append(visit)
        if late:
            self._stop(late, "")

    def _begin(self, visit: Visit) -> None:
        alive = tuple(self._present[one.address] for one in visit.host.workers if one.address in self._present)
        visit.began_s = time.monotonic()
        if not alive:
            visit.close("failed", "its workers had left the cluster before its turn came")
            return
        visit.worker = min(alive, key=lambda worker: (worker.busy, worker.address))
        request = json.dumps({**self._request, "deadline_s": self._timeout_s})
        arguments = {
            "token": visit.token,
            "archive": parcel.archive(),
            "request": request,
            "deadline_s": self._timeout_s,
            "most_bytes": MOST_BYTES,
        }
        visit.job = self._engine.submit(visit.worker.address, Call(parcel.errand(), "run", arguments))

    def _stop(self, visits: Sequence[Visit], why: str) -> None:
        """End what runs for ``visits``, and take what it still tells."""
        if not visits:
            return
        addresses = [visit.worker.address for visit in visits if visit.worker]
        tokens = [visit.token for visit in visits]
        self._engine.at_once(addresses, Call(parcel.errand(), "stop", {"tokens": tokens}), GRACE)
        late = time.monotonic() + GRACE
        while any(visit.job and not visit.job.done() for visit in visits) and time.monotonic() < late:
            time.sleep(TICK)
        for visit in visits:
            if visit.job and visit.job.done():
                take(visit)
            elif visit.job:
                visit.job.cancel()
            visit.close("skipped" if why else "timeout", why or self._silence(visit))

    def _silence(self, visit: Visit) -> str:
        """Why a host did not answer in time."""
        assert visit.worker
        now = self._present.get(visit.worker.address, visit.worker)
        within, others = f"within {self._timeout_s:g} s", max(visit.worker.busy, now.busy - 1)
        if others:
            return (
                f"busy: its idlest worker has {others} task{'s' * (others != 1)} of others, and began nothing {within}"
            )
        return f"no answer {within}"


def take(visit: Visit) -> None:
    """Take in what a host answered."""
    assert visit.job
    try:
        visit.text = visit.job.answer()
    except Refused as refused:
        visit.close("failed", str(refused))
        return
    if len(visit.text) > MOST_BYTES:
        visit.text = ""
        visit.close("failed", "it said more than it may")
    else:
        visit.close("ok")
