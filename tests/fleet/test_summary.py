"""Many reports as one, on reports made for it."""

import pytest

from mpdiag.advice import Evidence, Finding
from mpdiag.fleet import summary
from mpdiag.report import Quality, Report, Tool, Unjudged, Visited


def finding(rule="MP701", level="warning", seen="quota 2 CPUs, 16 visible", concern=8.0):
    return Finding(rule, "affinity-ignored", level, "measured", "Title", seen, "do", concern=concern)


def report(*findings, cpus=16.0, passed=(), not_judged=(), quality=()):
    machine, python = {"usable_cpus": cpus, "usable_memory": 2**36}, {"version": "3.13.1"}
    return Report(
        "mpdiag.report/1", "doctor", Tool("mpdiag", "0"), "2026-01-01T00:00:00Z", 1.0, (), machine, python, "",
        findings=findings, passed=passed, not_judged=not_judged, quality=quality,
    )  # fmt: skip


def fleet(*reports):
    return [
        Visited(f"h{number}", f"10.0.0.{number}", "ok", None, 1.0, each)
        if each
        else Visited(f"h{number}", f"10.0.0.{number}", "timeout", "busy", 60.0)
        for number, each in enumerate(reports, 1)
    ]


def table(whole, name):
    return next((section.rows for section in whole.sections if section.id == name), ())


def test_a_row_for_each_host_those_without_an_answer_first():
    whole = summary.summary(fleet(report(finding()), None, report()))

    assert [(row["host"], row["state"], row["cpus"], row["findings"]) for row in table(whole, "hosts")] == [
        ("h2", "timeout: busy", None, None),
        ("h1", "ok", 16.0, "MP701"),
        ("h3", "ok", 16.0, None),
    ]


def test_what_several_hosts_have_is_one_finding():
    whole = summary.summary(fleet(*[report(finding(), cpus=2.0)] * 7, *[report()] * 33))

    (one,) = whole.findings
    assert one.seen == "7 of 40 hosts (h1, h2, h3 and 4 more): quota 2 CPUs, 16 visible"
    assert one.evidence == (Evidence("hosts", 7, "1"), Evidence("of hosts that answered", 40, "1"))


def test_the_words_of_the_host_that_is_worst_off_stand_for_all():
    few, many = finding(seen="2 of 4", concern=2.0), finding(seen="2 of 64", concern=32.0)

    (one,) = summary.summary(fleet(report(few), report(many))).findings

    assert (one.seen, one.concern) == ("all 2 hosts (most of all h2): 2 of 64", 32.0)


def test_levels_are_kept_apart():
    whole = summary.summary(fleet(report(finding(level="note")), report(finding(level="error"))))

    assert [one.level for one in whole.findings] == ["error", "note"]


def test_a_rule_has_passed_where_no_host_is_at_fault_and_is_not_judged_where_none_could():
    missing = (Unjudged("MP702", "no /dev/shm"), Unjudged("MP703", "no limits"))
    whole = summary.summary(
        fleet(report(finding(), passed=("MP704",)), report(passed=("MP701", "MP702", "MP704"), not_judged=missing))
    )

    assert whole.passed == ("MP702", "MP704")
    assert whole.not_judged == (Unjudged("MP703", "no limits"),)


def test_the_unusual_host_comes_with_what_is_usual():
    whole = summary.summary(fleet(*[report()] * 5, report(cpus=2.0)))

    assert table(whole, "unusual") == (
        {"host": "h6", "what": "usable CPUs", "here": "2", "usual": "16", "times": 0.125},
    )
    assert table(whole, "hosts")[0]["host"] == "h6"
    (row,) = (row for row in table(whole, "figures") if row["what"] == "usable CPUs")
    assert (row["usual"], row["least"], row["most"], row["unusual"]) == ("16", "2", "16", "h6")


def test_remarks_that_begin_alike_are_one():
    loud = [report(quality=(Quality(f"contended: other programs used up to {share} %"),)) for share in (20, 30)]

    assert summary.summary(fleet(*loud, report())).quality == (
        Quality("2 of 3 hosts (h1, h2): contended: other programs used up to 20 %"),
    )


@pytest.mark.parametrize("count", [0, 1])
def test_hardly_anybody_there(count):
    whole = summary.summary(fleet(*[report()] * count))

    assert (len(table(whole, "hosts")), table(whole, "unusual"), whole.findings) == (count, (), ())
