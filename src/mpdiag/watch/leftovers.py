"""What a program leaves behind or piles up: shared-memory segments, messages in queues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mpdiag.watch.lives import Life


def memory(lives: Sequence[Life], channels: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The cells of the memory table about them.

    Args:
        lives: the processes.
        channels: the rows of the table of channels.
    """
    backlog = sum(row["backlog_b"] or 0 for row in channels if row["user"])
    return {"shm_left": len(segments(lives)), "queue_backlog_b": backlog}


def segments(lives: Sequence[Life]) -> set[str]:
    """The names of shared-memory segments that the program created and did not unlink."""
    events = [event for life in lives if life.book for event in life.book.events]
    created = {event.facts[0] for event in events if event.kind == "segment" and event.facts[2]}
    return created - {event.facts[0] for event in events if event.kind == "unlink"}
