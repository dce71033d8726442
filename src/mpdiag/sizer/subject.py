"""The user's function and what it is called with: found, loaded, and every failure of theirs told in a sentence."""

from __future__ import annotations

import importlib
import inspect
import operator
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Optional

from mpdiag import work

#: Items taken at most, and the seconds that taking them may last: an iterator may be endless, or slow.
MOST_ITEMS, PATIENCE = 2000, 2.0


class Trouble(Exception):
    """What the user gave cannot be measured.

    Args:
        text: what is wrong.
        hint: what to do about it.
    """

    def __init__(self, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.hint = hint


@dataclass(frozen=True)
class Subject:
    """What is measured.

    Attributes:
        name: how the user called the function.
        function: takes one item.
        items: what it is called with, one call each.
        whole: whether these are all items there are.
        initializer: prepares a process, or None.
    """

    name: str
    function: Callable[[Any], Any]
    items: tuple[Any, ...]
    whole: bool
    initializer: Optional[Callable[[], object]] = None


@dataclass(frozen=True)
class Failure:
    """What a call into the user's code raised.

    Attributes:
        text: the error, in a line.
        file: where it arose, with the line; None where no code of Python's did.
    """

    text: str
    file: Optional[str] = None
    line: Optional[int] = None

    @property
    def place(self) -> str:
        """Where it arose, to stand behind the error."""
        return f" ({Path(self.file).name}:{self.line})" if self.file else ""


def attempt(function: Callable[..., Any], *arguments: Any) -> tuple[Any, Optional[Failure]]:
    """Call into the user's code, which may raise what it likes: its result, or what it raised."""
    try:
        return function(*arguments), None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the boundary to code that is not ours
        return None, failure(error)


def failure(error: BaseException) -> Failure:
    """What ``error`` tells, in a line."""
    import traceback

    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    trace = traceback.extract_tb(error.__traceback__)[1:]
    frames = [frame for frame in trace if not frame.filename.startswith("<frozen")]
    text = text.partition("\n")[0][:300]
    return Failure(text, frames[-1].filename, frames[-1].lineno) if frames else Failure(text)


def load(order: Mapping[str, Any], clock: Callable[[], float] = time.monotonic) -> Subject:
    """What ``order`` names: ``target``, ``items`` or ``calls``, and ``setup``.

    Raises:
        Trouble: something of it cannot be had.
    """
    function = find(order["target"])
    if not callable(function):
        raise Trouble(f"{order['target']} is no function, but of type {type(function).__name__}", "Name a function.")
    initializer = find(order["setup"]) if order.get("setup") else None
    if initializer is not None:
        _, failed = attempt(initializer)
        if failed:
            raise Trouble(f"--setup {order['setup']} raised {failed.text}{failed.place}", "Mend it, or leave it out.")
    if order.get("items"):
        items, whole = taken(order["items"], clock)
    else:
        items, whole = calls(function, order)
        function = partial(work.call, function)
    return Subject(order["target"], function, items, whole, initializer)


def find(name: str) -> Any:
    """What ``pkg.mod:name`` or ``path/to/file.py:name`` means.

    Raises:
        Trouble: there is no such module or name, or importing it failed.
    """
    source, _, attribute = name.rpartition(":")
    path = Path(source)
    module = path.stem if path.suffix == ".py" else source
    if path.suffix == ".py":
        if not path.is_file():
            raise Trouble(f"there is no file {source}", "Give the path of a Python file, from where you stand.")
        sys.path.insert(1, str(path.parent.resolve()))  # behind what was staged here
    loaded, failed = attempt(importlib.import_module, module)
    if failed:
        missing = any(
            f"No module named {module[:end]!r}" in failed.text
            for end, letter in enumerate(f"{module}.")
            if letter == "."
        )
        raise Trouble(
            f"there is no module {module!r}" if missing else f"importing {source} raised {failed.text}{failed.place}",
            "Stand where it can be imported, or give its file: path/to/file.py:function." if missing else "Mend it.",
        )
    if path.suffix == ".py" and not same(getattr(loaded, "__file__", None), path):
        raise Trouble(f"{source} is hidden by another module called {module}", "Rename the file.")
    found, failed = attempt(operator.attrgetter(attribute), loaded)
    if failed:
        raise Trouble(f"{source} has no {attribute}", f"It has: {', '.join(public(loaded)) or 'nothing public'}.")
    return found


def same(file: Optional[str], path: Path) -> bool:
    """Whether a module's file is ``path``."""
    return file is not None and Path(file).resolve() == path.resolve()


def public(module: Any) -> list[str]:
    """The names of the functions that a module offers, some of them."""
    return [name for name, value in vars(module).items() if callable(value) and not name.startswith("_")][:8]


def taken(name: str, clock: Callable[[], float]) -> tuple[tuple[Any, ...], bool]:
    """The items that ``name`` makes, as far as they are needed, and whether these are all."""
    made = find(name)
    if callable(made):
        made, failed = attempt(made)
        if failed:
            raise Trouble(f"--items {name} raised {failed.text}{failed.place}", "Mend it.")
    if not isinstance(made, Iterable):
        raise Trouble(f"--items {name} gives an object of type {type(made).__name__}, and no items", "Return a list.")
    items: list[Any] = []
    until = clock() + PATIENCE

    def take() -> bool:
        for item in islice(made, MOST_ITEMS):
            items.append(item)
            if clock() > until:
                return False
        return len(items) < MOST_ITEMS

    whole, failed = attempt(take)
    if failed and not items:
        raise Trouble(f"--items {name} raised {failed.text}{failed.place}", "Mend it.")
    if not items:
        raise Trouble(f"--items {name} gives no items", "Return at least one: better some dozens, as they really come.")
    return tuple(items), bool(whole)


def calls(function: Callable[..., Any], order: Mapping[str, Any]) -> tuple[tuple[Any, ...], bool]:
    """The calls of ``--args-json``; without one, calls without arguments."""
    given = order.get("calls")
    items = tuple((tuple(arguments), named) for arguments, named in given) if given else (((), {}),)
    for arguments, named in items:
        try:
            inspect.signature(function).bind(*arguments, **named)
        except TypeError as error:
            hint = "Give it items: --items pkg.mod:make_items, or --args-json FILE."
            raise Trouble(f"{order['target']} cannot be called with what it is given: {error}", hint) from error
        except ValueError:  # built-in functions do not tell what they take
            break
    return items, bool(given)
