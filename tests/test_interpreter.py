"""Facts of the interpreter, asked of this one and compared with what the library really does."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

from mpdiag import interpreter


def test_facts_are_ready_for_json_and_nulls_are_explained():
    facts = interpreter.facts()

    assert json.loads(json.dumps(facts)) == facts
    assert all(facts[key] is None and reason for key, reason in facts["unknown"].items())
    assert facts["version"] == ".".join(map(str, sys.version_info[:3])) or sys.version_info.releaselevel != "final"
    assert facts["executable"] == sys.executable
    assert "native_pools" not in interpreter.facts(blas=False)


def test_default_sizes_are_what_the_library_picks():
    facts = interpreter.facts(blas=False)
    with ThreadPoolExecutor() as threads, ProcessPoolExecutor() as processes, multiprocessing.Pool() as pool:
        picked = {
            "thread_workers": threads._max_workers,
            "executor_workers": processes._max_workers,
            "pool_workers": pool._processes,
        }

    assert {key: facts[key] for key in picked} == picked


def test_asking_fixes_no_start_method_and_starts_nothing():
    code = (
        "import multiprocessing as m; from multiprocessing import resource_tracker as r;"
        "from mpdiag import interpreter;"
        "f = interpreter.facts(blas=False); assert r._resource_tracker._fd is None; m.set_start_method('spawn');"
        "print(f['start_method_set'], f['default_start_method'], interpreter.facts(blas=False)['start_method_set'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["None", multiprocessing.get_all_start_methods()[0], "spawn"]


@pytest.mark.skipif(sys.version_info < (3, 13), reason="PYTHON_CPU_COUNT is new in 3.13")
def test_an_overridden_cpu_count_is_said():
    code = (
        "from mpdiag import interpreter; f = interpreter.facts(blas=False);"
        "print(f['cpu_count_overridden'], f['pool_workers'])"
    )
    done = subprocess.run([sys.executable, "-X", "cpu_count=3", "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["True", "3"]


@pytest.mark.skipif(hasattr(os, "process_cpu_count"), reason="is new in Python 3.13")
def test_what_this_version_lacks_has_a_reason():
    assert "3.13" in interpreter.facts(blas=False)["unknown"]["process_cpu_count"]


def test_reasons_hold_no_paths():
    def ask() -> None:
        Path("/home/somebody/secret").read_text()

    facts = interpreter.gather({"fact": ask, "other": lambda: 1})

    assert facts == {"fact": None, "other": 1, "unknown": {"fact": "No such file or directory"}}


def test_native_libraries_are_found_in_the_memory_map(tmp_path):
    maps = tmp_path / "maps"
    maps.write_text(
        "7f00-7f01 r-xp 00000000 fe:00 7    /site-packages/numpy.libs/libscipy_openblas64_-56d6093b.so\n"
        "7f02-7f03 r-xp 00000000 fe:00 8    /usr/lib/libgomp.so.1.0.0\n"
        "7f04-7f05 r-xp 00000000 fe:00 9    /usr/lib/openblas-docs/libc.so.6\n"
        "7f06-7f07 rw-p 00000000 00:00 0 \n"
    )

    assert interpreter._mapped_pools(maps) == ["libgomp", "openblas"]


def test_native_pools_of_numpy():
    pytest.importorskip("numpy")
    pytest.importorskip("threadpoolctl")
    pools = interpreter.native_pools()

    assert pools
    assert all(pool["threads"] >= 1 and pool["library"] for pool in pools)


@pytest.mark.skipif(sys.platform != "linux", reason="semaphores are files under a limit only there")
def test_refused_semaphores_are_seen():
    code = (
        "import resource; from mpdiag import interpreter; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0));"
        "print(interpreter.facts(blas=False)['semaphores_work'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
