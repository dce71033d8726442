"""Gates: by kind of event, an iterator in C that lets some go by untimed. Woven modules have them as globals."""

from __future__ import annotations

from .layout import GATES

TYPE_CHECKING = False  # `typing` takes longer to import than all of this
if TYPE_CHECKING:
    from typing import Any

#: Lets none go by.
CLOSED: Any = iter(())
now: list[Any] = [CLOSED] * len(GATES)
_modules: list[list[dict[str, Any]]] = [[] for _ in GATES]


def stand_in(module: dict[str, Any], kinds: list[int]) -> None:
    """A module with these globals has gates of ``kinds``."""
    for kind in kinds:
        module[GATES[kind]] = now[kind]
        if not any(each is module for each in _modules[kind]):
            _modules[kind].append(module)


def put(kind: int, gate: Any) -> None:
    """From now on the next events of ``kind`` go through ``gate``."""
    now[kind] = gate
    name = GATES[kind]
    for module in _modules[kind]:
        module[name] = gate


def close() -> None:
    """Let none go by."""
    for kind, gate in enumerate(now):
        if gate is not CLOSED:
            put(kind, CLOSED)
