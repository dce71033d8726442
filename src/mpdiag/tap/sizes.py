"""The bytes of what is moved."""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` takes longer to import than all of this
if TYPE_CHECKING:
    from typing import Any


def received(data: Any) -> int:
    """The bytes that came."""
    return data.getbuffer().nbytes if hasattr(data, "getbuffer") else 0


def told(file: Any) -> int:
    """The bytes written to ``file`` so far."""
    return int(file.tell())
