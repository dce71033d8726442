"""Answers that are remembered, and questions that lead back to themselves."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")
Item = TypeVar("Item")

#: A question that rests on so many others is not answered.
FAR = 40


class Circle(Exception):
    """A question led back to itself: what was asked on the way adds nothing to the answer."""


class Asked:
    """The questions on the way to an answer, of all memos that ask each other, and those that only led back to one."""

    def __init__(self) -> None:
        self.open: set[tuple[object, ast.expr]] = set()
        self.circular: set[tuple[object, ast.expr]] = set()


class Memo(Generic[Answer]):
    """Remembers the answers of a function of expressions.

    Args:
        answer: the function.
        asked: shared with the memos that it asks.
    """

    def __init__(self, answer: Callable[[ast.expr], Answer | None], asked: Asked) -> None:
        self._answer = answer
        self._asked = asked
        self._known: dict[ast.expr, Answer | None] = {}

    def __call__(self, node: ast.expr) -> Answer | None:
        """The answer for ``node``; none, unremembered, at the end of a long chain of questions.

        Raises:
            Circle: it was asked on the way to the answer.
        """
        if node in self._known:
            return self._known[node]
        question, asked = (self, node), self._asked
        if question in asked.open or question in asked.circular:
            raise Circle
        if len(asked.open) >= FAR:
            return None
        asked.open.add(question)
        answer = None
        try:
            answer = self._answer(node)
        except Circle:
            if len(asked.open) > 1:
                asked.circular.add(question)
                raise
        finally:
            asked.open.discard(question)
            if not asked.open:
                asked.circular.clear()
        self._known[node] = answer
        return answer

    def forget(self) -> None:
        """Answer anew what is asked again."""
        self._known.clear()


def each_of(ask: Callable[[Item], Answer], items: Iterable[Item]) -> list[Answer]:
    """The answers for all items but those that lead back to what is being asked.

    Raises:
        Circle: they all do.
    """
    found: list[Answer] = []
    circles = 0
    for item in items:
        try:
            found.append(ask(item))
        except Circle:
            circles += 1
    if circles and not found:
        raise Circle
    return found
