"""The shape of the source tree: what linters cannot say of it."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mpdiag import launcher
from mpdiag.fleet import parcel

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "mpdiag"
FUNCTION_LINES = 50
FILE_LINES = 350

CONFIG = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
#: Runs inside the measured interpreter, whatever its version and whatever is installed there.
MEASURED = sorted(
    path for name in re.findall(r'^"(src/.+)" = "py39"$', CONFIG, re.MULTILINE) for path in ROOT.glob(name)
)
#: Every spawned child imports these.
BARE = [PACKAGE / name for name in ("__init__.py", "work.py", "rigs/__init__.py", "rigs/consumer.py")]
#: Modules that Python 3.9 lacks.
YOUNG = {"annotationlib", "compression", "tomllib"}
#: What a measured interpreter may have; imported in the function that needs it.
OPTIONAL = {"numpy"}
#: Those of them that look at machines and processes: on a host of a cluster they find the psutil of its engine.
LOOKING = {
    f"src/mpdiag/{name}.py"
    for name in ("launcher", "machine/__init__", "machine/leftovers", "machine/surroundings", "vitals")
}
#: Keyword arguments that Python 3.9 lacks, by the function that takes them.
YOUNG_KEYWORDS = {"zip": {"strict"}, "dataclass": {"kw_only", "slots"}}
#: The error boundary, where the failure of a unit or of the user's function becomes a row, and where ours must not
#: become the program's.
BOUNDARIES = {"cli.py", "engine.py", "examining.py", "host.py", "observing.py", "subject.py"}
#: Pieced together, or this file would hold what it forbids.
MACHINE_PATHS = re.compile("|".join(rf"(?<![\w.~-])/{folder}/" for folder in ("work", "root")) + rf"|\.\./{'shared'}\b")


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(node: ast.AST) -> list[str]:
    """The modules that an import statement names."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return ["mpdiag" if node.level else node.module or ""]
    return []


def executed(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that importing a module runs; ``if TYPE_CHECKING:`` and the main guard do not run."""
    for statement in body:
        if isinstance(statement, ast.If) and ast.unparse(statement.test).startswith(("TYPE_CHECKING", "__name__ ==")):
            yield from executed(statement.orelse)
            continue
        yield statement
        if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for field in ("body", "orelse", "finalbody"):
                yield from executed(getattr(statement, field, []))
            for handler in getattr(statement, "handlers", []):
                yield from executed(handler.body)


def foreign_imports(tree: ast.Module) -> list[str]:
    """Imports of what a bare Python 3.9 lacks."""
    at_import = {name for statement in executed(tree.body) for name in imported(statement)}
    names = {name for node in ast.walk(tree) for name in imported(node)}
    home = {"mpdiag", "mpdiag_tap", "sitecustomize"} | set(sys.stdlib_module_names) - YOUNG
    return sorted(
        name for name in names if name.partition(".")[0] not in home | (OPTIONAL if name not in at_import else set())
    )


def young_keywords(tree: ast.Module) -> list[str]:
    """Calls with keyword arguments that Python 3.9 lacks."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [
        f"{ast.unparse(call.func)}({keyword.arg}=)"
        for call in calls
        for keyword in call.keywords
        if keyword.arg in YOUNG_KEYWORDS.get(ast.unparse(call.func).rpartition(".")[2], ())
    ]


def broad_excepts(tree: ast.Module) -> list[int]:
    """The lines of handlers that swallow every exception; one that raises it again swallows nothing."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or {"Exception", "BaseException"} & set(re.findall(r"\w+", ast.unparse(node.type))))
        and not (isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None)
    ]


def long_functions(tree: ast.Module) -> list[str]:
    functions = (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return [node.name for node in functions if (node.end_lineno or 0) - node.lineno >= FUNCTION_LINES]


def of_every_file(check: Callable[[ast.Module], list[object]], paths: list[Path]) -> dict[str, list[object]]:
    """What ``check`` finds, by file."""
    found = {relative(path): check(tree_of(path)) for path in paths}
    return {name: offences for name, offences in found.items() if offences}


@pytest.mark.parametrize("path", MEASURED, ids=relative)
def test_measured_code_is_python_39(path):
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))

    assert young_keywords(tree_of(path)) == []


def test_everything_sent_to_a_measured_interpreter_is_held_to_its_limits():
    sent = {PACKAGE / name for name in launcher.STAGED}
    sent |= {PACKAGE / name for name in (*parcel.MODULES, "fleet/errand.py")}
    sent |= {path for folder in (*parcel.FOLDERS, "tap") for path in (PACKAGE / folder).rglob("*.py")}

    assert sent == {PACKAGE / "__init__.py", PACKAGE / "fleet/__init__.py", *MEASURED}


def test_measured_code_needs_the_standard_library_alone():
    foreign = of_every_file(foreign_imports, MEASURED)

    assert {name for name in foreign if foreign[name] == ["psutil"]} == foreign.keys() == LOOKING


@pytest.mark.parametrize("path", BARE, ids=relative)
def test_children_pay_for_no_import(path):
    modules = [name for statement in executed(tree_of(path).body) for name in imported(statement)]

    assert set(modules) <= {"__future__"}


def test_functions_are_short():
    assert of_every_file(long_functions, sources()) == {}


def test_files_are_short():
    lines = {relative(path): path.read_text(encoding="utf-8").splitlines() for path in sources()}
    counts = {
        name: sum(not line.strip().startswith("#") and bool(line.strip()) for line in lines[name]) for name in lines
    }

    assert {name: count for name, count in counts.items() if count > FILE_LINES} == {}


def test_errors_are_caught_by_name():
    assert (
        of_every_file(
            broad_excepts, [path for path in sources() if path.name not in BOUNDARIES and path.parent.name != "tap"]
        )
        == {}
    )


@pytest.mark.parametrize("folder", ["probes", "rules", "renderers"])
def test_every_unit_has_its_test(folder):
    units = {path.stem for path in (PACKAGE / folder).glob("[a-z]*.py")}
    tests = {path.stem.removeprefix("test_") for path in (ROOT / "tests" / folder).glob("test_*.py")}

    assert units - tests == set()


def test_every_lint_has_its_cases():
    lints = {path.stem for path in (PACKAGE / "lints").glob("[a-z]*.py")}

    assert lints == {path.stem for path in (ROOT / "tests" / "lints" / "cases").glob("*.py")}


@pytest.mark.skipif(not (ROOT / ".git").exists() or not shutil.which("git"), reason="needs the list of tracked files")
def test_no_tracked_file_names_a_machine_path():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    tracked = [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    found = {
        f"{relative(path)}:{number}"
        for path in tracked
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if MACHINE_PATHS.search(line)
    }

    assert tracked
    assert found == set()


@pytest.mark.parametrize(
    ("check", "bad", "good"),
    [
        (foreign_imports, "import rich", "import json"),
        (foreign_imports, "import numpy", "def run():\n    import numpy"),
        (foreign_imports, "def run():\n    from psutil import Process", "from mpdiag.model import Doc"),
        (foreign_imports, "import tomllib", "from . import model"),
        (young_keywords, "zip(a, b, strict=True)", "zip(a, b)"),
        (young_keywords, "@dataclasses.dataclass(slots=True)\nclass A: ...", "@dataclass(frozen=True)\nclass A: ..."),
        (broad_excepts, "try: f()\nexcept: g()", "try: f()\nexcept OSError: g()"),
        (
            broad_excepts,
            "try: f()\nexcept (OSError, Exception): g()",
            "try: f()\nexcept BaseException:\n    g()\n    raise",
        ),
        (long_functions, "def f():\n" + "    g()\n" * 50, "def f():\n" + "    g()\n" * 49),
    ],
)
def test_each_check_sees_what_it_forbids(check, bad, good):
    assert check(ast.parse(bad))
    assert not check(ast.parse(good))
