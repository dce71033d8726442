"""A parsed file: resolved names, scopes, kinds of things, tasks, guards and start methods; it runs nothing of it."""

from mpdiag.source.elements import CHANGES
from mpdiag.source.file import Source
from mpdiag.source.scopes import FUNCTIONS, Binding, Function, Scope
from mpdiag.source.target import CHOSEN, FRESH, Risk, Target
from mpdiag.source.tasks import Task
from mpdiag.source.things import Thing, argument, is_none, literal
from mpdiag.source.tree import COMPREHENSIONS, Loop
from mpdiag.source.uses import Use

__all__ = [
    "CHANGES",
    "CHOSEN",
    "COMPREHENSIONS",
    "FRESH",
    "FUNCTIONS",
    "Binding",
    "Function",
    "Loop",
    "Risk",
    "Scope",
    "Source",
    "Target",
    "Task",
    "Thing",
    "Use",
    "argument",
    "is_none",
    "literal",
]
