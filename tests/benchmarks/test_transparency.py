import sys

import pytest
from transparency import Ended, Suite, differences, outcomes, parse, row, run, suites

JUNIT = """<testsuites><testsuite>
<testcase name="pkg.Case.test_a" status="run" result="completed" time="0"/>
<testcase name="pkg.Case.test_b"><skipped>not here</skipped></testcase>
<testcase name="pkg.Case.test_c"><failure>no</failure><system-out>words</system-out></testcase>
<testcase classname="pkg.Other" name="test_a"><error>worse</error></testcase>
<testcase name="pkg.Case.twice"/><testcase name="pkg.Case.twice"><error/></testcase>
</testsuite></testsuites>"""
RESULTS = {
    "pkg.Case.test_a": "ok",
    "pkg.Case.test_b": "skipped",
    "pkg.Case.test_c": "failure",
    "pkg.Other.test_a": "error",
    "pkg.Case.twice": "error, ok",
}


def ended(results, code=0):
    return Ended(results, code, 1.0, "the end")


def test_outcomes_of_a_junit_file():
    assert outcomes(JUNIT) == RESULTS


@pytest.mark.parametrize(
    ("under", "said"),
    [
        (ended(RESULTS), []),
        (ended({**RESULTS, "pkg.Case.test_a": "failure"}), ["pkg.Case.test_a: ok bare, failure under mpdiag"]),
        (ended(RESULTS, 2), ["exit 0 bare, 2 under mpdiag, whose output ended:\nthe end"]),
        (ended({**RESULTS, "new": "ok"}), ["new: missing bare, ok under mpdiag"]),
    ],
)
def test_differences(under, said):
    assert list(differences(ended(RESULTS), under)) == said


def test_a_suite_without_results_is_no_agreement():
    assert list(differences(ended({}), ended({}))) == ["no test gave a result; the output ended:\nthe end"]


def test_a_suite_without_a_matching_test_is_one():
    assert list(differences(ended({}, 4), ended({}, 4))) == []


def test_a_line_of_the_table():
    suite = Suite("some", sys.executable, ())

    assert row(suite, ended(RESULTS), ended({"x": "ok"}), ["one"]) == [
        "some",
        "5, 1 error, 1 error, ok, 1 failure, 1 skipped",
        "1 s",
        "1",
        "1 s",
        "1",
    ]


def test_what_is_run(tmp_path):
    asked = ["--tests", "test_a,test_b", "--match", "*Queue*", "--loky", str(tmp_path), sys.executable]
    found = list(suites(parse(asked)))
    version = sys.version.split()[0]

    assert [each.title for each in found] == [f"{name} ({version})" for name in ("test_a", "test_b", "loky")]
    assert found[0].command[:3] == ("-m", "test", "-v")
    assert found[0].command[-4:] == ("test_a", "-m", "*Queue*", "--junit-xml")
    assert (found[2].folder, found[2].command[:2]) == (tmp_path, ("-m", "pytest"))


def test_a_suite_is_run_and_read():
    writes = f"import sys; open(sys.argv[1], 'w').write({JUNIT!r}); print('bye'); sys.exit(4)"
    went = run(Suite("some", sys.executable, ("-c", writes)), (sys.executable,))

    assert (went.results, went.exit, went.tail) == (RESULTS, 4, "bye\n")
