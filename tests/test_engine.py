"""Judging and summing up."""

import pytest

from mpdiag import engine
from mpdiag.advice import Finding, NotJudged, Rule
from mpdiag.gathering import Gathering
from mpdiag.launcher import Gathered
from mpdiag.model import Column, Doc, Measured, Probe, Table
from mpdiag.report import Section
from mpdiag.stats import measured

DOC = Doc(title="Title", why="why", how="how")
UNIT = Probe(
    "mpdiag.probes.pipes",
    run=lambda bench: iter(()),
    doc=DOC,
    tables=(Table("", "Pipes", (Column("kind", "kind"), Column("time", "time", "s"))), Table("more", "More", ())),
)


def gathering(*rows, table="", **outcome):
    gathered = Gathered("ok", None, rows={table: list(rows)} if rows else {}, **outcome)
    return Gathering({"usable_cpus": 2}, {"version": "3.13.1"}, {"pipes": gathered})


def rule(judge, rule_id="MP301"):
    return Rule(f"mpdiag.rules.rule_{rule_id.lower()}", rule_id, DOC, judge=judge)


def found(unit, **values):
    return unit.finding(**{"level": "note", "seen": "seen", "do": "do", "concern": 1.0, **values})


# --- judging


def test_a_rule_gets_the_facts_it_names():
    def judge(pipes, machine, python):
        assert (machine["usable_cpus"], python["version"]) == (2, "3.13.1")
        yield found(unit, concern=pipes.number("time", kind="Pipe"))

    unit = rule(judge)
    judged = engine.judge([unit], gathering({"kind": "Pipe", "time": 3.0}), [UNIT])

    assert [finding.concern for finding in judged.findings] == [3.0]
    assert (judged.passed, judged.not_judged) == ([], [])


def test_a_rule_without_findings_passed():
    judged = engine.judge([rule(lambda machine: [])], gathering(), [UNIT])
    assert judged.passed == ["MP301"]


def test_a_missing_fact_leaves_a_rule_unjudged_with_the_reason():
    def needs_row(pipes):
        yield found(unit, concern=pipes.number("time", kind="Queue"))

    unit = rule(needs_row)
    other = rule(lambda channels: [], "MP302")
    judged = engine.judge([unit, other], gathering({"kind": "Pipe", "time": 3.0}), [UNIT])

    assert [(each.rule, each.reason) for each in judged.not_judged] == [
        ("MP301", "pipes did not measure kind Queue"),
        ("MP302", "channels was not measured"),
    ]
    assert judged.passed == []


def test_findings_are_ordered_by_gain_then_level_then_concern():
    unit = rule(list)
    findings = [found(unit, concern=9.0), found(unit, concern=2.0, level="warning"), found(unit, concern=10.0)]

    assert [finding.concern for finding in sorted(findings, key=lambda finding: finding.rank)] == [2.0, 10.0, 9.0]
    assert isinstance(findings[0], Finding)


def test_facts_say_what_was_not_measured():
    from mpdiag.advice import Facts

    facts = Facts("pipes", {"": ({"kind": "Pipe", "time": measured([1.0] * 7), "text": "x"},)})
    assert facts.number("time", kind="Pipe") == 1.0
    with pytest.raises(NotJudged, match="pipes has no text"):
        facts.number("text")
    with pytest.raises(NotJudged, match="pipes has no text for kind Pipe"):
        facts.measured("text", kind="Pipe")


# --- sections and quality


def test_a_probe_that_never_began_is_a_skipped_section():
    (section,) = engine.sections_of(UNIT, None)
    assert (section.id, section.status) == ("pipes", "skipped")


def test_a_failed_probe_is_one_section_with_its_reason():
    (section,) = engine.sections_of(UNIT, Gathered(status="failed", reason="OSError: no"))
    assert (section.status, section.reason, section.rows) == ("failed", "OSError: no", ())


def test_every_table_with_rows_is_a_section():
    gathered = Gathered("ok", None, rows={"": [{"kind": "Pipe"}], "more": [{"x": 1}]}, process={"cpu_user_s": 1.0})
    first, second = engine.sections_of(UNIT, gathered)

    assert (first.id, second.id) == ("pipes", "pipes.more")
    assert first.process
    assert not second.process


def test_noise_and_contention_are_said():
    noisy = {"kind": "Pipe", "time": Measured(1.0, 0.5, 1.5, 7)}
    state = gathering(noisy, process={"others_cpu_fraction": 0.4}, notes=["no room"])
    sections = engine.sections_of(UNIT, state.gathered["pipes"])

    assert [(each.text, each.affects) for each in engine.quality(state, sections)] == [
        ("no room", ("pipes",)),
        ("contended: other programs used up to 40 % of the CPUs", ("pipes",)),
        ("noisy: the interval of time (Pipe) is ±50 %", ("pipes",)),
    ]


def test_figures_without_an_interval_are_called_rough():
    state = gathering({"kind": "Pipe", "time": measured([1.0] * 3)})
    (remark,) = engine.quality(state, engine.sections_of(UNIT, state.gathered["pipes"]))

    assert remark.text.startswith("rough")
    assert remark.affects == ("pipes",)


def test_quiet_measurements_need_no_remark():
    state = gathering({"kind": "Pipe", "time": measured([1.0] * 7)}, process={"others_cpu_fraction": 0.01})
    assert engine.quality(state, engine.sections_of(UNIT, state.gathered["pipes"])) == []


def test_the_noisiest_value_is_named():
    section = Section(
        "pipes",
        "Pipes",
        "ok",
        columns=UNIT.tables[0].columns,
        rows=(
            {"kind": "Pipe", "time": Measured(1.0, 0.9, 1.1, 7)},
            {"kind": "Queue", "time": Measured(1.0, 0.8, 1.2, 7)},
        ),
    )
    assert engine.noisiest(section) == (pytest.approx(0.2), "time (Queue)")
