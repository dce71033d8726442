"""`mpdiag size` as users type it; what measures is another test's."""

from __future__ import annotations

import pytest

from mpdiag import sizing
from mpdiag.cli import run
from mpdiag.errors import CannotWork
from mpdiag.sized.law import Machine


@pytest.fixture
def asked(monkeypatch):
    """The requests that would have been measured."""
    requests = []

    def measure(request, _chosen, _tick):
        requests.append(request)
        raise CannotWork("measured")

    monkeypatch.setattr(sizing, "measure", measure)
    return requests


def test_what_is_asked_for(asked, tmp_path, capfd):
    calls = tmp_path / "calls"
    calls.write_text('[1, "a"]\n\n{"times": 2}\n7\n[]\n{}\n')

    assert run(["size", "app:f", "--args-json", str(calls), "--cpus", "32", "--mem", "64G", "--max-calls", "9"]) == 3
    (request,) = asked
    assert request.calls == (([1, "a"], {}), ([], {"times": 2}), ([7], {}), ([], {}), ([], {}))
    assert (request.target, request.items, request.max_calls) == ("app:f", None, 9)
    assert request.elsewhere == Machine(32, 64 * 2**30)
    warning, failure = capfd.readouterr().err.splitlines()
    assert warning.startswith("mpdiag: app:f will be executed, up to 9 times")
    assert failure == "mpdiag: measured"


def test_quiet_is_quiet(asked, capfd):
    assert run(["size", "app:f", "-q"]) == 3
    assert capfd.readouterr().err == "mpdiag: measured\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["app"], "names no function"),
        ([":f"], "names no function"),
        (["app:"], "names no function"),
        (["app:f", "--items", "maker"], "--items 'maker' names no function"),
        (["app:f", "--setup", "maker"], "--setup 'maker' names no function"),
        (["app:f", "--args-json", "nowhere.json"], "nowhere.json cannot be read"),
        (["app:f", "--items", "a:b", "--args-json", "x"], "give one"),
        (["app:f", "--mem", "3G"], "--mem needs --cpus"),
        (["app:f", "--cpus", "3", "--mem", "much"], "no amount of memory"),
        (["app:f", "--budget", "0"], "0"),
        (["app:f", "--max-calls", "0"], "0"),
        (["app:f", "--python", "nope"], "no such interpreter"),
    ],
)
def test_bad_input_is_said_at_once(asked, capfd, arguments, said):
    assert run(["size", *arguments]) == 2

    told = capfd.readouterr()
    assert (asked, told.out) == ([], "")
    assert said in told.err


@pytest.mark.parametrize(("content", "said"), [("", "holds no calls"), ("[1]\n[2", "line 2 is not JSON")])
def test_a_file_that_holds_no_calls(asked, capfd, tmp_path, content, said):
    (tmp_path / "calls").write_text(content)

    assert run(["size", "app:f", "--args-json", str(tmp_path / "calls")]) == 2
    assert said in capfd.readouterr().err


@pytest.mark.parametrize(("text", "size"), [("64G", 64 * 2**30), ("1.5 GiB", 1.5 * 2**30), ("512mb", 2**29), ("7", 7)])
def test_amounts_of_memory(asked, text, size):
    run(["size", "app:f", "--cpus", "2", "--mem", text])

    assert asked[0].elsewhere.memory == size
