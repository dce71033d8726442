import json

import pytest

from mpdiag.fleet import answers
from mpdiag.model import Measured

FACTS = {"machine": {"usable_cpus": 2}, "python": {"version": "3.13.1"}}
GATHERED = {
    "status": "ok",
    "reason": None,
    "rows": {"": [{"kind": "Pipe", "time": {"median": 1.5, "low": None, "high": None, "n": 2, "samples": [1.0, 2.0]}}]},
}
END = {"ended": {"why": None, "said": ""}}


def text(*messages):
    return "\n".join(map(json.dumps, messages))


def test_facts_and_rows_are_what_they_were():
    gathering, trouble = answers.read(text(FACTS, {"probe": "channels", "gathered": GATHERED}, END))

    assert trouble == ""
    assert (gathering.machine, gathering.python) == (FACTS["machine"], FACTS["python"])
    assert gathering.gathered["channels"].rows[""] == [
        {"kind": "Pipe", "time": Measured(1.5, None, None, 2, (1.0, 2.0))}
    ]


@pytest.mark.parametrize(
    ("last", "trouble"),
    [
        ({"ended": {"why": "not done by its deadline"}}, "not done by its deadline"),
        ({"ended": {"said": "No module named 'psutil'"}}, "its process failed: No module named 'psutil'"),
        ({}, "its answer was cut off"),
    ],
)
def test_what_came_before_the_trouble_is_kept(last, trouble):
    gathering, told = answers.read(text(FACTS, last))

    assert told == trouble
    assert gathering.python == FACTS["python"]


@pytest.mark.parametrize("line", ["\x80", "[]", '{"machine": 3}', '{"gathered": {"rows": [1]}}', "[" * 100_000])
def test_anything_else_is_no_answer(line):
    assert answers.read(line)[1] == "its answer could not be read"
