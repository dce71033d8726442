"""Weaves all modules ahead, so that no process of the program has to."""

from __future__ import annotations
import __future__

import ast
import importlib.util
import marshal
import os
import py_compile
import sys

from .layout import PARTS

TYPE_CHECKING = False  # `typing` takes longer to import than all of this
if TYPE_CHECKING:
    from types import CodeType

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
    bundle(os.path.join(folder, f"taps.{sys.hexversion}"))


def bundle(path: str) -> None:
    """Put what most processes need into one file: to look for a module takes longer than to run it."""
    here = os.path.dirname(__file__)
    first = [(name, compact(os.path.join(here, f"{name}.py"))) for name in ("__init__", *STARTING)]
    others = {f"{__package__}.{name}": marshal.dumps(compact(os.path.join(here, f"{name}.py"))) for name in PARTS}
    with open(path, "wb") as file:
        marshal.dump((first, others), file)


def compact(path: str) -> CodeType:
    """The code of a module without docstrings, and with the future it asks for instead of the import of that."""
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    tree.body = [each for each in tree.body if getattr(each, "module", None) != "__future__"]
    code: CodeType = compile(tree, path, "exec", __future__.annotations.compiler_flag, dont_inherit=True, optimize=2)
    return code


def compile_all(folder: str) -> None:
    """Compile what stands in ``folder`` itself, unless compiled code goes where it would outlive us."""
    if sys.pycache_prefix is not None:
        return
    for name in os.listdir(folder):
        if name.endswith(".py"):
            py_compile.compile(os.path.join(folder, name), quiet=2)


if __name__ == "__main__":
    main(os.path.join(sys.argv[1], "woven"))
