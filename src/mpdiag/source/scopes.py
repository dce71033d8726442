"""Scopes, and what gives names their values in them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

#: How a name gets its value: the value itself, an element of it (for), what entering it gives (with), an imported
#: object, a function or class, a parameter, or something that cannot be followed.
How = Literal["value", "element", "entered", "import", "definition", "parameter", "other"]


@dataclass(slots=True, eq=False)
class Binding:
    """One way in which a name, or an attribute of ``self``, gets a value."""

    how: How
    #: The statement or expression that does it.
    node: ast.AST
    #: Where it stands; a ``global`` statement makes this another scope than the one the name belongs to.
    scope: Scope
    #: The expression that is bound or unpacked.
    value: ast.expr | None = None
    #: Which element of the value, by unpacking; -1 where that cannot be told.
    path: tuple[int, ...] = ()
    #: The dotted name of what is imported.
    origin: str = ""


@dataclass(slots=True, eq=False)
class Scope:
    """A module, class, function, lambda or comprehension, and the names that belong to it."""

    node: ast.AST
    parent: Scope | None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    #: Names that ``global`` (the module's scope) and ``nonlocal`` (an outer one) send elsewhere.
    elsewhere: dict[str, Scope] = field(default_factory=dict)
    #: Modules of which everything is imported.
    stars: list[str] = field(default_factory=list)
    #: Of a class: what its methods assign to attributes of ``self``, and its body to names.
    attributes: dict[str, list[Binding]] = field(default_factory=dict)

    @property
    def module(self) -> Scope:
        """The scope of the module."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    @property
    def function(self) -> Scope:
        """The function, lambda or module whose code it is: comprehensions and the bodies of classes run as a part."""
        scope = self
        while scope.parent is not None and not isinstance(scope.node, (*FUNCTIONS, ast.Lambda)):
            scope = scope.parent
        return scope

    def owner(self, name: str) -> Scope | None:
        """The scope to which ``name`` belongs where this one is; None for builtins and what is bound nowhere."""
        if name in self.elsewhere:
            return self.elsewhere[name]
        scope: Scope | None = self
        while scope is not None:
            if name in scope.bindings and (scope is self or not isinstance(scope.node, ast.ClassDef)):
                return scope.elsewhere.get(name, scope)
            scope = scope.parent
        return None

    def bind(self, name: str, binding: Binding) -> None:
        """Note that ``name`` gets a value here."""
        self.elsewhere.get(name, self).bindings.setdefault(name, []).append(binding)

    def of_self(self, name: str) -> Scope | None:
        """The class whose instance (or which) ``name`` is here, as the first parameter of a method."""
        scope: Scope | None = self
        while scope is not None and name not in scope.bindings:
            scope = scope.parent
        if scope is None or not isinstance(scope.node, FUNCTIONS):
            return None
        first = next(parameters(scope.node.args), None)
        around = scope.parent
        is_method = around is not None and isinstance(around.node, ast.ClassDef) and not is_static(scope.node)
        return around if is_method and first is not None and first.arg == name else None


def parameters(arguments: ast.arguments) -> Iterator[ast.arg]:
    """The parameters that take positional arguments, in their order."""
    yield from arguments.posonlyargs
    yield from arguments.args


def all_parameters(arguments: ast.arguments) -> Iterator[ast.arg]:
    """Every parameter."""
    yield from parameters(arguments)
    yield from arguments.kwonlyargs
    yield from filter(None, (arguments.vararg, arguments.kwarg))


def default(node: ast.arg, arguments: ast.arguments) -> ast.expr | None:
    """The default of a parameter."""
    plain = dict(zip(reversed([*parameters(arguments)]), reversed(arguments.defaults), strict=False))
    return plain.get(node) or dict(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)).get(node)


def is_static(function: Function) -> bool:
    """Whether it is a static method: its first parameter is no instance."""
    return any(isinstance(each, ast.Name) and each.id == "staticmethod" for each in function.decorator_list)
