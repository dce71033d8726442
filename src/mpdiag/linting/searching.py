"""Which files are read: those that are named, and the Python files below folders and behind globs, each once."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from mpdiag import config
from mpdiag.errors import BadInput
from mpdiag.linting import reading
from mpdiag.linting.ignoring import Layer, above, ignored, is_foreign, is_tool

#: Endings of the files that are looked for, and of those that are read when they are named.
NOTEBOOK = ".ipynb"
_LOOKED_FOR = (".py", ".pyw", NOTEBOOK)
_NAMED = (*_LOOKED_FOR, ".pyi")
#: The link that Emacs lays beside a file that is being edited leads nowhere.
_EMACS = ".#"
_DANGLING = "a link that leads nowhere"
PROJECT = "pyproject.toml"


class File(NamedTuple):
    """A file to read."""

    path: str
    #: What the report calls it: relative to the working directory where it lies below, and with slashes.
    name: str
    #: Its path without links.
    real: str
    #: The pyproject.toml nearest to it.
    project: str | None

    @property
    def is_notebook(self) -> bool:
        """Whether its code stands in cells."""
        return self.name.endswith(NOTEBOOK)


class Passed(NamedTuple):
    """Something that is not read though the user may expect it, and why."""

    name: str
    reason: str


class _Folder(NamedTuple):
    """A folder to search, with what holds for it."""

    path: str
    name: str
    real: str
    layers: tuple[Layer, ...]
    project: str | None
    #: Named by the user: whatever it is called and holds, it is searched.
    named: bool = False

    def inner(self, entry: os.DirEntry[str]) -> _Folder:
        """The folder ``entry`` in this one."""
        name = f"{self.name}/{entry.name}" if self.name else entry.name
        return _Folder(entry.path, name, f"{self.real}{os.sep}{entry.name}", self.layers, self.project)


class Search:
    """Looks for files and notes what it passes over.

    Args:
        excluded: patterns of the user; they hold for what is named, too.
    """

    def __init__(self, excluded: Layer | None = None) -> None:
        self.passed: list[Passed] = []
        #: How many files or folders were left out for ``excluded``.
        self.left_out = 0
        self._excluded = excluded
        self._cwd = os.path.realpath(".")
        self._seen: set[str] = set()
        self._links: list[tuple[os.DirEntry[str], _Folder]] = []

    def files(self, names: Iterable[str]) -> Iterator[File]:
        """The files that ``names`` (of files, folders, or globs) stand for; links to files last, so that those win.

        Raises:
            BadInput: there is nothing of such a name.
        """
        for name in names:
            if os.path.lexists(name):
                yield from self._named(name)
            elif glob.has_magic(name):
                yield from self._behind(name)
            else:
                raise BadInput(
                    f"{name}: no such file or folder", "Give files, folders, globs, or - for standard input."
                )
        for link, folder in self._links:
            yield from self._linked(link, folder)

    def _named(self, path: str) -> Iterator[File]:
        real = os.path.realpath(path)
        mode = reading.mode(path)
        if stat.S_ISDIR(mode):
            if not self.is_excluded(real + os.sep):
                yield from self._below(self._start(path, real))
        elif self.is_excluded(real):
            return
        elif not stat.S_ISREG(mode):
            self.passed.append(Passed(self.shown(path), reading.no_file(mode) if mode else _DANGLING))
        elif not path.endswith(_NAMED) and not reading.is_script(path):
            self.passed.append(Passed(self.shown(path), "no Python file, by its name or its first line"))
        elif self._is_new(real):
            yield File(path, self.shown(path), real, nearest_project(str(Path(real).parent)))

    def _behind(self, pattern: str) -> Iterator[File]:
        """The files that a glob fits, or that lie in a folder it fits."""
        parts = Path(pattern).parts
        first = next(place for place, part in enumerate(parts) if glob.has_magic(part))
        folder = str(Path(*parts[:first]))
        start = self._start(folder, os.path.realpath(folder))
        wanted = Layer.of(start.real, ["/" + "/".join(parts[first:])])
        found = False
        for file in self._below(start) if stat.S_ISDIR(reading.mode(folder)) else ():
            if wanted.verdict(file.real):
                found = True
                yield file
        if not found:
            raise BadInput(f"{pattern}: there is no Python file that it fits")

    def _start(self, path: str, real: str) -> _Folder:
        """A folder that is named."""
        return _Folder(path, self.shown(path), real, above(real), nearest_project(real), named=True)

    def _below(self, start: _Folder) -> Iterator[File]:
        """The Python files in ``start`` and in the folders below: a folder's own first, all in the order of names."""
        folders = [start]
        while folders:
            folder = folders.pop()
            if folder.real == self._cwd:
                folder = folder._replace(name="")
            entries = self._entries(folder)
            names = {entry.name for entry in entries}
            if not folder.named and is_foreign(folder.real.rpartition(os.sep)[2], names):
                continue
            folder = _with_own(folder, names)
            inner = []
            for entry in entries:
                if _is_folder(entry):
                    if not is_tool(entry.name):
                        inner.append(folder.inner(entry))
                elif entry.name.endswith(_LOOKED_FOR) and (file := self._found(entry, folder)):
                    yield file
            folders += [each for each in reversed(inner) if self._wanted(each.real + os.sep, each.layers)]

    def _entries(self, folder: _Folder) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder.path) as listing:
                return sorted(listing, key=attrgetter("name"))
        except OSError as error:
            self.passed.append(Passed(folder.name or ".", f"cannot be read: {error.strerror}"))
            return []

    def _found(self, entry: os.DirEntry[str], folder: _Folder) -> File | None:
        """The file of an entry, if it is to be read; a link is put off until all else has been found."""
        if entry.is_symlink():
            if not entry.name.startswith(_EMACS):
                self._links.append((entry, folder))
            return None
        real = f"{folder.real}{os.sep}{entry.name}"
        if not self._wanted(real, folder.layers) or not self._is_new(real):
            return None
        name = f"{folder.name}/{entry.name}" if folder.name else entry.name
        if not entry.is_file(follow_symlinks=False):
            self.passed.append(Passed(name, reading.no_file(reading.mode(entry.path))))
            return None
        return File(entry.path, name, real, folder.project)

    def _linked(self, entry: os.DirEntry[str], folder: _Folder) -> Iterator[File]:
        """The file that a link leads to."""
        name = f"{folder.name}/{entry.name}" if folder.name else entry.name
        if not self._wanted(f"{folder.real}{os.sep}{entry.name}", folder.layers):
            return
        real = os.path.realpath(entry.path)
        mode = reading.mode(real)
        if not mode:
            self.passed.append(Passed(name, _DANGLING))
        elif stat.S_ISREG(mode) and self._is_new(real):
            yield File(entry.path, name, real, folder.project)

    def _wanted(self, real: str, layers: tuple[Layer, ...]) -> bool:
        """Whether neither the user's patterns nor a .gitignore leave it out."""
        return not self.is_excluded(real) and not (layers and ignored(real, layers))

    def is_excluded(self, real: str) -> bool:
        """Whether the user's patterns leave out the file, or the folder with a separator at its end, at ``real``."""
        if self._excluded is None or not self._excluded.verdict(real):
            return False
        self.left_out += 1
        return True

    def _is_new(self, real: str) -> bool:
        known = len(self._seen)
        self._seen.add(real)
        return len(self._seen) > known

    def shown(self, path: str) -> str:
        """What the report calls ``path``; nothing, for the working directory."""
        whole = os.path.normpath(Path(self._cwd, path))
        if whole == self._cwd:
            return ""
        above = self._cwd.rstrip(os.sep) + os.sep
        return (whole[len(above) :] if whole.startswith(above) else path).replace(os.sep, "/")


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether ``entry`` is a folder and no link to one; where that cannot be seen, reading it will say why."""
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _with_own(folder: _Folder, names: Collection[str]) -> _Folder:
    """``folder`` with the .gitignore and the pyproject.toml that it holds itself."""
    if ".gitignore" in names and (layer := Layer.read(folder.real)):
        folder = folder._replace(layers=(*folder.layers, layer))
    if PROJECT in names:
        folder = folder._replace(project=f"{folder.real}{os.sep}{PROJECT}")
    return folder


@cache
def nearest_project(folder: str) -> str | None:
    """The pyproject.toml in ``folder`` or the nearest folder above it."""
    found = config.find(Path(folder))
    return str(found) if found else None
