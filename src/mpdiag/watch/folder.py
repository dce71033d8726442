"""The private folder of an observed run: what the program loads, and where its taps write."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mpdiag.errors import CannotWork

PACKAGE = Path(__file__).parents[1]
#: The code that observed programs load; copied, so that they see nothing else of mpdiag.
TAP = PACKAGE / "tap"
#: Names in the private folder: the start of the program's PYTHONPATH, code woven ahead, what the taps write.
SITE, WOVEN, LEDGERS = "site", "woven", "ledgers"
#: Made when the program is to be profiled: where its processes write their profiles.
PROFILES = "profiles"
#: Where further ledgers go when those in memory are many.
MORE = "more"
#: A file system in memory, and the bytes that have to be free there for ledgers to be put into it.
MEMORY, ROOMY = Path("/dev/shm"), 1 << 30  # noqa: S108 - only to make a private folder there
#: By these a user chooses where temporary files go.
CHOSEN = ("TMPDIR", "TEMP", "TMP")
#: What the environment calls the private folder.
VARIABLE = "MPDIAG_TAP"
#: Seconds that an interpreter has to tell of itself and to weave ahead.
DEADLINE = 10.0
#: Where the code lies that asks the interpreter, out of the program's sight.
FACTS = "facts"
#: Run by the interpreter before the program: it tells its facts, then weaves what the program may import.
#: It does so in a folder of ours, as the user's, which would stand on the path, may hold a queue.py.
PREPARE = """\
import sys
sys.path.insert(0, sys.argv[1] + "/facts")
import json, interpreter
sys.stdout.write(json.dumps(interpreter.facts(blas=False)))
sys.stdout.close()
sys.path[0] = sys.argv[1] + "/site"
from mpdiag_tap import prepare
prepare.main(sys.argv[1] + "/woven")
"""


def make_folder() -> Path:
    """A new folder that is the user's alone, with what the program will load.

    Raises:
        CannotWork: there is no room for it.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="mpdiag-"))
    except OSError as error:
        raise no_folder(error) from error
    try:
        stage(folder)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise no_folder(error) from error
    return folder


def no_folder(error: OSError) -> CannotWork:
    """The complaint that nothing can be written down."""
    return CannotWork(
        f"no private folder for the taps: {error.strerror or error}",
        "Point TMPDIR to a folder with free space.",
    )


def stage(folder: Path) -> None:
    """Lay out ``folder``: the taps and where they write."""
    package = folder / SITE / "mpdiag_tap"
    for path in (package, folder / WOVEN, folder / LEDGERS):
        path.mkdir(parents=True)
    (folder / FACTS).mkdir()
    shutil.copy2(PACKAGE / "interpreter.py", folder / FACTS)
    for source in TAP.glob("*.py"):
        shutil.copy2(source, folder / SITE if source.stem == "sitecustomize" else package)


def remove(folder: Path) -> None:
    """Take a private folder away, and the one in memory that it may have."""
    ledgers = folder / LEDGERS
    if ledgers.is_symlink():
        shutil.rmtree(ledgers.resolve(), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def into_memory(folder: Path, memory: Path = MEMORY, environ: Mapping[str, str] = os.environ) -> None:
    """Have the first ledgers of ``folder`` written into memory, if there is room for it.

    On a disk, a process takes longer to make one.

    Args:
        folder: the private folder.
        memory: a file system in memory.
        environ: where a user may have chosen another place.
    """
    made: list[Path] = []
    try:
        room = os.statvfs(memory)
        if any(name in environ for name in CHOSEN) or room.f_bavail * room.f_frsize < ROOMY:
            return
        made.append(Path(tempfile.mkdtemp(prefix="mpdiag-", dir=memory)))
        (folder / MORE).mkdir()
        (folder / "link").symlink_to(made[0])
    except (OSError, AttributeError):  # there is none, no such question, or no room left
        for place in made:
            place.rmdir()
        return
    (folder / LEDGERS).rmdir()
    (folder / "link").rename(folder / LEDGERS)


def environment(folder: Path, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """``environ`` for a program that is observed from ``folder``."""
    around = outside(environ)
    path = os.pathsep.join(filter(None, (str(folder / SITE), around.get("PYTHONPATH"))))
    return {**around, "PYTHONPATH": path, VARIABLE: str(folder)}


def outside(environ: Mapping[str, str]) -> dict[str, str]:
    """``environ`` without the observation that this process may itself be under."""
    around = dict(environ)
    if coerced(around):
        del around["LC_CTYPE"]
    outer = around.pop(VARIABLE, None)
    if outer and "PYTHONPATH" in around:
        path = [entry for entry in around["PYTHONPATH"].split(os.pathsep) if entry != str(Path(outer, SITE))]
        around["PYTHONPATH"] = os.pathsep.join(path)
    return around


def coerced(environ: Mapping[str, str]) -> bool:
    """Whether LC_CTYPE is there because our own Python found no locale and set one, as the program's will."""
    if "LC_CTYPE" not in environ or "LC_ALL" in environ:
        return False
    try:
        given = Path("/proc/self/environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return not any(entry.startswith(b"LC_CTYPE=") for entry in given)


def prepare(folder: Path, python: str, meanwhile: Callable[[], object] = lambda: None) -> dict[str, Any]:
    """Weave ahead what ``python`` may import; what fails here costs the program time, no more.

    Args:
        folder: the private folder.
        python: the path of the interpreter.
        meanwhile: what we have to do ourselves; the interpreter works at the same time.

    Returns:
        The facts of the interpreter; none when it does not tell them.
    """
    environ = outside(os.environ)
    environ.pop("PYTHONDONTWRITEBYTECODE", None)  # the program shall not have to compile the taps
    try:
        process = subprocess.Popen(
            [python, "-c", PREPARE, str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environ,
            cwd=folder / FACTS,
        )
    except OSError:
        return {}
    with process:
        try:
            meanwhile()
            facts: dict[str, Any] = json.loads(process.communicate(timeout=DEADLINE)[0])
        except (ValueError, subprocess.TimeoutExpired):
            facts = {}
        finally:
            process.kill()  # it has ended, unless it took too long or we are interrupted
    return facts
