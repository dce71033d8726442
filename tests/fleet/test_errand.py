"""What runs in a worker: real processes, of programs that a test wrote."""

import io
import json
import sys
import tempfile
import threading
import time
import zipfile

import pytest

from mpdiag.fleet import errand, parcel


def packed(program):
    filled = io.BytesIO()
    with zipfile.ZipFile(filled, "w") as made:
        made.writestr("main.py", program)
    return filled.getvalue()


def run(program, deadline_s=60.0, most_bytes=10_000, token="test"):
    told = errand.run(f"{token}-{tempfile.mktemp()[-8:]}", packed(program), "asked", deadline_s, most_bytes)
    *lines, last = told.splitlines()
    return lines, json.loads(last)["ended"]


@pytest.fixture(autouse=True)
def own_folder(monkeypatch, tmp_path):
    """Nothing may be left in it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield
    assert list(tmp_path.iterdir()) == []


def test_what_it_says_comes_back_and_how_it_ended():
    assert run("import sys; print(sys.stdin.readline().strip()); print('more')") == (
        ["asked", "more"],
        {"why": None, "said": ""},
    )


def test_it_runs_in_its_folder_which_only_the_owner_may_enter():
    lines, _ = run("import os, tempfile; print(oct(os.stat('.').st_mode)); print(tempfile.gettempdir() == os.getcwd())")

    assert lines == ["0o40700", "True"]


def test_of_one_that_fails_the_last_word_is_told():
    assert run("print('half'); raise SystemExit('no room')") == (["half"], {"why": None, "said": "no room"})


def test_a_late_one_is_asked_to_end_and_what_it_said_is_kept():
    lines, ended = run(
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('last'), sys.exit()))\n"
        "print('first', flush=True); time.sleep(600)",
        deadline_s=2.0,
    )

    assert lines[:1] == ["first"]
    assert ended["why"] == "not done by its deadline"


def test_one_that_does_not_listen_is_killed(monkeypatch):
    monkeypatch.setattr(errand, "GRACE", 0.2)

    _, ended = run(
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('x', flush=True); time.sleep(600)",
        deadline_s=2.0,
    )

    assert ended["why"] == "not done by its deadline"


def test_more_than_it_may_say_is_cut_at_a_line():
    lines, ended = run("import time\nfor _ in range(10_000): print('y' * 99, flush=True)\ntime.sleep(600)")

    assert ended["why"] == "it said more than it may"
    assert lines == ["y" * 99] * 100


def test_who_takes_the_folder_away_ends_it():
    begun = threading.Timer(0.3, lambda: until_there("wanted"))
    begun.start()

    told = errand.run("wanted", packed("import time; print('so far', flush=True); time.sleep(600)"), "", 60.0, 1000)

    assert told.splitlines()[-1] == errand.ended("stopped")


def until_there(token):
    while not errand.place(token).exists():
        time.sleep(0.05)
    time.sleep(0.5)
    assert errand.stop([token, "never-heard-of"]) == ""


def test_a_folder_that_is_there_already_is_left_alone():
    errand.place("twice").mkdir()

    (last,) = errand.run("twice", packed(""), "", 60.0, 1000).splitlines()

    assert "no private folder" in json.loads(last)["ended"]["why"]
    errand.place("twice").rmdir()


def test_an_old_python_is_a_reason(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 8, 1))

    assert "Python 3.8 there" in errand.run("old", b"", "", 1.0, 1)


def test_workers_of_one_host_say_the_same():
    told = json.loads(errand.identity())

    assert told == json.loads(errand.identity())
    assert told["name"]
    assert set(told) == {"name", "kernel", "network"}


def test_what_is_sent_gathers_without_mpdiag():
    asked = {"request": {"names": [], "level": "quick", "imports": []}, "probes": False, "redact": True}
    request = json.dumps({**asked, "deadline_s": 60.0})

    lines = errand.run("whole", parcel.archive(), request, 60.0, 10**6).splitlines()

    facts = json.loads(lines[0])
    assert facts["machine"]["logical_cpus"] >= 1
    assert facts["python"]["version"] == ".".join(map(str, sys.version_info[:3]))
    assert lines[1:] == [errand.ended(None)]
