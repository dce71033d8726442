"""What a topic of ``mpdiag explain`` is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """One topic: what users type, a title and the text.

    Paragraphs are parted by an empty line; a line that begins with ``- `` is an item of a list.
    """

    name: str
    title: str
    text: str
    links: tuple[str, ...] = ()
