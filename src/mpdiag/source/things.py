"""What expressions are: imported names, objects of the libraries, and definitions of the same file.

Assignments are followed as far as all of them agree; what cannot be told is None. Answers are remembered; an assignment
that leads back to what is being asked, as in ``for p in ps`` with ``ps.append(p)``, has no say.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from mpdiag.source import names
from mpdiag.source.elements import Rows, element_sources, is_empty
from mpdiag.source.flow import reaching
from mpdiag.source.memo import Asked, Memo, each_of
from mpdiag.source.names import STANDARD, Library
from mpdiag.source.scopes import Binding, Definition, Scope
from mpdiag.source.target import CHOSEN
from mpdiag.source.tree import Tree

#: A name that is bound so often is not followed: each look at it asks all that it was bound to.
MANY = 64
#: Where what makes pools takes a context.
_CONTEXTS = {names.EXECUTOR: (1, "mp_context"), names.POOL: (5, "context")}


@dataclass(frozen=True)
class Named:
    """An object of a library by its concept, with the start method that a context gives it."""

    concept: str
    library: Library = STANDARD
    method: str | None = None


@dataclass(frozen=True)
class Thing:
    """An object that a call made."""

    #: The concept that makes it, such as ``multiprocessing.Queue``; empty for classes of no library.
    kind: str
    #: The call, if there is but one.
    made: ast.Call | None = None
    library: Library = STANDARD
    #: The start method of its context; None: the default, `CHOSEN`: not known.
    method: str | None = None
    #: The class of this file that it is an instance of.
    subclass: ast.ClassDef | None = None
    #: Of a connection: which of the two that `Pipe` gave.
    end: int | None = None
    #: Only an annotation says so.
    declared: bool = False
    #: The parameter by which it comes in, if several calls pass one of their own.
    passed: ast.arg | None = None

    @property
    def identity(self) -> ast.Call | ast.arg | None:
        """What tells it from others of its kind, if anything does."""
        return self.made or self.passed


class Things:
    """Answers what the expressions of a module are.

    Args:
        tree: the module.
        passed: tells what calls and tasks pass for a parameter, and whether it gets each element of that.
    """

    def __init__(self, tree: Tree, passed: Callable[[ast.arg], Iterable[tuple[ast.expr, bool]]]) -> None:
        asked = Asked()
        self._tree = tree
        self._passed = passed
        self._rows = Rows(tree, self.bindings, passed, self._returned)
        #: The object of a library that an expression denotes: ``mp.Pool`` in ``mp.Pool(4)``.
        self.name: Memo[Named] = Memo(self._name, asked)
        #: The object that an expression gives.
        self.thing: Memo[Thing] = Memo(self._thing, asked)
        #: What the elements of an expression's value are, if they are all of a kind.
        self.element: Memo[Thing] = Memo(self._element, asked)
        #: The function, lambda or class of this file that an expression denotes; a ``partial`` is what it holds.
        self.definition: Memo[Definition] = Memo(self._definition, asked)

    def forget(self) -> None:
        """Answer anew: ``passed`` knows more than before."""
        for memo in (self.name, self.thing, self.element, self.definition):
            memo.forget()

    def concept(self, node: ast.expr) -> str:
        """The concept that an expression denotes, such as ``multiprocessing.Pool`` or ``sys.exit``; empty: unknown."""
        named = self.name(node)
        return named.concept if named is not None else ""

    def bindings(self, node: ast.expr) -> Sequence[Binding]:
        """What gives a name, or an attribute of ``self``, its value; where it is read, what is certain by then."""
        if isinstance(node, ast.Name):
            owner = self._tree.scope(node).owner(node.id)
            found = owner.bindings[node.id] if owner else []
            if len(found) > MANY:
                return []
            several = len(found) > 1 and isinstance(node.ctx, ast.Load)
            return reaching(node, found, self._tree) if several else found
        if isinstance(node, ast.Attribute):
            around = self.class_of(node.value)
            return list(self._members(around, node.attr)) if around else []
        return []

    def class_of(self, node: ast.expr) -> Scope | None:
        """The class of this file of which an expression is an instance, or which it is."""
        if isinstance(node, ast.Name):
            of_self = self._tree.scope(node).of_self(node.id)
            if of_self is not None:
                return of_self
        thing = self.thing(node)
        found = thing.subclass if thing is not None else self.definition(node)
        return self._tree.opened[found] if isinstance(found, ast.ClassDef) else None

    def bases(self, node: ast.ClassDef) -> Iterator[ast.ClassDef | Named | None]:
        """The bases of a class: of this file, of a library, or unknown."""
        for base in node.bases:
            found = self.definition(base)
            yield found if isinstance(found, ast.ClassDef) else self.name(base)

    def kind_of_class(self, node: ast.ClassDef) -> Named | None:
        """The class of a library that a class of this file derives from."""
        for base in self.bases(node):
            found = self.kind_of_class(base) if isinstance(base, ast.ClassDef) and base is not node else base
            if isinstance(found, Named) and names.returned(found.concept):
                return found
        return None

    def method(self, node: ast.ClassDef, name: str) -> Definition | None:
        """The method of a class of this file, its own or inherited from another of this file."""
        bound = list(self._members(self._tree.opened[node], name))
        return self._defined_by(bound[0]) if len(bound) == 1 else None

    def _members(self, around: Scope, name: str) -> Iterator[Binding]:
        assert isinstance(around.node, ast.ClassDef)
        own = [*around.attributes.get(name, ()), *around.bindings.get(name, ())]
        if own:
            yield from own
            return
        for base in self.bases(around.node):
            if isinstance(base, ast.ClassDef) and base is not around.node:
                yield from self._members(self._tree.opened[base], name)

    # --- names

    def _name(self, node: ast.expr) -> Named | None:
        if isinstance(node, ast.Name):
            return self._name_of_name(node)
        if isinstance(node, ast.IfExp):
            return _agreed([self.name(node.body), self.name(node.orelse)])
        if not isinstance(node, ast.Attribute):
            return None
        base = self.name(node.value)
        if base is not None:
            return _within(base, node.attr)
        context = self.thing(node.value)
        if context is not None and context.kind == names.CONTEXT:
            return _within(Named("multiprocessing", context.library, context.method), node.attr)
        return self._name_bound(self.bindings(node))

    def _name_of_name(self, node: ast.Name) -> Named | None:
        scope = self._tree.scope(node)
        owner = scope.owner(node.id)
        if owner is not None:
            return self._name_bound(self.bindings(node))
        for module in scope.module.stars:
            found = _named(f"{module}.{node.id}")
            if names.returned(found.concept):
                return found
        return Named(node.id)

    def _name_bound(self, bindings: Sequence[Binding]) -> Named | None:
        return _agreed(each_of(self._name_by, [each for each in bindings if not is_none(each.value)]))

    def _name_by(self, binding: Binding) -> Named | None:
        if binding.how == "import":
            return None if binding.origin.startswith(".") else _named(binding.origin)
        if binding.how == "value" and binding.value is not None and not binding.path:
            return self.name(binding.value)
        return None

    # --- things

    def _thing(self, node: ast.expr) -> Thing | None:
        if isinstance(node, ast.Call):
            return self._made(node)
        if isinstance(node, (ast.Name, ast.Attribute)):
            return _merged(each_of(self._bound, [each for each in self.bindings(node) if not is_none(each.value)]))
        if isinstance(node, ast.Subscript):
            return None if isinstance(node.slice, ast.Slice) else self._item(node)
        if isinstance(node, ast.NamedExpr):
            return self.thing(node.value)
        if isinstance(node, ast.IfExp):
            return _merged(each_of(self.thing, [each for each in (node.body, node.orelse) if not is_none(each)]))
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            return _merged(each_of(self.thing, [each for each in node.values if not is_none(each)]))
        return None

    def _bound(self, binding: Binding) -> Thing | None:
        if binding.how == "parameter" and isinstance(binding.node, ast.arg):
            return self._parameter(binding.node)
        if binding.value is None:
            return None
        if binding.how == "element":
            sources = element_sources(binding.value, binding.path) or ([] if binding.path else [binding.value])
            found = _merged(each_of(self.element, sources)) if sources else self.element(binding.value)
            return (
                found
                if sources
                else _end(found, binding.path) or self._part(self._rows.elements(binding.value), binding)
            )
        found = self.thing(binding.value)
        if not binding.path:
            annotated = found is None and isinstance(binding.node, ast.AnnAssign)
            return self._annotation(binding.node.annotation) if annotated else found  # type: ignore[attr-defined]
        if found is not None and found.kind == names.PIPE:
            return _end(found, binding.path)
        return self._part([binding.value], binding) or (self.element(binding.value) if len(binding.path) == 1 else None)

    def _part(self, values: list[ast.expr], binding: Binding) -> Thing | None:
        """What unpacking gives, if all the values are written out as tuples."""
        parts = self._rows.parts(values, binding.path)
        return _merged(each_of(self.thing, parts)) if parts else None

    def _item(self, node: ast.Subscript) -> Thing | None:
        """What a subscript gives: an end of a pipe, an element."""
        pair = self.thing(node.value)
        if pair is not None and pair.kind == names.PIPE:
            return _end(pair, (getattr(node.slice, "value", -1),))
        return self.element(node.value)

    def _parameter(self, node: ast.arg) -> Thing | None:
        annotated = self._annotation(node.annotation)
        found = each_of(lambda given: (self.element if given[1] else self.thing)(given[0]), self._passed(node))
        merged = _merged([thing for thing in found if thing is not None])
        if merged is None or (annotated is not None and annotated.kind != merged.kind):
            return annotated
        return merged if merged.identity or None in found else replace(merged, passed=node)

    def _annotation(self, node: ast.expr | None) -> Thing | None:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            return self._annotation(node.right if is_none(node.left) else node.left)
        if isinstance(node, ast.Subscript):
            named = self.name(node.value)
            return self._annotation(node.slice if named and named.concept.endswith("Optional") else node.value)
        named = self.name(node) if node is not None else None
        kind = names.returned(named.concept) if named else None
        return Thing(kind, None, named.library, CHOSEN, declared=True) if named and kind else None

    def _made(self, node: ast.Call) -> Thing | None:
        named = self.name(node.func)
        if named is not None:
            if named.concept == "contextlib.closing" and node.args:
                return self.thing(node.args[0])
            if named.concept == names.PARALLEL:
                return self._parallel(node)
            kind = names.returned(named.concept)
            return Thing(kind, node, named.library, self._method(node, named)) if kind else None
        if isinstance(node.func, ast.Attribute):
            owner = self.thing(node.func.value)
            kind = names.method_returned(owner.kind, node.func.attr) if owner else None
            if owner and kind:
                return Thing(kind, node, owner.library, owner.method)
            if node.func.attr in ("pop", "popleft"):
                return self.element(node.func.value)
            if node.func.attr == "enter_context" and node.args:
                return self.thing(node.args[0])
        found = self.definition(node.func)
        if isinstance(found, ast.ClassDef):
            base = self.kind_of_class(found)
            return (
                Thing(base.concept, node, base.library, base.method, found) if base else Thing("", node, subclass=found)
            )
        return _merged(each_of(self.thing, [each for each in self._returned(node) if not is_none(each)]))

    def _returned(self, node: ast.Call) -> Sequence[ast.expr]:
        """What the function of this file that a call calls may return."""
        found = self.definition(node.func)
        return self._tree.returned.get(found, ()) if found else ()

    def _method(self, call: ast.Call, named: Named) -> str | None:
        """The start method that a call names, by itself or by a context that it is given."""
        if named.concept == "multiprocessing.get_context":
            value = argument(call, 0, "method")
            return None if value is None or is_none(value) else literal(value) or CHOSEN
        place, word = _CONTEXTS.get(named.concept, (99, ""))
        given = argument(call, place, word)
        if given is None or is_none(given):
            return named.method or named.library.method
        context = self.thing(given)
        return CHOSEN if context is None or context.kind != names.CONTEXT else context.method

    def _parallel(self, call: ast.Call) -> Thing | None:
        """What joblib makes of the arguments of Parallel; None if that is nothing, or set elsewhere."""
        given = {word: argument(call, place, word) for place, word in enumerate(("n_jobs", "backend"))}
        given |= {each.arg: each.value for each in call.keywords if each.arg}
        said = {word: value.value if isinstance(value, ast.Constant) else value for word, value in given.items()}
        if said["n_jobs"] in (None, 1) or any(each.arg is None for each in call.keywords):
            return None
        backend = said["backend"]
        if backend is None:
            threads = said.get("prefer") == "threads" or said.get("require") == "sharedmem"
            backend = None if names.SETTINGS & self._tree.calls.keys() else "threading" if threads else "loky"
        kind, library = names.BACKENDS.get(backend, ("", STANDARD)) if isinstance(backend, str) else ("", STANDARD)
        return Thing(kind, call, library, library.method) if kind else None

    # --- elements

    def _element(self, node: ast.expr) -> Thing | None:
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return _merged(each_of(self.thing, node.elts))
        if isinstance(node, ast.Dict):
            return _merged(each_of(self.thing, node.values))
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
            return self.thing(node.elt)
        if isinstance(node, ast.DictComp):
            return self.thing(node.value)
        if isinstance(node, ast.BinOp):
            return self.element(node.left)
        if isinstance(node, ast.Call):
            return self._element_of_call(node)
        return self._element_of_name(node) if isinstance(node, (ast.Name, ast.Attribute)) else None

    def _element_of_call(self, node: ast.Call) -> Thing | None:
        if self.concept(node.func) == "itertools.repeat" and node.args:
            return self.thing(node.args[0])
        sources = element_sources(node, ())
        if sources:
            return _merged(each_of(self.element, sources))
        return _merged(each_of(self.element, self._returned(node)))

    def _element_of_name(self, node: ast.Name | ast.Attribute) -> Thing | None:
        bindings = self.bindings(node)
        if not bindings:
            return None
        asks: list[Callable[[], Thing | None]] = []
        for binding in bindings:
            if binding.how == "parameter" and isinstance(binding.node, ast.arg):
                asks += [partial(self.element, value) for value, each in self._passed(binding.node) if not each]
            elif binding.value is not None and not is_empty(binding.value):
                plain = binding.how == "value" and not binding.path
                asks.append(partial(self.element, binding.value) if plain else lambda: None)
        asks += [partial(self.thing, value) for value in self._rows.put(node)]
        return _merged(each_of(lambda ask: ask(), asks))

    # --- definitions

    def _definition(self, node: ast.expr) -> Definition | None:
        if isinstance(node, ast.Lambda):
            return node
        if isinstance(node, ast.Call):
            named = self.name(node.func)
            is_partial = named is not None and named.concept == "functools.partial" and node.args
            return self.definition(node.args[0]) if is_partial else None
        found = each_of(self._defined_by, self.bindings(node))
        return found[0] if found and all(each is found[0] for each in found) else None

    def _defined_by(self, binding: Binding) -> Definition | None:
        if binding.how == "definition":
            assert isinstance(binding.node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
            return binding.node
        plain = binding.how == "value" and binding.value is not None and not binding.path
        return self.definition(binding.value) if plain and binding.value is not None else None


def _agreed(answers: list[Named | None]) -> Named | None:
    """The answer that all of them are; none knows, nobody knows."""
    first = answers[0] if answers else None
    return first if all(each == first for each in answers) else None


def _merged(things: list[Thing | None]) -> Thing | None:
    """What things of one kind have in common; None if they are of several, or one is unknown."""
    first, *others = things or [None]
    for each in others:
        if first is None or each is None or each.kind != first.kind:
            return None
        if each != first:
            first = Thing(
                first.kind,
                None,
                first.library if first.library == each.library else STANDARD,
                first.method if first.method == each.method else CHOSEN,
                first.subclass if first.subclass is each.subclass else None,
                first.end if first.end == each.end else None,
                first.declared or each.declared,
                first.passed if first.passed is each.passed else None,
            )
    return first


def _end(pipe: Thing | None, path: tuple[int, ...]) -> Thing | None:
    """The connection that unpacking what `Pipe` gave comes to."""
    if pipe is None or pipe.kind != names.PIPE or len(path) != 1:
        return None
    return replace(pipe, kind=names.CONNECTION, end=path[0] if path[0] in (0, 1) else None)


def _named(name: str) -> Named:
    return Named(*names.canonical(name))


def _within(base: Named, attribute: str) -> Named:
    found = _named(f"{base.concept}.{attribute}")
    library = found.library if base.library is STANDARD else base.library
    return Named(found.concept, library, found.method or base.method)


def argument(call: ast.Call, place: int, word: str) -> ast.expr | None:
    """The argument of a call at ``place``, or of the name ``word``; None where it is missing or hidden by a star."""
    for keyword in call.keywords:
        if keyword.arg == word:
            return keyword.value
    hidden = any(isinstance(each, ast.Starred) for each in call.args[: place + 1])
    return call.args[place] if 0 <= place < len(call.args) and not hidden else None


def literal(node: ast.expr) -> str | None:
    """The text of a literal."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def is_none(node: ast.expr | None) -> bool:
    """Whether it is a literal None."""
    return isinstance(node, ast.Constant) and node.value is None
