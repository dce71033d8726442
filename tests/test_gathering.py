"""Planning; gathering itself is tested end to end."""

import pytest

from mpdiag import gathering
from mpdiag.errors import BadInput
from mpdiag.model import Doc, Probe, Table

DOC = Doc(title="Title", why="why", how="how")
UNIT = Probe("mpdiag.probes.pipes", run=lambda bench: iter(()), doc=DOC, tables=(Table("", "Pipes", ()),))
FACTS = gathering.Gathering({"usable_cpus": 2}, {"version": "3.13.1"})


def test_probes_keep_the_reports_order():
    assert [unit.name for unit in gathering.pick_probes(["start_method"])] == ["start_method"]
    orders = [unit.order for unit in gathering.pick_probes([])]
    assert orders == sorted(orders)


def test_an_unknown_probe_is_bad_input():
    with pytest.raises(BadInput) as caught:
        gathering.pick_probes(["start_metod"])
    assert caught.value.hint == "Did you mean start_method?"


def test_the_budget_given_is_the_budget():
    assert gathering.total_budget(gathering.Request(budget_s=3.0), [UNIT]) == 3.0


def test_the_time_left_is_shared_by_weight():
    heavy = Probe("mpdiag.probes.heavy", UNIT.run, DOC, UNIT.tables, weight=3.0)
    units = [UNIT, heavy]
    first = gathering.plan_for(UNIT, units, 10.0, gathering.Request(), FACTS)
    second = gathering.plan_for(heavy, units, 10.0, gathering.Request(), FACTS)

    assert second.budget_s == pytest.approx(3 * first.budget_s)
    assert first.budget_s + second.budget_s < 10.0
    assert first.cpus >= 1


def test_no_time_left_is_no_negative_budget():
    plan = gathering.plan_for(UNIT, [UNIT], -5.0, gathering.Request(), FACTS)
    assert plan.budget_s == 0.0
    assert plan.profile_s == 0.0
    assert plan.deadline_s > 0
