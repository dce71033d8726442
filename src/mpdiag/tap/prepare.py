"""Weaves all modules ahead, so that no process of the program has to."""

from __future__ import annotations

import importlib.util
import os
import py_compile
import sys


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


def compile_all(folder: str) -> None:
    """Compile what stands in ``folder`` itself, unless compiled code goes where it would outlive us."""
    if sys.pycache_prefix is not None:
        return
    for name in os.listdir(folder):
        if name.endswith(".py"):
            py_compile.compile(os.path.join(folder, name), quiet=2)


if __name__ == "__main__":
    main(os.path.join(sys.argv[1], "woven"))
