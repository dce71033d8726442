"""What users name is found and loaded, and each failure of it is one sentence."""

from __future__ import annotations

import sys

import pytest

from mpdiag.sizer import subject
from mpdiag.sizer.subject import Trouble, attempt, load

CODE = """
import itertools
SET = []
def double(number): return 2 * number
def both(number, times=1): return number * times
def nothing(): return None
def numbers(): return [1, 2, 3]
def none(): return []
def no_items(): return 7
def endless(): return itertools.count()
def raising(): raise ValueError("went\\nwrong")
def partly():
    yield 1
    raise KeyError(2)
def prepare(): SET.append(1)
class Thing:
    @staticmethod
    def method(number): return number
pairs = [(1, 2)]
"""


@pytest.fixture(autouse=True)
def sized_app(tmp_path, monkeypatch):
    (tmp_path / "sized_app.py").write_text(CODE)
    (tmp_path / "broken_app.py").write_text("import nothing_of_that_name")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in ("sized_app", "broken_app", "json_"):
        sys.modules.pop(name, None)


def order(target="sized_app:double", items="sized_app:numbers", **more):
    return {"target": target, "items": items, **more}


def test_a_function_and_its_items():
    found = load(order())

    assert found.function(21) == 42
    assert (found.items, found.whole, found.initializer) == ((1, 2, 3), True, None)


def test_a_path_an_attribute_and_a_setup(sized_app):
    found = load(order(f"{sized_app}/sized_app.py:Thing.method", "sized_app:pairs", setup="sized_app:prepare"))

    assert (found.function(1), found.items) == (1, ((1, 2),))
    assert sys.modules["sized_app"].SET == [1]


def test_calls_of_several_arguments():
    found = load(order("sized_app:both", None, calls=[[["ab"], {"times": 2}], [["c"], {}]]))

    assert [found.function(item) for item in found.items] == ["abab", "c"]


def test_without_items_a_function_without_arguments():
    found = load(order("sized_app:nothing", None))

    assert (found.function(found.items[0]), found.whole) == (None, False)


def test_an_endless_iterator_is_taken_from():
    found = load(order(items="sized_app:endless"))

    assert (len(found.items), found.whole) == (subject.MOST_ITEMS, False)


def test_a_slow_iterator_is_left_in_time():
    ticks = iter(range(1000))

    assert len(load(order(items="sized_app:endless"), lambda: float(next(ticks))).items) < 10


def test_items_before_the_error_count():
    assert load(order(items="sized_app:partly")).items == (1,)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (order("nowhere.app:f"), "there is no module 'nowhere.app'"),
        (order("nofile.py:f"), "there is no file nofile.py"),
        (order("broken_app:f"), "importing broken_app raised ModuleNotFoundError: No module named 'nothing_of"),
        (order("sized_app:nope"), "sized_app has no nope"),
        (order("sized_app:pairs"), "sized_app:pairs is no function, but of type list"),
        (order(items="sized_app:none"), "--items sized_app:none gives no items"),
        (order(items="sized_app:no_items"), "--items sized_app:no_items gives an object of type int"),
        (order(items="sized_app:raising"), "--items sized_app:raising raised ValueError: went (sized_app.py:11)"),
        (order(setup="sized_app:raising"), "--setup sized_app:raising raised ValueError: went (sized_app.py:11)"),
        (order(items=None), "cannot be called with what it is given: missing a required argument: 'number'"),
        (order("sized_app:both", None, calls=[[[1, 2, 3], {}]]), "too many positional arguments"),
    ],
)
def test_trouble_is_told_in_a_sentence_with_a_remedy(given, said):
    with pytest.raises(Trouble) as trouble:
        load(given)

    assert said in str(trouble.value)
    assert "\n" not in str(trouble.value)
    assert trouble.value.hint


def test_a_file_that_is_hidden_by_a_module(tmp_path):
    (tmp_path / "json.py").write_text("def f(): ...")

    with pytest.raises(Trouble, match="hidden by another module called json"):
        load(order(f"{tmp_path}/json.py:f", None))


def test_whatever_users_code_raises_is_caught_but_not_what_stops_us():
    def leave():
        raise SystemExit(3)

    def interrupt():
        raise KeyboardInterrupt

    assert attempt(leave)[1].text == "SystemExit: 3"
    with pytest.raises(KeyboardInterrupt):
        attempt(interrupt)
