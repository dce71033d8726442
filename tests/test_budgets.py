from dataclasses import replace
from pathlib import Path

import pytest

from mpdiag import budgets, errors, options, reports
from mpdiag.errors import BadInput

RUN = reports.decode((Path(__file__).parent / "golden" / "run.json").read_bytes(), "run.json")


def judged(text, report=RUN):
    row = budgets.parse(text).judge(report)
    return row["result"], row["seen"]


@pytest.mark.parametrize(
    ("text", "result", "seen"),
    [
        ("parallel efficiency >= 0.7", "FAIL", "41.0 %"),
        ("parallel efficiency ≥ 40 %", "pass", "41.0 %"),
        ("Load Balance at least 0.79", "pass", "79.0 %"),
        ("load balance > 0.79", "FAIL", "79.0 %"),
        ("wall time <= 8 s", "pass", "7.80 s"),
        ("wall_time < 7800ms", "FAIL", "7.80 s"),
        ("CPU time <= 1 min", "pass", "19.3 s"),
        ("processes <= 5", "FAIL", "6"),
        ("peak RSS <= 400 MiB", "FAIL", "412 MiB"),
        ("peak RSS <= 1 GB", "pass", "412 MiB"),
        ("pickled bytes per task ≤ 1 MB", "FAIL", "16.0 MiB"),
        ("possible gain at most 50%", "pass", "41.0 %"),
        ("unpickling <= 5 %", "FAIL", "8.86 %"),
        ("unpickle <= 4 s", "pass", "3.72 s"),
        ("waiting for a lock <= 0 %", "pass", "0 %"),
        ("not accounted for <= 3 %", "pass", "0.95 %"),
        ("no MP7xx", "pass", "0"),
        ("no MP201", "FAIL", "1"),
        ("MP2xx none", "FAIL", "1"),
        ("warnings <= 9", "pass", None),
        ("no errors", "FAIL", "1"),
        ("findings <= 0", "FAIL", None),
    ],
)
def test_a_budget_passes_or_fails(text, result, seen):
    found, shown = judged(text)

    assert found == result
    assert seen is None or shown == seen


def test_what_a_report_does_not_know_fails_nothing():
    alone = replace(RUN, account=replace(RUN.account, efficiency=None), sections=())

    assert judged("parallel efficiency >= 0.7", alone) == ("not known", None)
    assert judged("peak PSS <= 1 B", alone) == ("not known", None)
    assert judged("wall time <= 1 s", replace(RUN, account=None)) == ("not known", None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("parallel efficiency", "has no limit"),
        ("parallel efficency >= 0.7", "is about nothing that is known"),
        ("peak PSS <= 2 GiBB", "unknown unit 'GiBB'"),
        ("peak PSS <= 2 s", "a limit in s, which is no unit of it"),
        ("wall time <= 10 %", "a limit in %, which is no unit of it"),
        ("", "has no limit"),
        ("no", "has no limit"),
        ("no nonsense", "is about nothing that is known"),
    ],
)
def test_what_is_no_budget_is_told_with_a_hint(text, said):
    with pytest.raises(BadInput, match=said) as raised:
        budgets.parse(text)

    assert raised.value.hint


def table(*texts, report=RUN):
    return budgets.tabled(report, "Budgets", [budgets.parse(text).judge(report) for text in texts])


def test_what_failed_comes_first_and_into_the_verdict():
    bare = replace(RUN, sections=())
    shown = table("no MP7xx", "peak PSS <= 1 GiB", "wall time <= 1 s", "processes <= 2", report=bare)

    assert [row["result"] for row in shown.sections[0].rows] == ["FAIL", "FAIL", "not known", "pass"]
    assert shown.verdict == f"Failed: wall time <= 1 s (seen: 7.80 s) and 1 more. {RUN.verdict}"
    assert table("no MP7xx").verdict == RUN.verdict


def test_a_broken_budget_is_an_exit_code_of_its_own():
    assert options.exit_code(table("wall time <= 1 s"), "never", ()) == errors.FOUND
    assert options.exit_code(table("wall time <= 9 s"), "never", ()) == errors.FINE
    assert options.exit_code(table("wall time <= 9 s"), "warning", RUN.findings) == errors.FOUND
    assert options.exit_code(table("wall time <= 9 s"), "warning", ()) == errors.FINE
