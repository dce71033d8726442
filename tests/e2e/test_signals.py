"""Who may end whom: signals that wait, and a host that is alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from mpdiag.signals import uninterrupted

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends signals to itself")


def test_signal_waits_for_what_is_begun():
    done = []

    def interrupted_in_between():
        with uninterrupted():
            os.kill(os.getpid(), signal.SIGINT)
            done.append("the rest")
        done.append("what comes after")

    with pytest.raises(KeyboardInterrupt):
        interrupted_in_between()

    assert done == ["the rest"]


def test_handlers_are_as_before():
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    with uninterrupted():
        inside = [signal.getsignal(number) for number in numbers]

    assert [signal.getsignal(number) for number in numbers] == before
    assert all(one is not other for one, other in zip(inside, before, strict=True))


def test_host_without_mpdiag_takes_away_no_folder_but_its_own(tmp_path):
    """Here it has none: neither the temporary folder nor the current one may suffer."""
    (tmp_path / "precious").touch()
    code = "from mpdiag.host import main; main()"

    ended = subprocess.run(
        [sys.executable, "-c", code],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        cwd=tmp_path,
        start_new_session=True,
        check=False,
    )

    assert ended.returncode != 0
    assert (tmp_path / "precious").exists()
