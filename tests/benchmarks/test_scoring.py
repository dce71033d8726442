import sys
from pathlib import Path

import pytest
from cases import VARIANTS, Case, Run, bare, load, missing
from scoring import Observed, causes, line, score, summary

CORPUS = Path(__file__).parent.parent / "corpus"


def finding(rule, level="warning", gain=None):
    given = None if gain is None else {"ceiling_s": gain, "ceiling_fraction": 0.5, "basis": "all of it"}
    return {"rule": rule, "name": f"name-of-{rule}", "level": level, "gain": given}


def reported(*findings, wall=2.2, report_wall=2.1, code=0, result="result: 1", remainder=0.01):
    account = {"wall_s": report_wall, "unaccounted_fraction": remainder}
    return Run(wall, code, result, {"findings": list(findings), "account": account})


def plain(wall=2.0, code=0, result="result: 1"):
    return Run(wall, code, result)


def case(expect="slow", variants=("bad", "fixed")):
    return Case(Path("somewhere/17-thing"), "tiny-tasks", expect, variants=variants)


def observed(**variants):
    """Pairs of runs, bare and under, by variant."""
    return Observed({n: [p[0]] for n, p in variants.items()}, {n: [p[1]] for n, p in variants.items()})


def table(scores, title):
    rows = next(rows for name, rows in summary(scores) if name.startswith(title))
    return {row[0]: row[1] for row in rows}


def test_a_cause_named_first_with_an_honest_gain():
    bad = reported(finding("MP402", gain=1.8), finding("MP301", "note"))
    result = score(case(), observed(bad=(plain(2.0), bad), fixed=(plain(0.5), reported())), {"MP402"})

    assert (result.rank, result.first) == ([1], ["name-of-MP402"])
    assert (result.saving_s, result.ceiling_s) == (1.5, 1.8)
    assert (result.alarms, result.lingers, result.changed) == ([[]], [False], [])
    assert result.program == [2.1 / 2.0, 2.1 / 0.5]
    assert table([result], "Causes")["first"] == "1/1"
    assert table([result], "Gain") == {
        "a ceiling was given": "1/1",
        "saving ≤ ceiling": "1/1",
        "ceiling ≤ 1.5 × saving": "1/1",
    }


@pytest.mark.parametrize(
    ("ceiling", "honest", "useful"), [(1.4, "0/1", "1/1"), (2.0, "1/1", "1/1"), (3.0, "1/1", "0/1")]
)
def test_ceilings_that_promise_too_little_or_too_much(ceiling, honest, useful):
    bad = reported(finding("MP402", gain=ceiling))
    result = score(case(), observed(bad=(plain(2.0), bad), fixed=(plain(0.5), reported())), {"MP402"})
    gain = table([result], "Gain")

    assert (gain["saving ≤ ceiling"], gain["ceiling ≤ 1.5 × saving"]) == (honest, useful)


def test_a_saving_lies_between_the_medians_of_bare_runs():
    walls = {"bad": (2.0, 9.0, 2.2), "fixed": (0.5, 0.7, 0.1)}
    bare = {name: [plain(wall) for wall in each] for name, each in walls.items()}
    under = {"bad": [reported(finding("MP402", gain=1.8), report_wall=2.2)], "fixed": [reported(report_wall=1.0)]}
    result = score(case(), Observed(bare, under), {"MP402"})

    assert result.saving_s == pytest.approx(1.7)
    assert (result.rank, result.program) == ([1], [1.0, 2.0])


def test_another_cause_first_counts_at_its_rank():
    bad = reported(finding("MP301"), finding("MP402"))
    result = score(case(variants=("bad",)), observed(bad=(plain(), bad)), {"MP402"})

    assert result.rank == [2]
    assert table([result], "Causes")["first"] == "0/1"
    assert table([result], "Causes")["at any rank"] == "1/1"


def test_a_run_without_report_names_nothing():
    result = score(case(variants=("bad",)), observed(bad=(plain(), plain())), {"MP402"})
    causes_named = table([result], "Causes")

    assert result.silent == ["bad"]
    assert (causes_named["first"], causes_named["at any rank"]) == ("0/1", "0/1")
    assert table([result], "Running")["no report"] == "1/1"


def test_crashes_are_told_apart():
    bad = reported(finding("MP402"), code=1, result=None)
    result = score(case("crash", ("bad",)), observed(bad=(plain(code=1, result=None), bad)), {"MP402"})

    assert result.changed == []
    assert table([result], "Causes")["first"] == "0/0"
    assert table([result], "Causes")["crashes: first"] == "1/1"


def test_notes_are_no_alarm_but_a_cause_that_stays_is_seen():
    fixed = reported(finding("MP402", "note"))
    result = score(case(variants=("fixed",)), observed(fixed=(plain(), fixed)), {"MP402"})

    assert (result.alarms, result.lingers) == ([[]], [True])


def test_an_alarm_on_a_healthy_program():
    healthy = reported(finding("MP402"))
    result = score(case("healthy", ("healthy",)), observed(healthy=(plain(), healthy)), set())

    assert table([result], "Silence")["alarms on healthy.py"] == "1/1"
    assert "FALSE ALARM name-of-MP402" in line(result)


@pytest.mark.parametrize(
    ("pair", "changed"),
    [
        ((plain(), reported(code=3)), ["bad: exit 0 bare, 3 under"]),
        ((plain(code=-9), reported(code=137)), []),
        ((plain(code=None, result=None), reported(code=None, result=None)), []),
        ((plain(), reported(code=None)), ["bad: exit 0 bare, None under"]),
        ((plain(), reported(result="result: 2")), ["bad: result: 1 bare, result: 2 under"]),
    ],
)
def test_outcomes_are_compared(pair, changed):
    assert score(case(variants=("bad",)), observed(bad=pair), {"MP402"}).changed == changed


def test_wrong_results_may_differ_from_run_to_run():
    pair = (plain(), reported(result="result: 2"))

    assert score(case("wrong-result", ("bad",)), observed(bad=pair), {"MP402"}).changed == []


def test_a_large_remainder_is_counted():
    runs = observed(bad=(plain(), reported(remainder=0.05)), fixed=(plain(), reported(remainder=0.03)))

    result = score(case(), runs, {"MP402"})

    assert table([result], "Running")["remainder above 3 %"] == "1/2"
    assert "UNACCOUNTED 0.050" in line(result)


def test_causes_are_found_by_slug_and_alias():
    assert causes("tiny-tasks") == causes("tiny-tasks-chunksize") == {"MP402"}
    assert causes("no-such-thing") == set()


def test_a_cause_without_rule_is_told():
    result = score(case(variants=("bad",)), observed(bad=(plain(), reported())), set())

    assert "no rule goes by this name" in line(result)


def test_the_corpus_is_complete():
    loaded = load(CORPUS)
    told = (CORPUS / "causes.toml").read_text(encoding="utf-8")

    assert len(loaded) == 95
    assert all(f"[{each.cause}]" in told for each in loaded)
    assert {each.variants for each in loaded} == {("bad", "fixed"), ("bad", "fixed", "decoy"), ("healthy",)}
    assert set(VARIANTS) == {name for each in loaded for name in each.variants}


def test_cases_are_chosen_by_the_beginning_of_their_names():
    assert [each.name for each in load(CORPUS, ["61", "02-inv"])] == ["02-invoice-render", "61-log-collector"]


def test_a_package_that_no_interpreter_has(tmp_path):
    wanting = Case(tmp_path, "tiny-tasks", "slow", requires=("json", "no_such_package_at_all"))

    assert missing(wanting, sys.executable) == ["no_such_package_at_all"]


def test_a_program_is_run_where_it_lives(tmp_path):
    (tmp_path / "bad.py").write_text(
        "import sys, os\nprint('result:', *sys.argv, os.path.exists('bad.py'))\nsys.exit(5)"
    )
    ran = bare(Case(tmp_path, "tiny-tasks", "slow", args=("--deep",)), "bad", sys.executable, 0.5)

    assert (ran.exit, ran.result) == (5, "result: bad.py --deep --scale 0.5 True")


def test_a_program_that_never_ends_is_ended(tmp_path):
    (tmp_path / "bad.py").write_text("print('result: 1', flush=True)\nimport time\ntime.sleep(60)")
    ran = bare(Case(tmp_path, "tiny-tasks", "slow", timeout_s=0.7), "bad", sys.executable, 1)

    assert (ran.exit, ran.result) == (None, "result: 1")
