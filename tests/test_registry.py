"""What holds the collections together: every unit is complete, named by its file and has a test of that name."""

from dataclasses import replace
from pathlib import Path

import pytest

from mpdiag import registry, reports
from mpdiag.advice import Finding
from mpdiag.errors import BadInput

TESTS = Path(__file__).parent


@pytest.mark.parametrize("name", registry.names("probes"))
def test_probe(name):
    probe = registry.probes()[name]

    assert probe.tables
    assert probe.tables[0].name == ""
    assert len({table.name for table in probe.tables}) == len(probe.tables)
    for table in probe.tables:
        assert table.title
        assert len({column.key for column in table.columns}) == len(table.columns)
    assert all([probe.doc.title, probe.doc.why, probe.doc.how, probe.doc.reading])
    assert (TESTS / "probes" / f"test_{name}.py").exists()


@pytest.mark.parametrize("rule", registry.rules().values(), ids=lambda rule: rule.id)
def test_rule(rule):
    stem = rule.name.replace("-", "_")
    doc = rule.doc

    assert rule.id.startswith("MP")
    assert len(rule.id) == 5
    assert all([doc.title, doc.why, doc.how, doc.bad, doc.good, doc.applies, doc.links])
    assert not doc.title.endswith(".")
    tests = (TESTS / "rules" / f"test_{stem}.py").read_text()
    assert "silent" in tests, "a rule's tests prove that it keeps silent, too"


@pytest.mark.parametrize("lint", registry.lints().values(), ids=lambda lint: lint.id)
def test_lint(lint):
    doc = lint.doc

    assert lint.id.startswith("MP")
    assert len(lint.id) == 5
    assert all([doc.title, doc.why, doc.how, doc.bad, doc.good, doc.applies, doc.links])
    assert not doc.title.endswith(".")


@pytest.mark.parametrize("units", registry.mistakes().values(), ids=lambda units: units[0].id)
def test_one_id_is_one_mistake(units):
    assert len({(unit.name, unit.aliases, unit.doc.title) for unit in units}) == 1


def test_lints_that_are_not_on_by_default_are_silent_unless_selected():
    off = {lint.id for lint in registry.lints().values() if not lint.default}
    on = {lint.id for lint in registry.select_lints([], [])}

    assert on == set(registry.lints()) - off
    assert {lint.id for lint in registry.select_lints(["MP106", "called-target"], ["mp113"])} == {"MP106"}
    assert {lint.id for lint in registry.select_lints([], ["MP106"], extended=off)} == set(registry.lints()) - {"MP106"}


def test_a_rule_without_a_lint_may_be_named_to_lint():
    assert registry.select_lints(["MP702", "MP106"], []) == [registry.lints()["MP106"]]


def test_ids_names_and_aliases_are_unique():
    names = registry.rule_names()
    assert len(set(names)) == len(names)
    assert not set(names) & set(registry.probes())


@pytest.mark.parametrize("name", registry.names("renderers"))
def test_renderer(name):
    renderer = registry.renderer(name)
    assert renderer.name == name
    assert (TESTS / "renderers" / f"test_{name}.py").exists()


def test_select_by_prefix_slug_and_alias():
    assert {rule.id for rule in registry.select(["MP101", "spawn-reimport", "heavy-import-spawn"], [])} == {
        "MP101",
        "MP105",
    }
    hundred = {rule.id for rule in registry.select(["mp1"], ["MP101"])}
    assert "MP105" in hundred
    assert "MP101" not in hundred
    assert all(rule_id.startswith("MP1") for rule_id in hundred)


@pytest.mark.parametrize("pattern", ["MP999", "proces-per-task", ""])
def test_an_unknown_rule_is_bad_input(pattern):
    with pytest.raises(BadInput) as caught:
        registry.select([pattern], [])
    assert caught.value.hint


def test_suggests_what_was_meant():
    assert registry.suggest("chanels", ["channels", "polling"]) == "Did you mean channels?"
    assert registry.suggest("zzz", ["channels", "polling"]) == "Known: channels, polling."


def test_an_unknown_format_is_bad_input():
    with pytest.raises(BadInput, match="format"):
        registry.renderer("pdf")


def test_what_stands_behind_findings_is_found_by_their_names():
    report = reports.decode((TESTS / "golden" / "probe.json").read_bytes(), "probe.json")
    strangers = (
        Finding("MP999", "../config", "note", "static", "t", "s", "d"),
        Finding("MP998", "", "note", "static", "t", "s", "d"),
    )

    behind = registry.behind(replace(report, findings=(*report.findings, *strangers)))

    assert {rule_id: rule.id for rule_id, rule in behind.items()} == {each: each for each in behind}
    assert set(behind) == {finding.rule for finding in report.findings}
