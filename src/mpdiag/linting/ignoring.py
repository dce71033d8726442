"""Which files are not looked at: patterns as git reads them, from .gitignore and from the user."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

#: Folders of tools: what they hold was made by a program or belongs to somebody else.
_TOOLS = frozenset(
    {".git", ".hg", ".svn", ".bzr", ".jj", ".venv", ".direnv", ".eggs", ".nox", ".tox", ".pants.d", ".pyenv"}
    | {
        ".ipynb_checkpoints",
        ".mypy_cache",
        ".pytest_cache",
        ".pytype",
        ".ruff_cache",
        ".hypothesis",
        ".idea",
        ".vscode",
    }
    | {"__pycache__", "__pypackages__", "node_modules"}
)
#: Likewise, but a package may be called so too.
_UNLESS_PACKAGES = frozenset({"venv", "build", "dist", "_build", "buck-out"})
#: They show that a folder is an environment, whatever it is called.
_ENVIRONMENTS = ("pyvenv.cfg", "conda-meta")


@dataclass(frozen=True)
class Layer:
    """Patterns, and the folder (its real path) that they are relative to."""

    base: str
    spec: GitIgnoreSpec

    @classmethod
    def of(cls, base: str, lines: Iterable[str]) -> Layer:
        """The patterns of ``lines``; those that mean nothing are passed over, as git does."""
        from pathspec import GitIgnoreSpec

        usable = []
        for line in lines:
            try:
                GitIgnoreSpec.from_lines([line])
            except ValueError:
                continue
            usable.append(line)
        return cls(base.rstrip(os.sep), GitIgnoreSpec.from_lines(usable))

    @classmethod
    def read(cls, folder: str) -> Layer | None:
        """The .gitignore of ``folder``, if there is one that can be read."""
        try:
            text = Path(folder, ".gitignore").read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return None
        return cls.of(folder, text.splitlines())

    def verdict(self, path: str) -> bool | None:
        """Whether the patterns take in ``path`` (real; a folder ends in a separator); None when none fits."""
        within = path[len(self.base) + 1 :] if path.startswith(self.base + os.sep) else path.lstrip(os.sep)
        return self.spec.check_file(within).include


def ignored(path: str, layers: Sequence[Layer]) -> bool:
    """Whether ``path`` is ignored: the innermost .gitignore that has an opinion decides."""
    return next((verdict for layer in reversed(layers) if (verdict := layer.verdict(path)) is not None), False)


def above(folder: str) -> tuple[Layer, ...]:
    """The .gitignore files of the folders above ``folder``, from the root of its git repository on.

    There are none outside a repository, nor for a folder that is ignored itself: whoever names it wants it read.
    """
    upwards = [folder, *map(str, Path(folder).parents)]
    root = next((place for place, each in enumerate(upwards) if os.path.lexists(f"{each}{os.sep}.git")), 0)
    layers: list[Layer] = []
    for inner, outer in reversed(list(pairwise(upwards[: root + 1]))):
        if layer := Layer.read(outer):
            layers.append(layer)
        if ignored(inner + os.sep, layers):
            return ()
    return tuple(layers)


def is_tool(name: str) -> bool:
    """Whether a folder of this name is passed over, whatever it holds."""
    return name in _TOOLS


def is_foreign(name: str, inside: Collection[str]) -> bool:
    """Whether a folder called ``name`` that holds ``inside`` is an environment, or was built."""
    return any(mark in inside for mark in _ENVIRONMENTS) or (name in _UNLESS_PACKAGES and "__init__.py" not in inside)
