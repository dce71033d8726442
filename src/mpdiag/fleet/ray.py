"""Ray as an engine: connects, and hands calls to nodes as tasks that ask for no CPU, so that none has to wait."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from textwrap import shorten
from typing import Any
from urllib.parse import urlsplit

from mpdiag.errors import BadInput, CannotWork
from mpdiag.fleet.common import CONNECT_S, hushed, local, missing, one_line, text
from mpdiag.fleet.contract import Call, Refused, Worker

#: Seconds in which a node starts a process, if it has none to spare.
START_S = 10.0
#: Bytes for objects in a cluster of our own: enough for answers, and Ray wants 75 MiB at least.
STORE = 128 * 2**20
#: Characters of a temporary folder below which Ray's sockets have names that the system takes.
LONGEST = 25
#: Nothing is told to the makers of Ray, nor to our standard error.
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}


def do(expression: str, values: dict[str, Any]) -> Any:
    """``eval``, as the function of Python's that Ray asks for."""
    return eval(expression, values)  # noqa: S307 – our own text


#: A module that nobody has: the function is sent whole, and nothing of ours has to be there.
do.__module__ = "mpdiag_errand"


class Task:
    """A call that was handed to a node.

    Args:
        ray: the library.
        ref: the `ray.ObjectRef` of what it returns.
    """

    def __init__(self, ray: Any, ref: Any) -> None:
        self._ray = ray
        self._ref = ref

    def done(self, within_s: float = 0) -> bool:
        """Whether there is an answer, or never will be."""
        return bool(self._ray.wait([self._ref], timeout=within_s)[0])

    def answer(self) -> str:
        """The string that came back.

        Raises:
            Refused: none did, with the reason.
        """
        try:
            return text(self._ray.get(self._ref, timeout=CONNECT_S))
        except self._ray.exceptions.RayTaskError as error:
            raise Refused(f"its worker refused: {one_line(error.cause)}") from error
        except self._ray.exceptions.RayError as error:
            raise Refused(f"its task was lost: {one_line(error)}") from error

    def cancel(self) -> None:
        """It shall not begin any more."""
        self._ray.cancel(self._ref)


class Ray:
    """A driver of a Ray cluster; its workers are the nodes.

    Args:
        ray: the library, which is connected.
    """

    def __init__(self, ray: Any) -> None:
        self._ray = ray
        self._do = ray.remote(num_cpus=0, max_retries=0)(do)

    def workers(self) -> list[Worker]:
        """The nodes that are there now; none once the head has gone."""
        try:
            found = self._ray.nodes()
        except (OSError, self._ray.exceptions.RayError):
            return []
        return [Worker(node["NodeID"], node["NodeManagerAddress"]) for node in found if node["Alive"]]

    def submit(self, address: str, call: Call) -> Task:
        """Have one node do ``call``, beside what else it does."""
        pinned = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(address, soft=False)
        return Task(self._ray, self._do.options(scheduling_strategy=pinned).remote(call.EXPRESSION, call.values))

    def at_once(self, addresses: Collection[str], call: Call, timeout_s: float) -> dict[str, str]:
        """Have nodes do a short ``call``, for which they may have to start a process; what came back, by address."""
        late = time.monotonic() + timeout_s + START_S
        told = {}
        for address, job in [(address, self.submit(address, call)) for address in addresses]:
            if job.done(max(late - time.monotonic(), 0)):
                with suppress(Refused):
                    told[address] = job.answer()
            else:
                job.cancel()
        return told


@contextmanager
def connected(address: str) -> Iterator[Ray]:
    """A connection to the cluster at ``address``.

    Args:
        address: ``HOST:PORT`` of the head, ``auto`` for the cluster of this machine, or ``local:N`` for a node of N
            CPUs of its own, which ends with the connection.

    Raises:
        BadInput: the address cannot be meant.
        CannotWork: Ray is not installed, or no cluster answers.
    """
    here = local("--ray", address)
    if not here and address != "auto":
        knock(address)
    os.environ.update(_QUIET)
    try:
        import ray
        import ray.util.scheduling_strategies
    except ImportError as error:
        raise missing("Ray", "ray", error) from error
    with ExitStack() as until_done:
        until_done.enter_context(hushed("ray"))
        where = until_done.enter_context(own(here)) if here else {"address": address}
        until_done.callback(ray.shutdown)
        ray._private.worker.print_to_stdstream = unheard
        terminated = signal.getsignal(signal.SIGTERM)
        try:
            with silent():
                ray.init(**where, log_to_driver=False, configure_logging=False, _skip_env_hook=True)
        except (OSError, RuntimeError, ValueError) as error:
            raise CannotWork(
                f"no Ray cluster answers at {address}: {shorten(str(error), 300)}",
                "Is it running, with a node on this machine, the same Ray and Python, and RAY_AUTH_MODE set as there?",
            ) from error
        finally:
            signal.signal(signal.SIGTERM, terminated)
        yield Ray(ray)


def unheard(*_said: object, **_how: object) -> None:
    """What Ray tells of workers that died, which would stand amid the report: it is told host by host."""


def knock(address: str) -> None:
    """See whether anybody listens at ``address``: Ray would try for long.

    Raises:
        BadInput: it is no address.
        CannotWork: nobody does.
    """
    place = urlsplit(f"//{address}")
    try:
        host, port = place.hostname, place.port
    except ValueError:
        host, port = None, None
    if not host or not port or place.path:
        hint = "Write HOST:6379 or auto on a node of the cluster, or local:4."
        raise BadInput(f"--ray {address}: this is no address of a Ray head", hint)
    try:
        socket.create_connection((host, port), CONNECT_S).close()
    except OSError as error:
        raise CannotWork(f"no Ray cluster answers at {address}: {one_line(error)}", "Is its head running?") from error


@contextmanager
def silent() -> Iterator[None]:
    """Nothing reaches our standard error, in whichever language it was written."""
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nothing:
            os.dup2(nothing.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@contextmanager
def own(cpus: int) -> Iterator[dict[str, Any]]:
    """How to start a node that nobody else reaches; all its files go when it has ended."""
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))  # else Ray leaves one in the home folder
    long = os.name == "posix" and len(tempfile.gettempdir()) > LONGEST
    short = "/tmp" if long else None  # noqa: S108 – there is no other that is surely short
    with tempfile.TemporaryDirectory(prefix="mpdiag-", dir=short, ignore_cleanup_errors=True) as folder:
        yield {
            "address": "local",
            "num_cpus": cpus,
            "object_store_memory": STORE,
            "include_dashboard": False,
            "_node_ip_address": "127.0.0.1",
            "_temp_dir": folder,
        }
