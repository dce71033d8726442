"""Whether a call gets the same arguments for every task, as far as the source tells.

What a task computes anew from what never changes could be computed once for each worker. In doubt the answer is None:
calls whose result may differ each time, such as a queue's `get` or a random number, are followed no further.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from mpdiag.tap.layout import SELF
from mpdiag.watch.bindings import Function, Module, Source, memoised, names_in, of_function, renewed, root_name

#: A constant parameter: its place, and that of its element, if only this is constant.
Position = tuple[int, int | None]

#: Before Python 3.12, what computes a comprehension is a function of its own.
COMPREHENSIONS: Mapping[str | None, type[ast.expr]] = {
    "<listcomp>": ast.ListComp,
    "<setcomp>": ast.SetComp,
    "<dictcomp>": ast.DictComp,
    "<genexpr>": ast.GeneratorExp,
}
#: All parameters, of a function that is called once.
EVERY = ",".join(map(str, range(32)))
#: Modules whose functions answer differently each time.
VARYING = frozenset({"datetime", "random", "secrets", "time", "uuid"})
#: Methods and functions that do so too: they take something in, or tell of the moment or of the process.
_TAKING = """
accept acquire choice current_process fetchall fetchone get_ident get_nowait getpid input iter next normal now
permutation poll pop popitem popleft rand randint randn random read readline readlines recv recv_bytes result
sample shuffle today uniform urandom
"""
TAKING = frozenset(_TAKING.split())


def positions(same_args: str | None) -> frozenset[Position]:
    """The constant arguments in the tap's words: ``"1,0.2"`` is parameter 1, and element 2 of parameter 0.

    ``self``, the object whose method it is, is parameter 0.
    """
    found = set()
    for word in (same_args or "").replace(" ", "").split(","):
        place, _, element = ("0" if word == SELF else word).partition(".")
        if place.isdigit() and (element.isdigit() or not element):
            found.add((int(place), int(element) if element else None))
    return frozenset(found)


def invariant(
    file: str, function: str, line: int, constant_parameters: str | None = "", callee: str | None = None
) -> bool | None:
    """Whether the calls at a line of a function get only arguments that are the same for every task.

    Args:
        file: the source file.
        function: the function's name, as in its code object.
        line: the line in it.
        constant_parameters: which of the function's parameters never changed, as `positions` reads it.
        callee: what is called, if only that call, or comprehension, is meant.

    Returns:
        None if the source does not tell: it cannot be read, there is no such call, or what it calls may answer
        differently each time.
    """
    tree = _parsed(file)
    found = tree and innermost(tree, function, line)
    if not tree or not found:
        return None
    calls = _calls(found, line, callee)
    return Names(Module(tree), found, positions(constant_parameters)).same(calls) if calls else None


def kept(file: str, function: str) -> bool:
    """Whether a function of that name in a file runs but once for the same arguments; False if it cannot be read."""
    tree = _parsed(file)
    nodes = ast.walk(tree) if tree else ()
    return any(isinstance(node, Function) and node.name == function and memoised(node) for node in nodes)


def defined(file: str, function: str, line: int) -> int:
    """The first line of the innermost function of that name around a line, decorators included; 0 if there is none."""
    tree = _parsed(file)
    found = innermost(tree, function, line) if tree else None
    return min([found.lineno, *(each.lineno for each in found.decorator_list)]) if found else 0


def looped(file: str, function: str, line: int) -> bool:
    """Whether a line of a function is in a loop of it; False if its source cannot be read."""
    tree = _parsed(file)
    found = tree and innermost(tree, function, line)
    loops = (node for node in ast.walk(found) if isinstance(node, (ast.For, ast.AsyncFor, ast.While))) if found else ()
    return any(holds(statement, line) for loop in loops for statement in loop.body)


@lru_cache(maxsize=64)
def _parsed(file: str) -> ast.Module | None:
    try:
        return ast.parse(Path(file).read_bytes())
    except (OSError, ValueError, SyntaxError, RecursionError):
        return None


def innermost(tree: ast.Module, name: str, line: int) -> Function | None:
    """The innermost function of that name that holds the line."""
    functions = (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    fitting = [node for node in functions if node.name == name and holds(node, line)]
    return max(fitting, key=lambda node: node.lineno, default=None)


def holds(node: ast.stmt | ast.expr, line: int) -> bool:
    """Whether a line is among those of a statement or expression."""
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def _calls(function: Function, line: int, callee: str | None) -> Sequence[ast.expr]:
    """The calls of ``callee`` at the line, if it is named there.

    Else the outermost calls that begin at the line; of those that only pass through it, the shortest.
    """
    if callee in COMPREHENSIONS:
        made = COMPREHENSIONS[callee]
        return [node for node in ast.walk(function) if isinstance(node, made) and holds(node, line)]
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call) and holds(node, line)]
    named = [call for call in calls if callee and called(call) == callee]
    if named:
        return named
    here = [call for call in calls if call.lineno == line] or sorted(calls, key=lambda call: -call.lineno)[:1]
    inner = {id(node) for call in here for node in ast.walk(call) if node is not call}
    return [call for call in here if id(call) not in inner]


def called(call: ast.Call) -> str:
    """The last part of the name of what is called."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


class Names:
    """What the names in one function stand for.

    Args:
        module: the module that it is in.
        function: the function.
        constant: its constant parameters.
    """

    def __init__(self, module: Module, function: Function, constant: Iterable[Position]) -> None:
        self._module = module
        self._constant = frozenset(constant)
        arguments = function.args
        named = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
        self._parameters = {argument.arg: place for place, argument in enumerate(named)}
        self._catchalls = {argument.arg for argument in (arguments.vararg, arguments.kwarg) if argument}
        self._bindings = of_function(function)
        self._asking: set[str] = set()

    def same(self, nodes: Iterable[ast.AST]) -> bool | None:
        """False if one of the expressions differs between tasks, else None if one may, else True."""
        answers = [self._value(node) for node in nodes]
        if False in answers:
            return False
        return None if None in answers else True

    def _value(self, node: ast.AST) -> bool | None:
        if isinstance(node, ast.Name):
            return self._name(node.id)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Subscript) and self._element(node.value, node.slice):
            return True
        if isinstance(node, (ast.Lambda, ast.Await, ast.Yield, ast.YieldFrom)):
            return None
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            return self._comprehension(node)
        parts = (ast.expr, ast.comprehension, ast.keyword)
        return self.same(child for child in ast.iter_child_nodes(node) if isinstance(child, parts))

    def _call(self, call: ast.Call) -> bool | None:
        answers = [self.same([*call.args, *call.keywords]), self._callee(call.func)]
        if False in answers:
            return False
        return None if None in answers else True

    def _callee(self, function: ast.expr) -> bool | None:
        """Whether what is called answers the same to the same arguments, as far as that can be told."""
        name = root_name(function)
        last = function.attr if isinstance(function, ast.Attribute) else name
        if name is None or self._is_local(name):
            receiver = function.value if isinstance(function, ast.Attribute) else function
            known = self._value(receiver)
            own = self._module.methods.get(last or "") if isinstance(receiver, ast.Name) else None
            if known and own:  # an argument that never changed is unpickled as it was, whatever a task did to it
                return True if steady(self._module, own) else None
            return known if known is False or (last not in TAKING and isinstance(receiver, ast.Constant)) else None
        if name in self._module.functions and isinstance(function, ast.Name):
            return True if steady(self._module, self._module.functions[name]) else None
        if name in self._module.imports:
            whole = self._module.imports[name]
            return None if whole.split(".")[0] in VARYING or last in TAKING or whole.endswith(".random") else True
        if name in self._module.classes or hasattr(builtins, name):
            return True if last not in TAKING else None
        return None

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> bool | None:
        own = {name for generator in node.generators for name in names_in(generator.target)}
        called = any(isinstance(child, ast.Call) and root_name(child.func) != "range" for child in ast.walk(node))
        answer = self.same(ast.Name(name) for name in names_in(node) - own)
        return None if called and answer else answer

    def _element(self, value: ast.expr, index: ast.expr) -> bool:
        """Whether ``value[index]`` is an element of a parameter that never changed."""
        untouched = isinstance(value, ast.Name) and value.id in self._parameters and value.id not in self._bindings
        if not untouched or not isinstance(index, ast.Constant) or not isinstance(index.value, int):
            return False
        assert isinstance(value, ast.Name)
        return (self._parameters[value.id], index.value) in self._constant

    def _is_local(self, name: str) -> bool:
        return name in self._parameters or name in self._catchalls or name in self._bindings

    def _name(self, name: str) -> bool | None:
        if not self._is_local(name):
            module = self._module
            known = module.fixed | set(module.functions) | set(module.imports) | module.classes
            return True if name in known or hasattr(builtins, name) else None
        if name in self._catchalls or (
            name in self._parameters and (self._parameters[name], None) not in self._constant
        ):
            return False
        if name in self._asking:  # its own former value
            return True
        self._asking.add(name)
        try:
            answers = [self._source(source) for source in self._bindings.get(name, [])]
        finally:
            self._asking.discard(name)
        if False in answers:
            return False
        return None if None in answers else True

    def _source(self, source: Source) -> bool | None:
        value, element = source
        if value is None:
            return False
        if element is None:
            return self._value(value)
        if isinstance(value, (ast.Tuple, ast.List)) and element < len(value.elts):
            return self._value(value.elts[element])
        return True if self._element(value, ast.Constant(element)) else self._value(value)


def steady(module: Module, function: Function, deep: int = 4) -> bool:
    """Whether a function of the module answers the same to the same arguments, as far as its own source tells.

    Args:
        module: the module.
        function: the function.
        deep: how far to follow the module's other functions.
    """
    if memoised(function):
        return False
    own = renewed(function)
    for node in ast.walk(function):
        if isinstance(node, (ast.Nonlocal, ast.Yield, ast.YieldFrom)):
            return False
        if isinstance(node, ast.Global) and not own.issuperset(node.names):
            return False
        if isinstance(node, ast.Name) and node.id in module.unsteady - own:
            return False
        if isinstance(node, ast.Call) and not _steady_call(module, node, deep):
            return False
    return True


def _steady_call(module: Module, call: ast.Call, deep: int) -> bool:
    name = root_name(call.func)
    last = call.func.attr if isinstance(call.func, ast.Attribute) else name
    whole = module.imports.get(name or "", "")
    if last in TAKING or whole.split(".")[0] in VARYING or whole.endswith(".random"):
        # A file's contents are taken for the same each time.
        return last in {"read", "readline", "readlines"}
    if isinstance(call.func, ast.Name) and call.func.id in module.functions and deep:
        return steady(module, module.functions[call.func.id], deep - 1)
    return True
