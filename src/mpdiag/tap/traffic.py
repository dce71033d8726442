"""What queues hold while messages come and go."""

from __future__ import annotations

from . import core, layout

TYPE_CHECKING = False  # `typing` takes longer to import than all of this
if TYPE_CHECKING:
    from typing import Any


def put(token: Any, now: int, size: int = 0, empty: bool = False) -> None:
    """A message was put into a queue: how many are in it?"""
    slot = core.end(token, now, size, empty)
    if not slot:
        return
    try:
        queue = token[2]
        most = queue._maxsize - queue._sem._semlock._get_value()
        if most > core.state.words[slot + layout.P_MOST]:
            core.state.words[slot + layout.P_MOST] = most
    except Exception:  # the program must not notice; macOS cannot tell
        pass
