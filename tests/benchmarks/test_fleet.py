"""A hundred simulated hosts, through the code that takes the answers of real ones."""

import json
import tracemalloc
from dataclasses import asdict

import pytest

import fleet
from mpdiag import registry, reports
from mpdiag.redact import Identity, redact
from mpdiag.report import Style
from mpdiag.stats import measured

HOSTS = 100
SLOW = {f"node-{number:03}" for number in range(3, HOSTS, 20)}
LIMITED = {f"node-{number:03}" for number in range(5, HOSTS, 10)}


def answer():
    machine = {"usable_cpus": 16.0, "usable_workers": 16, "logical_cpus": 16, "affinity_cpus": 16, "cpu_quota": None}
    python = {"version": "3.13.1", "cpu_count": 16, "pool_workers": 16, "default_start_method": "fork"}
    figures = {
        key: asdict(measured([base * (1 + step / 1000) for step in range(8)]))
        for base, key in ((1e-3, "first_line"), (2e-3, "joined"))
    }
    rows = [{"method": method, **figures} for method in ("fork", "spawn", "forkserver")]
    gathered = {"status": "ok", "reason": None, "rows": {"": rows}}
    lines = [{"machine": machine, "python": python}, {"probe": "start_method", "gathered": gathered}]
    return "\n".join(map(json.dumps, [*lines, {"ended": {"why": None, "said": ""}}]))


@pytest.fixture(scope="module")
def report():
    return fleet.fleet(answer(), HOSTS)


def rows(report, name):
    return next(section.rows for section in report.sections if section.id == name)


def test_each_host_is_a_row_and_brings_its_report(report):
    assert len(rows(report, "hosts")) == len(report.hosts) == HOSTS
    assert {one.report.kind for one in report.hosts} == {"probe"}
    assert [one.report.sections[0].id for one in report.hosts] == ["start_method"] * HOSTS


def test_those_that_are_unusual_and_no_others_are_marked(report):
    assert {row["host"] for row in rows(report, "unusual")} == SLOW | LIMITED
    assert {row["host"] for row in rows(report, "hosts")[: len(SLOW | LIMITED)]} == SLOW | LIMITED
    assert {row["host"] for row in rows(report, "hosts") if row["pace"] > 1.8} == SLOW


def test_findings_stand_once_with_how_many_hosts_have_them(report):
    (found,) = (one for one in report.findings if one.rule == "MP701")

    assert found.seen.startswith("10 of 100 hosts (node-005, node-015, node-025 and 7 more): os.cpu_count() says 16 ")
    assert report.verdict.startswith(
        "100 of 100 hosts answered; look at MP701 affinity-ignored; 15 hosts are unusual, most of all node-"
    )


def test_it_is_the_same_when_read_again(report):
    assert reports.decode(reports.encode(report).encode(), "fleet.json") == report


@pytest.mark.parametrize("name", registry.names("renderers"))
def test_no_format_names_a_host(report, name):
    shown = registry.renderer(name).render(redact(report, Identity()), Style(width=100, verbose=True))

    assert shown if name != "github" else True
    assert "node-0" not in shown
    assert "10.0.0." not in shown


def test_memory_for_a_host_does_not_grow_with_the_fleet():
    def peak(count):
        tracemalloc.start()
        fleet.together(answer(), count)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most / count

    peak(2)
    assert peak(HOSTS) < 1.5 * peak(HOSTS // 10)
