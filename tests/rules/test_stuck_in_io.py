"""MP618 from threads that wait in the kernel, where no signal reaches them."""

from __future__ import annotations

import pytest

from mpdiag.rules.stuck_in_io import RULE

LOOK = [{"apart_s": 0.7}]
MAIN = {"pid": 1, "process": "main", "main": True, "kind": "outside", "api": "read", "ran_s": 0.0}


def test_a_disk_that_does_not_answer(standing):
    row = {**MAIN, "doing": "read", "deep": True, "target": "descriptor 7 (/mnt/nfs/scan.tif)"}
    (finding,) = standing(RULE, waits=[row], look=LOOK)

    assert (finding.rule, finding.level, finding.place.line) == ("MP618", "warning", 7)
    assert "main waits in read() at app.py:7 in an I/O call" in finding.seen
    assert "of descriptor 7 (/mnt/nfs/scan.tif): what is behind it has not answered for 700 ms" in finding.seen


@pytest.mark.parametrize(("doing", "deep"), [("read", False), ("unknown", True), ("child", True)])
def test_silent_about_other_waits(standing, doing, deep):
    assert standing(RULE, waits=[{**MAIN, "doing": doing, "deep": deep}], look=LOOK) == []
