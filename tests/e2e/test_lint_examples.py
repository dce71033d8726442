"""The examples of every lint are run: the good one works under each start method, the bad one ends as its text says.

A file of cases begins with ``# outcome: …``: what comes of the bad example under each start method (``fork=works
spawn=hangs forkserver=hangs``), or of both examples as they choose by themselves (``own=fails``).

``works``: it ends well and writes what the good one writes. ``differs``: it ends well and writes something else.
``fails``: it ends with an error. ``hangs``: it does not end.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from mpdiag import registry

CASES = Path(__file__).parent.parent / "lints" / "cases"
#: Runs a script as the main module, under a start method; in the module that children's classes are looked up in.
RUNNER = """
import multiprocessing, sys
if sys.argv[1] != "own":
    multiprocessing.set_start_method(sys.argv[1])
__file__, sys.argv = sys.argv[2], sys.argv[2:]
exec(compile(open(__file__).read(), __file__, "exec"))
"""
#: Whether this Python looks at what context a lock comes from before it passes it on.
CHECKS_CONTEXTS = hasattr(multiprocessing.Lock(), "_is_fork_ctx")
#: Seconds in which a program ends that does, and after which one hangs that is said to.
LONG, SHORT = 60.0, 4.0


@dataclass
class End:
    """How a program ended, if it did."""

    status: int | None
    out: str
    err: str

    def outcome(self, good: End) -> str:
        if self.status is None:
            return "hangs"
        if self.status or "Error" in self.err:
            return "fails"
        return "works" if sorted(self.out) == sorted(good.out) else "differs"  # lines of children may be interleaved


def claims() -> list[tuple[str, str, str]]:
    """The lints, with each start method and what comes of the bad example under it."""
    found = []
    for path in sorted(CASES.glob("*.py")):
        said = re.match(r"# outcome: (.+)\n", path.read_text(encoding="utf-8"))
        assert said, f"{path} does not begin with `# outcome: …`"
        found += [(path.stem, *pair.split("=")) for pair in said[1].split()]
    return found


def test_every_lint_says_what_comes_of_its_example_under_every_start_method():
    said: dict[str, list[str]] = {}
    for stem, method, outcome in claims():
        assert outcome in ("works", "differs", "fails", "hangs")
        said.setdefault(stem, []).append(method)

    assert sorted(said) == sorted(lint.name.replace("-", "_") for lint in registry.lints().values())
    assert all(methods in (["fork", "spawn", "forkserver"], ["own"]) for methods in said.values())


@pytest.mark.parametrize(("stem", "method", "outcome"), claims())
def test_outcome(stem, method, outcome, tmp_path):
    if method not in ("own", *multiprocessing.get_all_start_methods()):
        pytest.skip(f"{method} does not exist here")
    if stem == "context_mismatch" and not CHECKS_CONTEXTS:
        pytest.skip("this Python does not check the context of a lock")
    doc = next(lint.doc for lint in registry.lints().values() if lint.name.replace("-", "_") == stem)

    good = run(doc.good, method, tmp_path, LONG)
    assert good.outcome(good) == "works", good
    bad = run(doc.bad, method, tmp_path, SHORT if outcome == "hangs" else LONG)
    assert bad.outcome(good) == outcome, bad


def run(code: str, method: str, folder: Path, limit: float) -> End:
    script = folder / "example.py"
    script.write_text(code, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-c", RUNNER, method, script],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A pool that is terminated takes along what workers print, and a fork server that is killed leaves its folder.
        env={**os.environ, "PYTHONUNBUFFERED": "1", "TMPDIR": str(folder)},
    ) as process:
        try:
            out, err = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            end(process)
            return End(None, *process.communicate())
        return End(process.returncode, out, err)


def end(process: subprocess.Popen) -> None:
    """End a program with all its children; the resource tracker is left to clean up behind them."""
    os.killpg(process.pid, signal.SIGTERM)
    for _ in range(100):
        time.sleep(0.05)
        process.poll()  # or its remains would count as alive
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return
    os.killpg(process.pid, signal.SIGKILL)
