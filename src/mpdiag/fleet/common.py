"""What engines share: clusters for a try-out, silence, and words for what goes wrong."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from mpdiag.errors import BadInput, CannotWork
from mpdiag.fleet.contract import Refused

#: Seconds in which a cluster has to answer, and one that was found has to show a worker.
CONNECT_S = 10.0
_LOCAL = re.compile(r"local:([1-9]\d{0,3})")


def local(option: str, address: str) -> int:
    """How many workers ``local:N`` asks for on this machine; 0 if ``address`` is another.

    Raises:
        BadInput: it names no number.
    """
    if not address.startswith("local:"):
        return 0
    wanted = _LOCAL.fullmatch(address)
    if not wanted:
        raise BadInput(f"{option} {address}: how many workers?", "Write local:4 for four.")
    return int(wanted[1])


def missing(library: str, extra: str, error: ImportError) -> CannotWork:
    """What to say of a library that cannot be imported."""
    hint = f"Install it beside mpdiag: python -m pip install 'mpdiag[{extra}]'."
    return CannotWork(f"{library} cannot be imported ({error.name})", hint)


@contextmanager
def hushed(*libraries: str) -> Iterator[None]:
    """Logs of ``libraries``, and warnings, are not shown: what comes of them is told host by host."""
    known = map(logging.getLogger, {*logging.root.manager.loggerDict, *libraries})
    levels = {logger: logger.level for logger in known if logger.name.partition(".")[0] in libraries}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in levels:
            logger.setLevel(logging.CRITICAL + 1)
        try:
            yield
        finally:
            for logger, level in levels.items():
                logger.setLevel(level)


def text(found: object) -> str:
    """What a worker answered.

    Raises:
        Refused: it is no text.
    """
    if not isinstance(found, str):
        raise Refused(f"it answered with {type(found).__name__}, not with text")
    return found


def one_line(error: BaseException | None) -> str:
    """The first line of what an error says, which is never empty."""
    said = str(error or "").strip().partition("\n")[0]
    return said or type(error).__name__
