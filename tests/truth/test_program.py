import ast
import json
import multiprocessing
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mpdiag.truth import checking, program

SOURCE = Path(checking.__file__).parent
UNIT = 0.02


def run(folder, kind, method):
    for name in checking.FILES:
        shutil.copy(SOURCE / name, folder)
    command = (
        sys.executable,
        "-W",
        "error",
        str(folder / "program.py"),
        kind,
        method,
        str(UNIT),
        str(folder / "truth"),
    )
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)

    assert (done.stdout, done.stderr) == ("", "")
    return json.loads((folder / "truth").read_text())


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
@pytest.mark.parametrize("kind", checking.KINDS)
def test_the_truth_of_a_worker(tmp_path, kind, method):
    worker = run(tmp_path, kind, method)[0]
    buckets = worker["buckets"]
    pools = kind != "process"
    spent = {"cpu", "off_cpu", "pickle", "unpickle"} | ({"initializer", "wait_task"} if pools else {"import", "lock"})

    assert worker["role"] == "worker"
    assert set(buckets) == set(program.WORKER)
    assert all(buckets[name] >= UNIT for name in spent)
    assert all(time >= 0 for time in buckets.values())
    assert sum(buckets.values()) <= worker["life"]
    assert buckets["cpu"] == pytest.approx((4 if pools else 3) * UNIT)
    assert buckets["send"] == buckets["join"] == 0
    assert (buckets["lock"] == 0) == pools


def test_the_truth_of_the_main_process(tmp_path):
    worker, main = run(tmp_path, "process", multiprocessing.get_start_method())

    assert main["role"] == "main"
    assert set(main["buckets"]) == set(program.MAIN)
    assert main["buckets"]["cpu"] == pytest.approx(2 * UNIT)
    assert main["buckets"]["off_cpu"] >= 4 * UNIT
    assert sum(main["buckets"].values()) < main["life"] > worker["life"]


def test_kinds_are_those_of_the_program():
    assert set(checking.KINDS) == set(program.KINDS)


@pytest.mark.parametrize("name", checking.FILES)
def test_what_the_checked_interpreter_runs_is_python_39_and_needs_nothing(name):
    tree = ast.parse((SOURCE / name).read_text(encoding="utf-8"), feature_version=(3, 9))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert {name.partition(".")[0] for name in imported} <= set(sys.stdlib_module_names) | {"slow_import"}
