"""What others put into their continuous integration: the action, the hooks and the examples of docs/ci.md."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

from mpdiag import budgets, config
from mpdiag.commands import run

ROOT = Path(__file__).parent.parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
DOCS = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
BAD = """\
from concurrent.futures import ProcessPoolExecutor


def main():
    with ProcessPoolExecutor() as pool:
        for number in range(100):
            print(pool.submit(pow, number, 2).result())


if __name__ == "__main__":
    main()
"""
needs_bash = pytest.mark.skipif(os.name == "nt" or not shutil.which("bash"), reason="needs a bash of this system")


def script(name: str) -> str:
    """What a step of the action runs."""
    return next(step["run"] for step in ACTION["runs"]["steps"] if step["name"] == name)


@pytest.fixture
def runner(tmp_path):
    """Runs a script as a step of a job does; gives the process, its outputs and its summary."""
    (tmp_path / "project").mkdir()
    (tmp_path / "temp").mkdir()
    outputs, summary = tmp_path / "outputs", tmp_path / "summary"

    def run(text: str, **env: str) -> tuple[subprocess.CompletedProcess[str], dict[str, str], str]:
        outputs.write_text("")
        summary.write_text("")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", text],
            cwd=tmp_path / "project",
            env={
                **os.environ,
                "RUNNER_TEMP": str(tmp_path / "temp"),
                "GITHUB_OUTPUT": str(outputs),
                "GITHUB_STEP_SUMMARY": str(summary),
                "GITHUB_ACTION_PATH": "/the/action",
                **env,
            },
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        return done, dict(line.split("=", 1) for line in outputs.read_text().splitlines()), summary.read_text("utf-8")

    return run


def lint(runner, paths: str = ".", fail_on: str = "warning"):
    return runner(script("Lint"), PYTHON=sys.executable, PATHS=paths, FAIL_ON=fail_on)


@needs_bash
def test_the_action_annotates_summarises_and_keeps_a_file(runner, tmp_path):
    (tmp_path / "project" / "a b.py").write_text(BAD)
    (tmp_path / "project" / "fine.py").write_text("print(1)\n")

    done, outputs, summary = lint(runner, "fine.py\na b.py\n")

    assert done.returncode == 1, done.stderr
    assert re.match(r"::warning title=mpdiag MP401 submit-then-wait,file=a b\.py,line=7,", done.stdout)
    assert summary.startswith("### mpdiag lint")
    log = json.loads(Path(outputs["sarif"]).read_bytes())
    Draft7Validator(json.loads((ROOT / "tests" / "schemas" / "sarif-2.1.0.json").read_bytes())).validate(log)
    (told,) = log["runs"]
    assert [result["ruleId"] for result in told["results"]] == ["MP401"]


@needs_bash
def test_the_action_passes_when_it_may(runner, tmp_path):
    (tmp_path / "project" / "bad.py").write_text(BAD)

    assert lint(runner, fail_on="never")[0].returncode == 0
    assert lint(runner, fail_on="error")[0].returncode == 0
    assert lint(runner, "", "warning")[0].returncode == 1


@needs_bash
def test_the_action_ends_with_mpdiags_exit_code_and_uploads_nothing_without_a_report(runner):
    done, outputs, _ = lint(runner, "--missing; exit 0")

    assert done.returncode == 2
    assert outputs == {}


@needs_bash
@pytest.mark.parametrize(("version", "asked"), [("0.1.0", "mpdiag==0.1.0"), ("", "/the/action")])
def test_the_action_installs_what_was_asked_for_in_a_place_of_its_own(runner, tmp_path, version, asked):
    """The interpreter it finds is one that makes a folder of another such, which says what it was called with."""
    tools = tmp_path / "tools"
    tools.mkdir()
    fake = tools / "python3"
    fake.write_text('#!/bin/sh\necho "$0" "$@"\n[ "$2" != venv ] || { mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; }\n')
    fake.chmod(0o755)

    done, outputs, _ = runner(
        script("Install mpdiag"), VERSION=version, PATH=f"{tools}{os.pathsep}{os.environ['PATH']}"
    )

    own = tmp_path / "temp" / "mpdiag"
    assert done.stdout.splitlines() == [
        f"{fake} -m venv {own}",
        f"{own}/bin/python -m pip install --quiet --disable-pip-version-check {asked}",
    ]
    assert outputs == {"python": f"{own}/bin/python"}


def test_the_action_names_its_inputs_as_the_docs_do():
    assert re.findall(r"^\| `([a-z-]+)` \|", DOCS, re.MULTILINE) == list(ACTION["inputs"])


def test_actions_of_others_are_pinned():
    used = [step["uses"] for step in ACTION["runs"]["steps"] if "uses" in step]
    used += re.findall(r"uses: ((?!REPOSITORY)\S+)", DOCS)

    assert len(used) == 2
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", each) for each in used)


def test_the_hook_of_the_docs_is_ours():
    examples = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)]
    (hook,) = HOOKS
    remote, local = (each["repos"][0]["hooks"][0] for each in examples if "repos" in each)

    assert remote == {"id": hook["id"]}
    assert local == {
        **{key: hook[key] for key in local if key != "additional_dependencies"},
        "additional_dependencies": local["additional_dependencies"],
    }


@pytest.mark.skipif(not shutil.which("git"), reason="needs git")
@pytest.mark.parametrize("command", re.findall(r"(?:run: |- |\$ )(mpdiag (?:lint|run) .*)", DOCS))
def test_the_commands_of_the_docs_work(tmp_path, command):
    (tmp_path / "app.py").write_text("print('done')\n")
    for kept, name in (("lint", "lint-baseline"), ("run", "main")):
        shutil.copy(ROOT / "tests" / "golden" / f"{kept}.json", tmp_path / f"{name}.json")
    for git in ("init -q -b main", "add app.py", "-c user.name=x -c user.email=x commit -q -m x", "branch origin/main"):
        subprocess.run(["git", *git.split()], cwd=tmp_path, check=True, timeout=60)
    ours = [sys.executable, "-m", *shlex.split(command.replace("$GITHUB_STEP_SUMMARY", "summary.md"))]

    done = subprocess.run(ours, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr


def test_the_budgets_of_the_docs_are_some(tmp_path):
    (block,) = re.findall(r"```toml\n(\[tool\.mpdiag\.budgets\].*?)```", DOCS, re.DOTALL)
    (tmp_path / "pyproject.toml").write_text(block, encoding="utf-8")

    options = config.Options(["run"], lambda _: run.run)
    wanted = config.defaults(config.read(tmp_path / "pyproject.toml"), "run", options)["budgets"]

    assert [budgets.parse(text).sign for text in wanted] == [">=", "<=", "<=", "<="]
