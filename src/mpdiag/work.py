"""Functions that measured children run.

This module imports nothing: whatever it imported, every spawned child would pay for, and the report would show it as
the user's start-up cost.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from multiprocessing.connection import Connection

# --- start_method


def nothing() -> None:
    """Do nothing."""


def first_line(connection: "Connection", imports: "Iterable[str]" = ()) -> None:
    """Tell when this child's first line ran; ``imports`` stand for what a user's main module imports before it."""
    for name in imports:
        __import__(name)
    from time import perf_counter

    connection.send_bytes(repr(perf_counter()).encode())
    connection.close()


def memory(connection: "Connection") -> None:
    """Tell this process's resident and unique memory in bytes: ``(rss, uss or None)``."""
    connection.send(own_memory())
    connection.close()


def own_memory() -> "tuple[int | None, int | None]":
    """Resident and unique memory of this process in bytes; None where the system does not tell."""
    try:
        with open("/proc/self/smaps_rollup", "rb") as file:  # noqa: PTH123 - pathlib would be an import
            lines = [line.split() for line in file]
        sizes = {line[0]: int(line[1]) * 1024 for line in lines if line[-1] == b"kB"}
        return sizes[b"Rss:"], sizes[b"Private_Clean:"] + sizes[b"Private_Dirty:"]
    except (OSError, KeyError):
        return None, None
