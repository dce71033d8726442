"""A second receiver tells whether a signal went to the group."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no process groups")

#: Asks a witness about a signal that went to the process alone or to its group, and about a later one.
ASKS = """
import os, signal, time
from mpdiag.watch.witness import Witness
for number in (signal.SIGUSR1, signal.SIGUSR2):
    signal.signal(number, lambda *_: None)
witness = Witness([signal.SIGUSR1, signal.SIGUSR2])
os.kill(os.getpid(), signal.SIGUSR1)
print(witness.saw(signal.SIGUSR1, time.monotonic()))
os.killpg(0, signal.SIGUSR1)
print(witness.saw(signal.SIGUSR1, time.monotonic()), witness.saw(signal.SIGUSR2, time.monotonic()))
witness.dismiss()
"""


def test_it_tells_a_signal_to_the_group_from_one_to_us():
    done = subprocess.run(
        [sys.executable, "-c", ASKS], capture_output=True, text=True, check=True, start_new_session=True, timeout=60
    )

    assert done.stdout == "False\nTrue False\n"


def test_it_ends_when_we_are_killed():
    code = (
        "import time; from mpdiag.watch.witness import Witness\n"
        "witness = Witness([15]); print('ready', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True) as process:
        process.stdout.readline()
        process.kill()
        process.wait()
        for _ in range(200):
            try:
                os.killpg(process.pid, 0)
            except ProcessLookupError:
                return
            signal.sigtimedwait([], 0.05)

    pytest.fail("the witness lives on")
