"""MP418 by system, version and number of CPUs."""

from __future__ import annotations

import pytest

from mpdiag.rules.windows_worker_limit import judge


def facts(workers: int, version: str, platform: str = "win32") -> dict[str, object]:
    return {"platform": platform, "pool_workers": workers, "version": version, "unknown": {}}


def test_before_3_13_the_default_pool_breaks():
    [finding] = judge(facts(61, "3.12.4"))

    assert (finding.rule, finding.level) == ("MP418", "warning")
    assert "a default Pool()" in finding.seen
    assert finding.concern == 61 / 60


def test_from_3_13_only_the_executor_has_a_limit():
    [finding] = judge(facts(128, "3.14.0rc1"))

    assert finding.level == "note"
    assert "Pool()" not in finding.seen
    assert "min(61, os.cpu_count())" in finding.do


@pytest.mark.parametrize("python", [facts(60, "3.12.4"), facts(61, "3.13.0"), facts(128, "3.12.4", "linux")])
def test_silent_within_the_limit_and_elsewhere(python):
    assert list(judge(python)) == []
