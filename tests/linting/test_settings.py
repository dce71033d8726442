import pytest

from mpdiag.errors import BadInput
from mpdiag.linting.settings import Choice, Request, resolve


def choice(own_lints, **wishes):
    return Choice(Request((".",), "/p", "/p", **wishes))


@pytest.mark.parametrize(
    ("wishes", "ids"),
    [
        ({}, {"MP401", "MP601"}),
        ({"select": ("MP6",)}, {"MP601"}),
        ({"extend_select": ("MP999",)}, {"MP401", "MP601", "MP999"}),
        ({"select": ("MP",)}, {"MP401", "MP601", "MP999"}),
        ({"ignore": ("submit-then-wait", "MP701")}, {"MP601"}),
    ],
)
def test_which_lints_are_asked(own_lints, wishes, ids):
    assert {lint.id for lint in choice(own_lints, **wishes).lints} == ids


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({"select": ("MP4O1",)}, "there is no rule 'MP4O1'"),
        ({"select": ("MP701",)}, "no rule is left"),
        ({"per_file_ignores": (("*.py", "nonsense"),)}, "there is no rule 'nonsense'"),
    ],
)
def test_a_name_that_fits_no_rule_is_bad_input(own_lints, wishes, said):
    with pytest.raises(BadInput, match=said):
        choice(own_lints, **wishes)


def test_less_is_asked_of_some_files(own_lints):
    asked = choice(own_lints, per_file_ignores=(("tests/**", "MP4, MP701"), ("/top.py", "MP6"), ("*_a.py", "MP6")))

    judged = {name: asked.judged(name) for name in ("/p/b.py", "/p/tests/x/b.py", "/p/top.py", "/p/tests/c_a.py")}

    assert {name: set(each.ids) for name, each in judged.items()} == {
        "/p/b.py": {"MP401", "MP601"},
        "/p/tests/x/b.py": {"MP601"},
        "/p/top.py": {"MP401"},
        "/p/tests/c_a.py": set(),
    }
    assert [each.whole for each in judged.values()] == [True, False, False, False]


def test_a_comment_may_name_rules_that_only_run_knows(own_lints):
    assert resolve("MP703") == {"MP703"}
    assert resolve("nonsense") == resolve("") == frozenset()
