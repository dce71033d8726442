"""Dask as an engine: connects, hands calls to workers as tasks, or has them done beside the tasks."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import tempfile
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mpdiag.errors import BadInput, CannotWork
from mpdiag.fleet.common import CONNECT_S, hushed, local, missing, one_line, text
from mpdiag.fleet.contract import Call, Refused, Worker

#: Before the tasks of others that wait: ours are few, and shall not wait for all of them.
PRIORITY = 100


@dataclass(frozen=True)
class Where:
    """Which cluster, and how to reach it."""

    #: ``tcp://host:port``, ``host:port`` or ``local:N``.
    address: str | None = None
    scheduler_file: Path | None = None
    tls_ca_file: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None

    @property
    def secure(self) -> bool:
        """Whether the connection is to be encrypted."""
        return any((self.tls_ca_file, self.tls_cert, self.tls_key))


class Task:
    """A call that was handed to a worker."""

    def __init__(self, future: Any) -> None:
        self._future = future

    def done(self) -> bool:
        """Whether there is an answer, or never will be."""
        return bool(self._future.status != "pending")

    def answer(self) -> str:
        """The string that came back.

        Raises:
            Refused: none did, with the reason.
        """
        status = self._future.status
        if status == "error":
            error = self._future.exception()
            raise Refused(f"its worker refused: {one_line(error)}")
        if status != "finished":
            raise Refused(f"its task was {status}: the scheduler has gone, or somebody cancelled it")
        return text(self._future.result(timeout=CONNECT_S))

    def cancel(self) -> None:
        """It shall not begin any more."""
        self._future.cancel()


class Dask:
    """A client of a Dask cluster.

    Args:
        client: a `distributed.Client`.
    """

    def __init__(self, client: Any) -> None:
        self.client = client

    def workers(self) -> list[Worker]:
        """Those that are there now; none once the scheduler has gone."""
        try:
            found = self.client.processing()
        except OSError:
            return []
        return [Worker(address, urlsplit(address).hostname or address, len(tasks)) for address, tasks in found.items()]

    def submit(self, address: str, call: Call) -> Task:
        """Have one worker do ``call`` as a task, before what else waits for it."""
        future = self.client.submit(
            eval,
            call.EXPRESSION,
            call.values,
            workers=[address],
            allow_other_workers=False,
            pure=False,
            priority=PRIORITY,
        )
        return Task(future)

    def at_once(self, addresses: Collection[str], call: Call, timeout_s: float) -> dict[str, str]:
        """Have workers do a short ``call`` beside their tasks; what came back in time, by address."""

        async def ask() -> list[Any]:
            asked = (
                asyncio.wait_for(self.client.run(eval, call.EXPRESSION, call.values, workers=[one]), timeout_s)
                for one in addresses
            )
            return await asyncio.gather(*asked, return_exceptions=True)

        told = zip(addresses, self.client.sync(ask), strict=True)
        return {
            address: answer[address]
            for address, answer in told
            if isinstance(answer, dict) and isinstance(answer.get(address), str)
        }


@contextmanager
def connected(where: Where) -> Iterator[Dask]:
    """A connection to the cluster at ``where``; one of its own for ``local:N``, which ends with it.

    Raises:
        BadInput: an address, file or certificate that cannot be meant.
        CannotWork: Dask is not installed, or no scheduler answers, or it has no workers.
    """
    address = address_of(where)
    workers = local("--dask", address)
    try:
        import dask
        import distributed
    except ImportError as error:
        raise missing("Dask", "dask", error) from error
    with ExitStack() as until_done:
        until_done.enter_context(hushed("distributed", "tornado", "asyncio"))
        if workers:
            folder = until_done.enter_context(tempfile.TemporaryDirectory(prefix="mpdiag-", ignore_cleanup_errors=True))
            until_done.enter_context(dask.config.set({"temporary-directory": folder}))
            with deaf():
                made = distributed.LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    processes=True,
                    dashboard_address=None,
                    local_directory=folder,
                    silence_logs=logging.CRITICAL,
                )
            address = until_done.enter_context(made)
        client = until_done.enter_context(attempt(address, where))
        yield Dask(client)


@contextmanager
def deaf() -> Iterator[None]:
    """Processes that are started meanwhile do not hear the Ctrl-C of a terminal, which is meant for us alone.

    They have to inherit that it is ignored, so that we do not hear it either: blocking it would not last, as
    multiprocessing's resource tracker unblocks it.
    """
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def address_of(where: Where) -> str:
    """The address that is meant.

    Raises:
        BadInput: none can be, or the scheduler file holds none.
    """
    if where.address and where.scheduler_file:
        raise BadInput("--dask and --scheduler-file both say where the cluster is", "Give one.")
    if where.address:
        return where.address
    if not where.scheduler_file:
        raise BadInput("no cluster was named", "Give --dask tcp://HOST:8786, --scheduler-file FILE or --dask local:4.")
    hint = "Give the file that dask scheduler --scheduler-file wrote."
    try:
        told = json.loads(where.scheduler_file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{where.scheduler_file} cannot be read: {error.strerror}", hint) from error
    except ValueError as error:
        raise BadInput(f"{where.scheduler_file} is no scheduler file: it is not JSON", hint) from error
    address = told.get("address") if isinstance(told, dict) else None
    if not isinstance(address, str):
        raise BadInput(f"{where.scheduler_file} is no scheduler file: it names no address", hint)
    return address


def attempt(address: Any, where: Where) -> Any:
    """A client of the scheduler at ``address``.

    Raises:
        BadInput: the address or a certificate cannot be meant.
        CannotWork: nobody answers, or there are no workers.
    """
    import distributed

    keys = security(address, where)
    try:
        client = distributed.Client(address, timeout=CONNECT_S, security=keys, set_as_default=False)
    except OSError as error:
        raise CannotWork(
            f"no scheduler answers at {address}: {one_line(error)}", "Is it running, and is this its address?"
        ) from error
    try:
        client.wait_for_workers(1, timeout=CONNECT_S)
    except TimeoutError as error:
        client.close()
        raise CannotWork(f"the scheduler at {address} has no workers", "Start some: dask worker ADDRESS.") from error
    return client


def security(address: Any, where: Where) -> Any:
    """The TLS settings, from the options and from Dask's own configuration.

    A client that fails over what is checked here would not let go for many seconds.

    Raises:
        BadInput: the address is none, or needs certificates and keys that are not there.
    """
    import distributed
    from distributed.comm.addressing import get_address_host_port

    made = distributed.Security(
        **{
            name: str(file)
            for name, file in (
                ("tls_ca_file", where.tls_ca_file),
                ("tls_client_cert", where.tls_cert),
                ("tls_client_key", where.tls_key),
            )
            if file
        }
    )
    if not isinstance(address, str):
        return made
    try:
        get_address_host_port(address)
    except ValueError as error:
        raise BadInput(f"--dask {address}: {one_line(error)}", "Write tcp://HOST:PORT, or local:4.") from error
    try:
        context = made.get_connection_args("client").get("ssl_context")
    except (OSError, ValueError) as error:
        raise BadInput(f"the TLS files cannot be used: {one_line(error)}", "Give PEM files.") from error
    if context is None and (where.secure or address.startswith("tls:")):
        raise BadInput("TLS needs three files", "Give --tls-ca-file, --tls-cert and --tls-key.")
    return made
