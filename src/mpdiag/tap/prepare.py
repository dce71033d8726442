"""Weaves all modules ahead, so that no process of the program has to."""

from __future__ import annotations

import importlib.util
import os
import sys


def main(folder: str) -> None:
    """Fill the cache in ``folder`` for this interpreter, and compile the tap itself."""
    from . import finder

    os.makedirs(folder, mode=0o700, exist_ok=True)
    for name in sorted(finder.WOVEN):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin:
            finder.woven_code(name, spec.origin, folder)


if __name__ == "__main__":
    main(os.path.join(sys.argv[1], "woven"))
