"""MP704 by default start method."""

from __future__ import annotations

import pytest

from mpdiag.rules.start_method_portability import judge


def facts(default: str, chosen: str | None = None) -> dict[str, object]:
    return {"default_start_method": default, "start_method_set": chosen, "version": "3.12.1", "unknown": {}}


@pytest.mark.parametrize("chosen", [None, "fork"])
def test_fork_by_default_is_worth_a_note(chosen):
    [finding] = judge(facts("fork", chosen))

    assert (finding.rule, finding.level) == ("MP704", "note")
    assert "Python 3.12.1 here is fork" in finding.seen
    assert 'get_context("spawn")' in finding.do


@pytest.mark.parametrize("python", [facts("forkserver"), facts("spawn"), facts("fork", "spawn")])
def test_silent_where_portable_methods_rule(python):
    assert list(judge(python)) == []
