"""What a cluster's scheduler adds to a task, measured with Dask where it is installed beside mpdiag."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from tempfile import TemporaryDirectory

from mpdiag import stats
from mpdiag.model import Measured

#: Seconds for starting a scheduler and a worker in one process, and handing it tasks: at most, and at least.
DEADLINE, LEAST = 20.0, 5.0
PROGRAM = """
import json, time
from distributed import Client, wait

with Client(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as client:
    costs = []
    for turn in range(9):
        begun = time.perf_counter()
        wait(client.map(int, range(turn * 200, turn * 200 + 200), pure=False))
        costs.append((time.perf_counter() - begun) / 200)
print(json.dumps(costs[1:]))
"""


def task_cost(left_s: float) -> Measured | None:
    """Seconds that Dask's scheduler adds to a task, with one worker on this machine.

    Args:
        left_s: seconds that there are for it; it takes no fewer than `LEAST`.

    Returns:
        The cost; None where Dask is not installed, or was not done in time.
    """
    if importlib.util.find_spec("distributed") is None:
        return None
    deadline = min(DEADLINE, max(LEAST, left_s))
    try:
        with TemporaryDirectory() as folder:  # where it keeps lock files, and would leave them
            environ = {**os.environ, "DASK_TEMPORARY_DIRECTORY": folder}
            command = [sys.executable, "-c", PROGRAM]
            done = subprocess.run(command, capture_output=True, text=True, timeout=deadline, check=True, env=environ)
        return stats.measured(json.loads(done.stdout.splitlines()[-1]))
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None
