import pytest

from mpdiag.advice import Facts
from mpdiag.report import Style
from mpdiag.text.layout import lay_out, needed
from mpdiag.watch.pages import sections, short_names, where
from mpdiag.watch.views import VIEWS


def made(wall=10.0, **tables):
    facts = {name: Facts(name, {"": tuple(rows)}) for name, rows in {"run": [{"wall_s": wall}], **tables}.items()}
    return {section.id: section for section in sections(facts)}


def site(kind, s, **more):
    return {"kind": kind, "role": "main", "count": 3, "s": s, "file": "/a/app.py", "line": 7, "function": "f", **more}


def test_without_facts_there_is_no_section():
    assert sections({}) == ()
    assert made() == {}


def test_the_weightiest_site_comes_first_in_peoples_words():
    found = made(sites=[site("send", 1.0), site("wait_task", 4.0), site("task", 9.0), site("gpu", 2.0)])["sites"]

    assert [row["doing"] for row in found.rows] == ["waiting for a task", "gpu", "sending"]
    assert [row["where"] for row in found.rows] == ["app.py:7"] * 3


def test_rows_keep_every_fact():
    row = site("send", 1.0, thread="feeder", anything=5)

    assert made(sites=[row])["sites"].rows[0].items() >= row.items()


def test_a_column_of_which_nothing_is_known_is_left_out():
    columns = made(sites=[site("send", 1.0, bytes=None, max_s=0.5)])["sites"].columns

    assert "max_s" in [column.key for column in columns]
    assert "bytes" not in [column.key for column in columns]


def test_what_the_library_made_for_itself_is_detail():
    queue = {"id": 1, "type": "Queue", "gets": 5, "get_wait_s": 4.0, "file": "/a/app.py", "line": 1, "user": True}

    found = made(channels=[queue, {**queue, "id": 2, "user": False}])

    assert [row["id"] for row in found["channels"].rows] == [1]
    assert [row["id"] for row in found["channels.library"].rows] == [2]
    assert (found["channels"].detail, found["channels.library"].detail) == (False, True)


@pytest.mark.parametrize(("waited", "detail"), [(0.09, True), (0.11, False)])
def test_waits_below_a_hundredth_of_the_run_are_detail(waited, detail):
    lock = {"id": 1, "type": "Lock", "contended": 5, "wait_s": waited, "file": "/a/app.py", "line": 1}

    assert made(locks=[lock])["locks"].detail is detail


def test_quotients_are_unknown_where_nothing_was_counted():
    calls = {"type": "dict", "method": "update", "s": 2.0, "file": "/a/app.py", "line": 1}

    rows = made(managers=[{**calls, "ops": 4}, {**calls, "ops": 0}])["managers"].rows
    assert [row["each"] for row in rows] == [0.5, None]


def test_lines_that_take_next_to_no_cpu_time_are_not_hot():
    line = {"target": "work", "samples": 9, "file": "/a/app.py"}
    burns, waits = {**line, "line": 3, "s": 0.9, "part": 0.9}, {**line, "line": 7, "s": 0.01, "part": 0.01}

    assert [row["line"] for row in made(hot=[waits, {**waits, "part": None}, burns])["hot"].rows] == [3]


def test_short_names_tell_files_apart():
    files = [
        "/p/app.py",
        "/p/shop/__init__.py",
        "/p/log/__init__.py",
        "/p/a/x.py",
        "/p/b/x.py",
        "rel.py",
        "__main__.py",
    ]

    assert short_names(files) == {
        "/p/app.py": "app.py",
        "/p/shop/__init__.py": "shop/__init__.py",
        "/p/log/__init__.py": "log/__init__.py",
        "/p/a/x.py": "a/x.py",
        "/p/b/x.py": "b/x.py",
        "rel.py": "rel.py",
        "__main__.py": "__main__.py",
    }
    assert short_names(["<string>", ""]) == {"<string>": "<string>", "": "."}


def test_a_place_may_be_unknown():
    assert where({"file": None, "line": None}, {}) is None
    assert where({"file": "a.py", "line": None}, {}) == "a.py"


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.id)
def test_every_table_fits_80_columns_in_full_figures(view):
    row = {column.key: 123.456 if column.unit else "app.py:1234" for column in view.columns}
    kind = {
        "kind": "send",
        "contended": 1,
        "part": 1.0,
        "user": not view.id.endswith(".library"),
        "file": "app.py",
        "line": 1234,
    }
    section = made(**{view.table: [{**row, **kind}]})[view.id]

    assert needed(lay_out(section, Style(width=80))) <= 80


def test_messages_of_a_channel_are_those_sent_where_nobody_saw_them_taken():
    text = ("id", "type", "user", "puts", "gets")
    rows = [
        dict(zip(text, ("a", "Queue", False, 24, 0), strict=True)),
        dict(zip(text, ("b", "Queue", False, 0, 2), strict=True)),
    ]

    found = [row for section in made(channels=rows).values() for row in section.rows]

    assert [row["messages"] for row in found] == [24, 2]
