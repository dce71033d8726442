"""Runs programs under the taps, and without them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree

import pytest

from mpdiag.watch import books, folder
from mpdiag.watch.lives import Run, lives

VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.15")
DEADLINE = 60
PREPARE = "import sys; sys.path.insert(0, sys.argv[1]); from mpdiag_tap import prepare; prepare.main(sys.argv[2])"


@dataclass(frozen=True)
class Done:
    """A program that has ended."""

    code: int
    out: str
    err: str
    books: tuple[books.Book, ...] = ()


class Tapped:
    """A private folder for one observed program.

    Args:
        python: the interpreter.
    """

    def __init__(self, python: str = sys.executable) -> None:
        self.python = python
        self.folder = folder.make_folder()
        self.environ = folder.outside(os.environ)

    def patch(self, module: str, text: str) -> None:
        """Add ``text`` to the copy of a module of the tap."""
        with (self.folder / folder.SITE / "mpdiag_tap" / f"{module}.py").open("a", encoding="utf-8") as file:
            file.write(f"\n\n{text}\n")

    def run(self, *command: str, tapped: bool = True, through: Sequence[str] = ()) -> Done:
        """Run ``python command`` with the taps or without."""
        environ = folder.environment(self.folder, self.environ) if tapped else self.environ
        done = subprocess.run(
            [*through, self.python, *command],
            env=environ,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr, books.read(self.folder / folder.LEDGERS))


@pytest.fixture
def tapped() -> Iterator[Callable[..., Tapped]]:
    """``tapped(python)``: a new private folder, removed afterwards."""
    made: list[Tapped] = []

    def make(python: str = sys.executable) -> Tapped:
        made.append(Tapped(python))
        return made[-1]

    yield make
    for each in made:
        rmtree(each.folder, ignore_errors=True)


def interpreter(version: str) -> str | None:
    """An interpreter of that version, if one is here."""
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return sys.executable
    pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    opt = sorted(Path("/opt").glob(f"cpython-{version}/bin/python3"))
    return next((str(path) for path in (*pyenv, *opt)), None)


@pytest.fixture(params=VERSIONS)
def python(request: pytest.FixtureRequest) -> str:
    """Each interpreter that is here."""
    found = interpreter(request.param)
    if found is None:
        pytest.skip(f"no Python {request.param} here")
    return found


@pytest.fixture
def prepared(tapped, python):
    """A private folder that the interpreter has prepared, however long that takes."""
    here = tapped(python)
    folders = [str(here.folder / name) for name in (folder.SITE, folder.WOVEN)]
    subprocess.run([python, "-c", PREPARE, *folders], check=True, timeout=60)
    return here


@pytest.fixture
def observed(tapped, tmp_path):
    """``observed(text, *arguments)``: the lives of the processes of a program."""

    def observe(text, *arguments, code=0):
        script = tmp_path / "app.py"
        script.write_text("import multiprocessing as mp, sys\n" + text)
        done = tapped().run(str(script), *arguments)
        assert done.code == code, done.err
        main = min(done.books, key=lambda book: book.began_s)
        ended = max(book.ended_s or book.began_s for book in done.books) + 1
        return lives(Run(main.pid, main.began_s, ended, done.code, 2.0, done.books))

    return observe
