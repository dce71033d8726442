"""A parsed file: resolved names, scopes, kinds of things, tasks, guards and start methods; it runs nothing of it."""

from mpdiag.source.file import Source
from mpdiag.source.scopes import FUNCTIONS, Function, Scope
from mpdiag.source.target import CHOSEN, FRESH, Risk, Target
from mpdiag.source.tasks import Task
from mpdiag.source.things import Thing, argument, is_none, literal
from mpdiag.source.tree import Loop

__all__ = [
    "CHOSEN",
    "FRESH",
    "FUNCTIONS",
    "Function",
    "Loop",
    "Risk",
    "Scope",
    "Source",
    "Target",
    "Task",
    "Thing",
    "argument",
    "is_none",
    "literal",
]
