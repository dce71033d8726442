"""A change of something inside a manager's proxy, which stays in this process."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import CHANGES, Source, Thing

HOLDERS = frozenset({"proxy.dict", "proxy.list"})
NAMESPACE = "proxy.Namespace"
#: Methods of a proxy that give a copy of what it holds.
GIVES = frozenset({"get", "setdefault"})


def inspect(source: Source) -> Iterator[Finding]:
    """Find what changes a copy that a proxy has given."""
    for change, changed in changes(source):
        holder = held_by(source, changed)
        if holder is None or holds_proxies(source, holder) or stored_back(source, change, holder):
            continue
        if not is_used_on(source, change, changed):
            yield LINT.finding(
                source.place(change),
                level="error",
                seen=f"`{ast.unparse(changed)}` is a copy that the manager has sent. The change is made to it "
                "and lost: the other processes, and the next look from here, see nothing of it.",
                do="Change the copy under a name and assign that to the proxy again, or keep proxies inside it: "
                "`manager.list()`, `manager.dict()`.",
            )


def changes(source: Source) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What changes an object in place, and the object."""
    for call in source.calls(*sorted(CHANGES)):
        if isinstance(call.func, ast.Attribute):
            yield call, call.func.value
    for store in source.tree.stores:
        yield store, store.value


def held_by(source: Source, node: ast.expr) -> ast.expr | None:
    """The proxy of which an expression gives what it holds."""
    node = source.values.origin(node)
    if isinstance(node, ast.Name):
        return looped_over(source, node)
    if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice):
        return node.value if kind_of(source, node.value) in HOLDERS else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in GIVES:
        return node.func.value if kind_of(source, node.func.value) == "proxy.dict" else None
    if isinstance(node, ast.Attribute):
        return node.value if kind_of(source, node.value) == NAMESPACE else None
    return None


def looped_over(source: Source, node: ast.Name) -> ast.expr | None:
    """The proxy whose elements a name takes in a loop."""
    bindings = source.things.bindings(node)
    over = bindings[0].value if len(bindings) == 1 and bindings[0].how == "element" and not bindings[0].path else None
    if isinstance(over, ast.Call) and isinstance(over.func, ast.Attribute) and over.func.attr == "values":
        return over.func.value if kind_of(source, over.func.value) == "proxy.dict" else None
    return over if over is not None and kind_of(source, over) == "proxy.list" else None


def kind_of(source: Source, node: ast.expr) -> str:
    """The kind of what an expression gives."""
    thing = source.things.thing(node)
    return thing.kind if thing is not None else ""


def holds_proxies(source: Source, holder: ast.expr) -> bool:
    """Whether something that is put into a proxy is a proxy itself."""
    made = source.things.thing(holder)
    put = [value for pairs in source.tree.put.values() for where, value in pairs if is_same(source, where, made)]
    found = [source.things.thing(value) for value in put]
    if made is not None and made.made is not None:
        found += [source.things.element(given) for given in made.made.args]
        found += [source.things.thing(keyword.value) for keyword in made.made.keywords]
    return any(thing is not None and thing.kind.startswith("proxy.") for thing in found)


def is_same(source: Source, node: ast.expr, thing: Thing | None) -> bool:
    """Whether an expression gives the proxy that the same call has made."""
    found = source.things.thing(node)
    return found is not None and thing is not None and found.made is thing.made


def stored_back(source: Source, change: ast.expr, holder: ast.expr) -> bool:
    """Whether the function assigns something to the proxy after the change, or goes round a loop that does."""
    made, loop = source.things.thing(holder), source.tree.loop(change)
    stores: list[ast.Subscript | ast.Attribute] = [*source.tree.stores]
    stores += [each for nodes in source.tree.attributes.values() for each in nodes if isinstance(each.ctx, ast.Store)]
    return any(
        source.order.leads(change, store) or (loop is not None and source.tree.within(store, loop))
        for store in stores
        if is_same(source, store.value, made)
    )


def is_used_on(source: Source, change: ast.expr, changed: ast.expr) -> bool:
    """Whether the function takes a copy under a name and goes on with that."""
    return any(
        source.order.leads(change, use.node) and use.member not in CHANGES and not is_stored(source, use.node)
        for use in source.uses(changed)
    )


def is_stored(source: Source, node: ast.expr) -> bool:
    """Whether an element of ``node`` is assigned."""
    outer = source.tree.parents[node]
    return isinstance(outer, ast.Subscript) and not isinstance(outer.ctx, ast.Load)


LINT: Final = Lint(
    module=__name__,
    id="MP505",
    inspect=inspect,
    doc=Doc(
        title="A change inside a manager's proxy is lost",
        why="A proxy sends what it is asked for as a copy. `d[key] = value` reaches the manager; `d[key].append(x)` "
        "fetches a copy of the list, changes it and drops it. No error is raised.",
        how="A method that changes, an assignment to or a deletion of an element of `d[key]`, `d.get(key)` or "
        "`namespace.name`, where `d` is a manager's dict or list, also through a name or a loop. Silent when the "
        "function assigns to the proxy afterwards or goes on with the copy, and when what the proxy holds are proxies.",
        bad="""
            from multiprocessing import Manager, Process

            def work(found, number):
                found[number % 2].append(number)

            if __name__ == "__main__":
                with Manager() as manager:
                    found = manager.dict({0: [], 1: []})
                    processes = [Process(target=work, args=(found, number)) for number in range(4)]
                    for process in processes:
                        process.start()
                    for process in processes:
                        process.join()
                    print({key: sorted(found[key]) for key in found.keys()})
        """,
        good="""
            from multiprocessing import Manager, Process

            def work(found, number):
                found[number % 2].append(number)

            if __name__ == "__main__":
                with Manager() as manager:
                    found = manager.dict({0: manager.list(), 1: manager.list()})
                    processes = [Process(target=work, args=(found, number)) for number in range(4)]
                    for process in processes:
                        process.start()
                    for process in processes:
                        process.join()
                    print({key: sorted(found[key]) for key in found.keys()})
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#proxy-objects",),
    ),
)
