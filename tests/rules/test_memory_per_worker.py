"""MP507 from what workers grew by."""

from __future__ import annotations

import pytest

from mpdiag.advice import NotJudged
from mpdiag.rules.memory_per_worker import RULE

MIB = 2**20
MACHINE = {"logical_cpus": 2}
MEMORY = {"private_load_b": 128 * MIB, "workers": 4, "parent_rss": 20 * MIB, "shm_left": 0}


def test_a_copy_in_each_worker(run, table):
    pools = table("pools", {"id": 1, "threads": False, "init_s": 0.4})
    (finding,) = RULE.run(run(memory_peak=660 * MIB), table("memory", MEMORY), pools, MACHINE)

    assert (finding.rule, finding.level, finding.place.line) == ("MP507", "warning", 7)
    assert finding.gain.ceiling_s == pytest.approx(0.18)  # of 0.4 s on two CPUs, three workers' part
    assert "Each of 4 workers grew by 128 MiB of its own in its initializer or first task (app.py:7)" in finding.seen
    assert "384 MiB could be shared" in finding.seen
    assert finding.concern == pytest.approx(6.0)


def test_without_an_initializer_there_is_no_place(run, table):
    (finding,) = RULE.run(run(), table("memory", MEMORY), table("pools"), MACHINE)

    assert (finding.place, finding.gain) == (None, None)


@pytest.mark.parametrize(
    ("memory", "peak"),
    [
        ({"workers": 1}, None),
        ({"private_load_b": 8 * MIB}, None),
        ({"workers": 2, "private_load_b": 40 * MIB}, None),
        ({}, 4000 * MIB),
    ],
    ids=["one worker", "imports", "little", "a small part"],
)
def test_silent_where_little_could_be_shared(run, table, memory, peak):
    assert list(RULE.run(run(memory_peak=peak), table("memory", {**MEMORY, **memory}), table("pools"), MACHINE)) == []


def test_not_judged_where_memory_is_unknown(run, table):
    with pytest.raises(NotJudged, match="private_load_b"):
        list(RULE.run(run(), table("memory", {**MEMORY, "private_load_b": None}), table("pools"), MACHINE))


def test_it_is_explained():
    doc = RULE.doc

    assert all((doc.title, doc.why, doc.how, doc.claim, doc.bad, doc.good))


def test_workers_for_cpus_that_cannot_be_used_are_another_mistake(run, table):
    known = run(cpus=1.0), table("memory", {**MEMORY, "workers": 4}), table("pools")

    assert list(RULE.run(*known, {"logical_cpus": 4})) == []
    assert len(list(RULE.run(*known, {"logical_cpus": 2}))) == 1
