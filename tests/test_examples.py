"""Every example runs under every start method, gives what it says, and is about a rule that exists."""

from __future__ import annotations

import ast
import inspect
import json
import multiprocessing
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mpdiag import registry

FOLDER = Path(__file__).parent.parent / "examples"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
#: What the others share.
HELPER = FOLDER / "compare.py"
EXAMPLES = sorted(path for path in FOLDER.glob("*.py") if path != HELPER)
#: Those that measure their mistake beside its remedy; the others are programs of which one is run at a time.
COMPARED = [path for path in EXAMPLES if "from compare import compare" in path.read_text(encoding="utf-8")]
PROGRAMS = [path for path in EXAMPLES if path not in COMPARED]
#: Its mistake is a wrong result.
DIFFERS = "unlocked_update"


def run(script: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run with every warning an error: a fork beside a thread would be one, a leaked segment another."""
    command = [sys.executable, "-W", "error", script, *options]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


def docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def rule_of(path: Path):
    """The rule of the example's name."""
    return {rule.name.replace("-", "_"): rule for rule in registry.rules().values()}.get(path.stem)


def table_rows() -> dict[str, str]:
    """The lines of the README's table, by the file they link."""
    return {found[1]: found[0] for found in re.finditer(r"^\| \[[^]]+\]\(([^)]+)\) \|.*$", README, re.MULTILINE)}


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
@pytest.mark.parametrize("path", COMPARED, ids=lambda path: path.stem)
def test_an_example_runs_under_every_start_method(path, method):
    done = run(path, "--scale", "0.02", "--start-method", method)

    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"^bad +\d+ ms", done.stdout, re.MULTILINE)
    assert re.search(r"^bad : good +([\d.]+x|-)", done.stdout, re.MULTILINE)
    if path.stem == DIFFERS:
        assert "\ngood: 0 of" in done.stdout
        assert "\nadd_once: 0 of" in done.stdout
    else:
        assert "The results are the same." in done.stdout


@pytest.mark.parametrize(("remedy", "code"), [("return size + 1", 1), ("return size", 0)])
def test_different_results_are_an_error(tmp_path, remedy, code):
    (tmp_path / HELPER.name).write_text(HELPER.read_text(encoding="utf-8"), encoding="utf-8")
    script = tmp_path / "script.py"
    script.write_text(
        "from compare import compare\n"
        "def bad(size):\n    return size\n"
        f"def good(size):\n    {remedy}\n"
        "if __name__ == '__main__':\n    compare(bad, good, size=10)\n"
    )

    done = run(script)

    assert done.returncode == code
    assert ("The results differ." in done.stderr) is bool(code)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_named_like_its_rule_and_says_how_to_ask_for_it(path):
    rule = rule_of(path)
    text = docstring(path)

    assert rule is not None
    assert text.startswith(f"{rule.id} {rule.name}: ")
    asks = rf"probe [a-z_ ]+.* --select {rule.id}" if path in COMPARED else rf"run .*examples/{path.name} bad"
    assert re.search(rf"^Ask: mpdiag {asks}$", text, re.MULTILINE)
    assert re.search(r"^.*answer was.*:\n\n    ", text, re.MULTILINE)
    assert f"Run: python examples/{path.name} " in text
    assert re.search(r"^Mistake: ", text, re.MULTILINE)
    assert re.search(r"^Remedy: ", text, re.MULTILINE)


@pytest.mark.skipif(sys.platform == "win32", reason="observes with the means of POSIX")
@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_mpdiag_says_of_a_program_what_the_program_says(path, tmp_path):
    """Of the mistake its rule, of the remedy not; a hang ends in exit code 4."""
    (ask,) = re.findall(r"^Ask: mpdiag (.*) bad$", docstring(path), re.MULTILINE)
    told = {}
    for way in ("bad", "good"):
        file = tmp_path / f"{way}.json"
        words = [*ask.split(), way]
        words[1:1] = ["--json", str(file)]
        done = subprocess.run(
            [sys.executable, "-m", "mpdiag", *words],
            cwd=FOLDER.parent, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        findings = json.loads(file.read_text(encoding="utf-8"))["findings"]
        told[way] = done.returncode, rule_of(path).id in [finding["rule"] for finding in findings]

    assert told == {"bad": (4 if "--on-hang kill" in ask else 0, True), "good": (0, False)}


@pytest.mark.parametrize("path", COMPARED, ids=lambda path: path.stem)
def test_the_probes_that_an_example_names_exist_and_feed_its_rule(path):
    names = re.search(r"^Ask: mpdiag probe ([a-z_ ]+?) --", docstring(path), re.MULTILINE)[1].split()
    rule = rule_of(path)

    assert set(names) <= set(registry.probes())
    assert set(inspect.signature(rule.judge).parameters) - {"machine", "python"} == set(names)


def test_the_readme_lists_every_example_with_its_rule_and_nothing_else():
    rows = table_rows()

    assert sorted(rows) == [path.name for path in EXAMPLES]
    for path in EXAMPLES:
        assert f"| {rule_of(path).id} |" in rows[path.name]


@pytest.mark.parametrize("path", [HELPER, *EXAMPLES], ids=lambda path: path.stem)
def test_examples_need_the_standard_library_alone(path):
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}

    assert {name.partition(".")[0] for name in names} <= {*sys.stdlib_module_names, "compare"}
