"""Weaves all modules ahead, so that no process of the program has to."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import marshal
import os
import py_compile
import sys
from contextlib import suppress
from importlib.machinery import ExtensionFileLoader, SourceFileLoader

from .layout import PARTS

TYPE_CHECKING = False  # `typing` takes longer to import than all of this
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any

#: What `start` imports of the tap, each after what it imports itself.
STARTING = ("layout", "gates", "sizes", "places", "ledger", "core", "finder", "stacks", "start")


def main(folder: str) -> None:
    """Fill the cache in ``folder`` for this interpreter, and compile the tap itself."""
    from . import finder

    compile_all(os.path.dirname(__file__))
    compile_all(os.path.dirname(os.path.dirname(__file__)))
    os.makedirs(folder, mode=0o700, exist_ok=True)
    for name in sorted(finder.WOVEN):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin:
            finder.woven_code(name, spec.origin, folder)
    bundle(folder, known(folder))


def known(folder: str) -> tuple[str, dict[str, Any], str]:
    """Put what children of multiprocessing import of the standard library into one file, for `finder.known`."""
    from . import finder

    for name in ("runpy", "pkgutil", *sorted(finder.WOVEN)):
        with suppress(ImportError):  # some are for one system alone
            importlib.import_module(name)
    home = os.path.dirname(str(sys.modules["runpy"].__file__))
    compiled = os.path.join(home, "lib-dynload")
    path, at = os.path.join(folder, f"known.{sys.hexversion}"), 0
    index: dict[str, Any] = {}
    with open(path, "wb") as file:
        for name, module in sorted(sys.modules.items()):
            spec = getattr(module, "__spec__", None)
            loader = getattr(spec, "loader", None)
            stem = os.path.join(home, *name.split("."))
            files = f"{stem}.py", os.path.join(stem, "__init__.py")
            if isinstance(loader, SourceFileLoader) and loader.path in files:
                woven = finder.woven_code(name, loader.path, folder) if name in finder.WOVEN else None
                size = file.write(marshal.dumps(woven or (loader.get_code(name), None)))
                index[name] = at, size, loader.is_package(name)
                at += size
            elif isinstance(loader, ExtensionFileLoader) and os.path.dirname(loader.path) == compiled:
                index[name] = loader.path
    return path, index, home


def bundle(folder: str, known: tuple[str, dict[str, Any], str]) -> None:
    """Put what most processes need into one file, and the other parts into a second one, of which each is read alone.

    To look for a module takes longer than to run it.
    """
    first: list[tuple[str, CodeType | str]] = [(name, compact(name)) for name in ("__init__", *STARTING)]
    spec = importlib.util.find_spec("mmap")
    if spec is not None and type(spec.loader).__name__ == "ExtensionFileLoader":
        first.insert(1, ("mmap", str(spec.origin)))
    parts, others, at = os.path.join(folder, f"parts.{sys.hexversion}"), {}, 0
    with open(parts, "wb") as file:
        for name in sorted(PARTS):
            size = file.write(marshal.dumps(compact(name)))
            others[f"{__package__}.{name}"] = at, size
            at += size
    with open(os.path.join(folder, f"taps.{sys.hexversion}"), "wb") as file:
        marshal.dump((first, (parts, others), known), file)


def compact(name: str) -> CodeType:
    """The code of a part of the tap, without what only people and their tools read: texts, annotations, all lines."""
    path = os.path.join(os.path.dirname(__file__), f"{name}.py")
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    tree.body = [each for each in tree.body if getattr(each, "module", None) != "__future__"]
    return one_line(compile(Bare().visit(tree), path, "exec", dont_inherit=True, optimize=2))


class Bare(ast.NodeTransformer):
    """Takes annotations away."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Of what it returns."""
        node.returns = None
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        """Of an argument."""
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """Of a variable, which may have no value."""
        plain = ast.Assign([node.target], node.value) if node.value else ast.Pass()
        return ast.copy_location(plain, node)


def one_line(code: CodeType) -> CodeType:
    """``code`` with everything on its first line: where each instruction came from is a fifth of it since Python 3.11.

    An entry of that table says "no columns, line plus 0" for up to eight units of code.
    """
    if sys.version_info < (3, 11):
        return code
    lengths = [min(8, len(code.co_code) // 2 - begin) for begin in range(0, len(code.co_code) // 2, 8)]
    table = b"".join(bytes((0b1_1101_000 | length - 1, 0)) for length in lengths)
    consts = tuple(one_line(each) if isinstance(each, type(code)) else each for each in code.co_consts)
    return code.replace(co_linetable=table, co_consts=consts)


def compile_all(folder: str) -> None:
    """Compile what stands in ``folder`` itself, unless compiled code goes where it would outlive us."""
    if sys.pycache_prefix is not None:
        return
    for name in os.listdir(folder):
        if name.endswith(".py"):
            py_compile.compile(os.path.join(folder, name), quiet=2)


if __name__ == "__main__":
    main(os.path.join(sys.argv[1], "woven"))
