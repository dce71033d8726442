"""A module that takes its time to import: the importer says how much."""

from __future__ import annotations

import os
import time

UNIT = float(os.environ["TRUTH_UNIT"])

time.sleep(UNIT)
_end = time.thread_time() + UNIT / 2
while time.thread_time() < _end:
    pass
