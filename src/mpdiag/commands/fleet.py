"""``mpdiag fleet``: the same questions to every host of a cluster."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from pathlib import Path
from typing import Any

import click

from mpdiag import errors, fleeting, gathering
from mpdiag.fleet import dask, ray
from mpdiag.fleet.contract import Engine
from mpdiag.fleet.dask import Where
from mpdiag.options import Command, Target, budget, comma_separated, emit, level, named, option, report_options
from mpdiag.progress import Silent, progress

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def cluster_options() -> Callable[[Command], Command]:
    """Where the cluster is, and how long it may take; the command gets the first as ``where`` and ``on_ray``."""
    given = [
        option(
            "--dask", "address", metavar="ADDRESS", help="tcp://HOST:PORT, or local:4 for a try-out on this machine."
        ),
        option(
            "--scheduler-file",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help="Or the file that the scheduler wrote.",
        ),
        option("--tls-ca-file", type=FILE, metavar="FILE", help="Certificates of the authority, for TLS."),
        option("--tls-cert", type=FILE, metavar="FILE", help="The client's certificate."),
        option("--tls-key", type=FILE, metavar="FILE", help="The client's private key."),
        option(
            "--ray",
            "on_ray",
            metavar="ADDRESS",
            help="A Ray cluster: HOST:6379 or auto, on a node of it, or local:4. Not for 'run'.",
        ),
    ]

    def decorate(command: Command) -> Command:
        @wraps(command)
        def wrapper(**values: Any) -> Any:
            names = ("address", "scheduler_file", "tls_ca_file", "tls_cert", "tls_key")
            return command(where=Where(**{name: values.pop(name) for name in names}), **values)

        decorated: Any = wrapper
        for each in reversed(given):
            decorated = each(decorated)
        return decorated  # type: ignore[no-any-return]

    return decorate


TIMEOUT = option(
    "--timeout",
    type=click.FloatRange(min=1, max=86_400),
    metavar="SECONDS",
    help="For one host, from its turn on; by default a minute, and three times what its probes may take.",
)
SELECT = option("--select", multiple=True, callback=comma_separated, metavar="ID,...", help="Only these rules.")
IGNORE = option("--ignore", multiple=True, callback=comma_separated, metavar="ID,...", help="Not these rules.")


@click.group()
def fleet() -> None:
    """Ask every host of a Dask or Ray cluster: which one is slow, limited or different?

    Nothing is installed there and nothing is left there.
    """


@fleet.command()
@cluster_options()
@TIMEOUT
@SELECT
@IGNORE
@report_options()
def doctor(target: Target, where: Where, on_ray: str | None, timeout: float | None, **wishes: Any) -> int:
    """Look at what multiprocessing needs of each host, and name what stands in its way.

    Nothing is measured.
    """
    request = fleeting.Request("doctor", timeout_s=timeout, redact=target.redact, **wishes)
    return asked(request, reached(where, on_ray), target)


@fleet.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@level("quick", "Some seconds for each host.")
@level("thorough", "More sizes and narrower intervals, in some minutes.")
@budget("Time for each host's probes.")
@cluster_options()
@TIMEOUT
@SELECT
@IGNORE
@report_options()
def probe(
    target: Target, where: Where, on_ray: str | None, names: tuple[str, ...], timeout: float | None, **wishes: Any
) -> int:
    """Measure what multiprocessing costs on each host, all hosts at the same time.

    NAME is a probe, as listed by 'mpdiag explain'; without one, all of them run. Each host is probed once, however many
    workers it has, and by nobody else of ours meanwhile.
    """
    wanted = wishes.pop("level") or "default"
    probes = gathering.Request(names=names, level=wanted, budget_s=wishes.pop("budget"))
    request = fleeting.Request("probe", probes, timeout, redact=target.redact, **wishes)
    return asked(request, reached(where, on_ray), target)


@fleet.command()
@click.argument("function", metavar="PKG.MOD:FUNCTION")
@cluster_options()
@TIMEOUT
@SELECT
@IGNORE
@report_options()
def run(target: Target, where: Where, on_ray: str | None, function: str, timeout: float | None, **wishes: Any) -> int:
    """Run a function on the cluster and tell where its time goes, by the cluster's own timings.

    It is called with the client if it wants an argument, and what it returns is computed: a graph of Dask's as well.
    PKG.MOD may also be a path, such as path/to/file.py, or name a graph. It runs here; its tasks run on the cluster.
    """
    if on_ray is not None:
        raise errors.BadInput(
            "fleet run needs the timings that Dask keeps of every task", "--ray is for fleet doctor and fleet probe."
        )
    sys.path.insert(0, gathering.working_folder())
    request = fleeting.Request("doctor", timeout_s=timeout, redact=target.redact, **wishes)
    meant = named(function, "PKG.MOD:FUNCTION")
    with dask.connected(where) as cluster:
        with progress(target.quiet, 0) as shown:
            report, ended = fleeting.run(request, cluster, meant, counting(shown, request.patience_s))
        code = emit(report, target)
    return ended or code


def reached(where: Where, on_ray: str | None) -> AbstractContextManager[Engine]:
    """The cluster that is meant.

    Raises:
        BadInput: more than one is.
    """
    if on_ray is None:
        return dask.connected(where)
    if where != Where():
        raise errors.BadInput("--ray names a cluster, and other options one of Dask's", "Give one.")
    return ray.connected(on_ray)


def asked(request: fleeting.Request, reaching: AbstractContextManager[Engine], target: Target) -> int:
    """Ask the hosts, show the report and give the exit code."""
    with reaching as cluster:
        with progress(target.quiet, 0) as shown:
            report, interrupted = fleeting.ask(request, cluster, counting(shown, request.patience_s))
        code = emit(report, target)
    if interrupted:
        return errors.INTERRUPTED
    return code or (errors.FINE if any(host.report for host in report.hosts) else errors.FAILED)


def counting(shown: Silent, patience_s: float) -> Callable[[int, int], None]:
    """Tells ``shown`` how many hosts are done, and of how many; the time left is what the slowest may take."""
    begun, told = time.monotonic(), [-1]

    def tick(done: int, whole: int) -> None:
        if done > told[0]:
            told[0] = done
            shown.probing(f"{done} of {whole} hosts done", 0, patience_s - (time.monotonic() - begun))
        shown.tick()

    return tick
