"""What an engine has to offer: who is there, and a text of Python run there that gives a string back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Refused(Exception):
    """A worker did not do what it was asked; the text is the reason."""


@dataclass(frozen=True)
class Worker:
    """A worker process of the cluster."""

    #: What the engine calls it by.
    address: str
    #: The host part of the address.
    host: str
    #: Tasks of others that it was given and has not done.
    busy: int = 0


@dataclass(frozen=True)
class Call:
    """A function of a source text, with what it is called with: plain values, and so is what it returns.

    Text needs nothing of ours where it runs, and means the same in every version of Python.
    """

    source: str
    function: str
    arguments: Mapping[str, Any]

    #: What runs a call, with `values` as the globals; sent as ``eval``, which pickles as a mere name.
    EXPRESSION = "(lambda space: (exec(source, space), space[function](**arguments))[1])({'__name__': 'mpdiag_errand'})"

    @property
    def values(self) -> dict[str, Any]:
        """The globals of the expression."""
        return {"source": self.source, "function": self.function, "arguments": dict(self.arguments)}


class Job(Protocol):
    """A call that was handed to a worker."""

    def done(self) -> bool:
        """Whether there is an answer, or never will be."""

    def answer(self) -> str:
        """The string that came back.

        Raises:
            Refused: none did, with the reason.
        """

    def cancel(self) -> None:
        """It shall not begin any more."""


class Engine(Protocol):
    """A connection to a cluster."""

    def workers(self) -> list[Worker]:
        """Those that are there now."""

    def submit(self, address: str, call: Call) -> Job:
        """Have one worker do ``call`` as a task, after what it has begun."""

    def at_once(self, addresses: Collection[str], call: Call, timeout_s: float) -> dict[str, str]:
        """Have workers do a short ``call`` beside their tasks.

        Returns:
            What came back in time, by address.
        """
