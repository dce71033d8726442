"""The one pass over a syntax tree; everything that lints ask later rests on what it notes."""

from __future__ import annotations

import ast
from collections.abc import Callable

from mpdiag.source.elements import PUTS
from mpdiag.source.scopes import FUNCTIONS, Binding, Definition, Scope, all_parameters
from mpdiag.source.tree import COMPREHENSIONS, Tree

#: Fields that hold no node to visit.
_PLAIN = frozenset(
    {
        *("arg", "asname", "attr", "conversion", "ctx", "id", "is_async", "kind", "kwd_attrs", "level", "module", "n"),
        *("name", "op", "ops", "rest", "s", "simple", "str", "tag", "type_comment", "type_ignores"),
    }
)
#: Nodes without any node to visit.
_LEAVES = (ast.Constant, ast.Global, ast.Nonlocal, ast.MatchSingleton)
#: Fields of definitions that are evaluated outside of them.
_OUTSIDE = frozenset({"args", "bases", "decorator_list", "keywords", "returns"})


def read(root: ast.Module) -> Tree:
    """The facts of a module."""
    tree = Tree(root)
    _Reader(tree).walk()
    return tree


class _Reader:
    """Visits each node once, before its children and in the order of the source; without recursion, however deep."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def walk(self) -> None:
        parents, homes, opened = self._tree.parents, self._tree.homes, self._tree.opened
        pending: list[tuple[ast.AST, Scope]] = [(self._tree.root, self._tree.module)]
        while pending:
            node, scope = pending.pop()
            note, fields, is_statement, opens = _PLANS[node.__class__]
            if is_statement:
                homes[node] = scope
            if note is not None:
                note(self, node, scope)
            inner = opened[node] if opens else scope
            first = len(pending)
            for name in fields:
                value = getattr(node, name)
                there = scope if opens and name in _OUTSIDE else inner
                for child in value if value.__class__ is list else (value,):
                    if child is not None:
                        parents[child] = node
                        if child.__class__ is not ast.Constant:
                            pending.append((child, there))
            if len(pending) > first + 1:
                pending[first:] = pending[: first - 1 if first else None : -1]

    def _call(self, node: ast.Call, scope: Scope) -> None:
        tree, name = self._tree, _word(node.func)
        tree.calls[name].append(node)
        tree.inside[scope.function.node].append(node)
        place = PUTS.get(name)
        if place is not None and len(node.args) > place and isinstance(node.func, ast.Attribute):
            self._put(node.func.value, node.args[place])

    def _put(self, holder: ast.expr, value: ast.expr) -> None:
        self._tree.put[_word(holder)].append((holder, value))

    def _name(self, node: ast.Name, scope: Scope) -> None:
        self._tree.names[node.id].append(node)

    def _attribute(self, node: ast.Attribute, scope: Scope) -> None:
        self._tree.attributes[node.attr].append(node)

    def _subscript(self, node: ast.Subscript, scope: Scope) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._tree.stores.append(node)

    def _assign(self, node: ast.Assign, scope: Scope) -> None:
        for target in node.targets:
            _bind(target, Binding("value", node, scope, node.value), scope)
            if isinstance(target, ast.Subscript):
                self._put(target.value, node.value)

    def _annotated(self, node: ast.AnnAssign, scope: Scope) -> None:
        if node.value is not None:
            _bind(node.target, Binding("value", node, scope, node.value), scope)

    def _augmented(self, node: ast.AugAssign, scope: Scope) -> None:
        _bind(node.target, Binding("other", node, scope), scope)

    def _return(self, node: ast.Return, scope: Scope) -> None:
        if node.value is not None:
            self._tree.returned[scope.node].append(node.value)

    def _yield(self, node: ast.Yield | ast.YieldFrom, scope: Scope) -> None:
        self._tree.generators.add(scope.function.node)

    def _walrus(self, node: ast.NamedExpr, scope: Scope) -> None:
        while isinstance(scope.node, COMPREHENSIONS) and scope.parent is not None:
            scope = scope.parent
        _bind(node.target, Binding("value", node, scope, node.value), scope)

    def _for(self, node: ast.For | ast.AsyncFor | ast.comprehension, scope: Scope) -> None:
        _bind(node.target, Binding("element", node, scope, node.iter), scope)

    def _with(self, node: ast.withitem, scope: Scope) -> None:
        if node.optional_vars is not None:
            _bind(node.optional_vars, Binding("entered", node, scope, node.context_expr), scope)

    def _captured(self, node: ast.ExceptHandler | ast.MatchAs | ast.MatchStar, scope: Scope) -> None:
        if node.name is not None:
            scope.bind(node.name, Binding("other", node, scope))

    def _global(self, node: ast.Global, scope: Scope) -> None:
        scope.elsewhere.update(dict.fromkeys(node.names, self._tree.module))

    def _nonlocal(self, node: ast.Nonlocal, scope: Scope) -> None:
        for name in node.names:
            owner = scope.parent.owner(name) if scope.parent else None
            if owner is not None:
                scope.elsewhere[name] = owner

    def _import(self, node: ast.Import, scope: Scope) -> None:
        for alias in node.names:
            root = alias.name.partition(".")[0]
            self._tree.imported.add(root)
            origin = alias.name if alias.asname else root
            scope.bind(alias.asname or root, Binding("import", node, scope, origin=origin))

    def _import_from(self, node: ast.ImportFrom, scope: Scope) -> None:
        module = "." * node.level + (node.module or "")
        self._tree.imported.add(module.partition(".")[0])
        for alias in node.names:
            if alias.name == "*":
                scope.stars.append(module)
            else:
                origin = f"{module}.{alias.name}"
                scope.bind(alias.asname or alias.name, Binding("import", node, scope, origin=origin))

    def _definition(self, node: Definition, scope: Scope) -> None:
        inner = self._tree.opened[node] = Scope(node, scope)
        if isinstance(node, ast.Lambda):
            self._tree.returned[node].append(node.body)
        else:
            scope.bind(node.name, Binding("definition", node, scope))
        if not isinstance(node, ast.ClassDef):
            for each in all_parameters(node.args):
                inner.bind(each.arg, Binding("parameter", each, inner))

    def _comprehension(self, node: ast.expr, scope: Scope) -> None:
        self._tree.opened[node] = Scope(node, scope)


_NOTES: dict[type[ast.AST], Callable[..., None]] = {
    ast.Call: _Reader._call,
    ast.Name: _Reader._name,
    ast.Attribute: _Reader._attribute,
    ast.Subscript: _Reader._subscript,
    ast.Assign: _Reader._assign,
    ast.AnnAssign: _Reader._annotated,
    ast.AugAssign: _Reader._augmented,
    ast.NamedExpr: _Reader._walrus,
    ast.Return: _Reader._return,
    ast.Yield: _Reader._yield,
    ast.YieldFrom: _Reader._yield,
    ast.For: _Reader._for,
    ast.AsyncFor: _Reader._for,
    ast.comprehension: _Reader._for,
    ast.withitem: _Reader._with,
    ast.ExceptHandler: _Reader._captured,
    ast.MatchAs: _Reader._captured,
    ast.MatchStar: _Reader._captured,
    ast.Global: _Reader._global,
    ast.Nonlocal: _Reader._nonlocal,
    ast.Import: _Reader._import,
    ast.ImportFrom: _Reader._import_from,
    ast.FunctionDef: _Reader._definition,
    ast.AsyncFunctionDef: _Reader._definition,
    ast.Lambda: _Reader._definition,
    ast.ClassDef: _Reader._definition,
    **dict.fromkeys(COMPREHENSIONS, _Reader._comprehension),
}


def _word(node: ast.expr) -> str:
    """The last part of a dotted name."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _bind(target: ast.expr, binding: Binding, scope: Scope) -> None:
    """Give the names in a target their values; unpacks tuples, and meets literal ones element by element."""
    if isinstance(target, ast.Name):
        scope.bind(target.id, binding)
    elif isinstance(target, ast.Starred):
        _bind(target.value, _part(binding, -1), scope)
    elif isinstance(target, (ast.Tuple, ast.List)):
        starred = any(isinstance(each, ast.Starred) for each in target.elts)
        for place, each in enumerate(target.elts):
            _bind(each, _part(binding, -1 if starred else place), scope)
    elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
        owner = scope.of_self(target.value.id)
        if owner is not None:
            owner.attributes.setdefault(target.attr, []).append(binding)


def _part(binding: Binding, place: int) -> Binding:
    value = binding.value
    if binding.how == "value" and not binding.path and isinstance(value, (ast.Tuple, ast.List)):
        plain = not any(isinstance(each, ast.Starred) for each in value.elts)
        if plain and 0 <= place < len(value.elts):
            return Binding("value", binding.node, binding.scope, value.elts[place])
    return Binding(binding.how, binding.node, binding.scope, value, (*binding.path, place))


def _plan(kind: type[ast.AST]) -> tuple[Callable[..., None] | None, tuple[str, ...], bool, bool]:
    """What to do with a class of nodes: what to note, which fields to visit, is it a statement, opens it a scope?"""
    fields = () if issubclass(kind, _LEAVES) else tuple(name for name in kind._fields if name not in _PLAIN)
    opens = issubclass(kind, (*FUNCTIONS, ast.Lambda, ast.ClassDef, *COMPREHENSIONS))
    return _NOTES.get(kind), fields, issubclass(kind, ast.stmt), opens


_PLANS = {kind: _plan(kind) for kind in vars(ast).values() if isinstance(kind, type) and issubclass(kind, ast.AST)}
