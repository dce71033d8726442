"""Under which start methods code breaks, and how grave that is for what it has to run on."""

from __future__ import annotations

import pytest

from mpdiag.source import FRESH, Risk, Source, Target
from mpdiag.source.target import risk

FORK = frozenset({"fork"})
OLD = Target(versions=((3, 9), (3, 13)))
NEW = Target(versions=((3, 14), (3, 15)))
LINUX = Target(versions=((3, 9), (3, 13)), systems=("Linux",))


@pytest.mark.parametrize(
    ("method", "breaks", "target", "expected"),
    [
        ("spawn", FRESH, Target(), Risk("error", "under spawn")),
        ("fork", FRESH, Target(), None),
        ("?", FRESH, Target(), Risk("warning", "under spawn and forkserver")),
        (
            None,
            FRESH,
            Target(),
            Risk(
                "error",
                "under spawn and forkserver, the default on macOS and Windows and on Linux from Python 3.14 on",
            ),
        ),
        (None, FRESH, OLD, Risk("warning", "under spawn and forkserver, the default on macOS and Windows")),
        (None, FRESH, NEW, Risk("error", "under spawn and forkserver, the default on macOS and Windows and Linux")),
        (None, FRESH, LINUX, None),
        (None, FORK, Target(), Risk("warning", "under fork, the default on Linux before Python 3.14")),
        (None, FORK, LINUX, Risk("error", "under fork, the default on Linux")),
        (None, FORK, NEW, None),
    ],
)
def test_risk(method, breaks, target, expected):
    assert risk(method, breaks, target) == expected


@pytest.mark.parametrize(
    ("code", "target", "method"),
    [
        ("mp.Pool()", Target(), None),
        ("mp.Pool()", Target(start_method="spawn"), "spawn"),
        ("mp.set_start_method('fork')", Target(start_method="spawn"), "fork"),
        ("if __name__ == '__main__':\n    mp.set_start_method('fork')", Target(), "fork"),
        ("mp.set_start_method(wanted)", Target(), "?"),
        ("mp.set_start_method('fork')\nmp.set_start_method('spawn')", Target(), "?"),
        ("if sys.platform == 'darwin':\n    mp.set_start_method('fork')", Target(), "?"),
        ("settings.set_start_method('fork')", Target(), None),
    ],
)
def test_the_start_method_of_a_file(code, target, method):
    source = Source.parse(f"import multiprocessing as mp\nimport sys\n{code}\n".encode(), "app.py", target)

    assert source.start_method == method
