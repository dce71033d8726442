"""MP111 by frozen interpreter and start method."""

from __future__ import annotations

import pytest

from mpdiag.rules.missing_freeze_support import judge


def facts(frozen: bool, default: str, chosen: str | None = None) -> dict[str, object]:
    return {"frozen": frozen, "default_start_method": default, "start_method_set": chosen, "unknown": {}}


@pytest.mark.parametrize("python", [facts(True, "spawn"), facts(True, "forkserver"), facts(True, "fork", "spawn")])
def test_a_frozen_program_that_runs_itself_again(python):
    [finding] = judge(python)

    assert (finding.rule, finding.level) == ("MP111", "warning")
    assert "freeze_support()" in finding.do


@pytest.mark.parametrize("python", [facts(False, "spawn"), facts(True, "fork")])
def test_silent_when_not_frozen_or_forking(python):
    assert list(judge(python)) == []
