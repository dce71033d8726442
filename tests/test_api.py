"""What Python code and notebooks use, as they use it."""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

import mpdiag
from mpdiag import engine, gathering, registry, reports
from mpdiag.errors import BadInput, CannotWork
from mpdiag.watch.folder import outside

RUN, PROBE = (
    reports.decode((Path(__file__).parent / "golden" / f"{kind}.json").read_bytes(), kind) for kind in ("run", "probe")
)
DOCS = (Path(__file__).parent.parent / "docs" / "python.md").read_text(encoding="utf-8")
posix = pytest.mark.skipif(sys.platform == "win32", reason="observes with the means of POSIX")
#: Two blocks one after the other; what the second one says, and whether the process is what it was.
PROGRAM = """\
import json, multiprocessing.pool, multiprocessing.queues, os, signal, sys, time
from concurrent.futures import ProcessPoolExecutor
import mpdiag

def work(number):
    time.sleep(0.03)
    return number

def state():
    threads = sys.modules["threading"].active_count()
    signals = [signal.getsignal(number) for number in sorted(signal.valid_signals()) if number not in (9, 19)]
    code = multiprocessing.queues.SimpleQueue.get.__code__
    imports = sys.modules["_frozen_importlib"]._find_and_load
    taps = [name for name in sys.modules if name.startswith("mpdiag_tap")]
    return threads, signals, code, imports, taps, list(sys.path), list(sys.meta_path), dict(os.environ)

def block(method):
    with mpdiag.observe() as report:
        context = multiprocessing.get_context(method)
        with context.Pool(2) as pool:
            assert [pool.apply(work, (number,)) for number in range(12)] == list(range(12))
        with ProcessPoolExecutor(2, mp_context=context) as executor:
            assert list(executor.map(work, range(4))) == list(range(4))
    return report

if __name__ == "__main__":
    mpdiag.observe
    before = state()
    block(sys.argv[1])
    report = block(sys.argv[1])
    assert state() == before, (state(), before)
    print(report.to("json"))
"""


@pytest.fixture
def run(tmp_path):
    """Runs a program; nothing may be left in the temporary folder."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()

    def run(code, *arguments):
        (tmp_path / "app.py").write_text(code, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-W", "error", "app.py", *arguments],
            cwd=tmp_path, env={**outside(os.environ), "TMPDIR": str(temporary)},
            capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip
        assert list(temporary.glob("mpdiag-*")) == []
        return done

    return run


@posix
def test_a_block_leaves_nothing_in_memory_either(tmp_path):
    code = (
        "import os, mpdiag\n"
        "with mpdiag.observe():\n"
        "    places = [os.path.realpath(os.path.join(os.environ['MPDIAG_TAP'], name)) for name in ('', 'ledgers')]\n"
        "    print(*map(os.path.isdir, places))\n"
        "print(*map(os.path.exists, places))\n"
    )
    environ = {name: value for name, value in outside(os.environ).items() if name not in ("TMPDIR", "TEMP", "TMP")}

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=90, check=False
    )

    assert (done.stderr, done.stdout.split()) == ("", ["True", "True", "False", "False"])


@posix
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_block_is_observed_and_leaves_the_process_as_it_was(run, method):
    done = run(PROGRAM, method)

    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert (told["kind"], told["command"]) == ("run", ["mpdiag.observe()"])
    assert "MP401" in [finding["rule"] for finding in told["findings"]]
    place = next(finding["place"] for finding in told["findings"] if finding["rule"] == "MP401")
    assert (place["file"].rpartition("/")[2], place["function"]) == ("app.py", "block")
    processes = told["account"]["processes"]
    assert [each["role"] for each in processes if each["role"] != "resource_tracker"] == ["main", *["worker"] * 4]
    assert {each["start_method"] for each in processes if each["role"] == "worker"} == {method}
    assert all(each["memory"]["rss_peak"] > 0 for each in processes if each["role"] == "main")
    assert told["account"]["wall_s"] < 60
    assert not [doubt for doubt in told["quality"] if "outside" in doubt["text"]]


@posix
def test_what_the_process_did_before_the_block_is_not_counted(run):
    done = run(
        "import time, mpdiag\n"
        "while time.process_time() < 1.5: pass\n"
        "with mpdiag.observe() as report: time.sleep(0.1)\n"
        "print(report.to('json'))\n"
    )

    (main,) = json.loads(done.stdout)["account"]["processes"]
    assert main["cpu_s"] < 1.0
    assert main["buckets"].get("cpu", 0.0) < 1.0


@posix
def test_workers_that_were_there_before_are_said_to_be_seen_from_outside_alone(run):
    done = run(
        "import multiprocessing, time, mpdiag\n"
        "with multiprocessing.get_context('fork').Pool(2) as pool:\n"
        "    time.sleep(0.3)\n"
        "    with mpdiag.observe() as report: print(pool.apply(abs, (-1,)), flush=True)\n"
        "print(*(doubt.text for doubt in report.value.quality), sep='\\n')\n"
    )

    assert "2 processes were there before the block began: they are seen from outside alone" in done.stdout


@posix
def test_an_exception_ends_the_block_and_the_report_is_there(run):
    done = run(
        "import mpdiag\n"
        "try:\n"
        "    with mpdiag.observe() as report:\n"
        "        try: report.verdict\n"
        "        except Exception as error: print(type(error).__name__, report, report._repr_html_())\n"
        "        try: mpdiag.observe().__enter__()\n"
        "        except Exception as error: print(error)\n"
        "        1 / 0\n"
        "except ZeroDivisionError: print('raised')\n"
        "print(report.value.kind)\n"
    )

    assert done.stdout.splitlines() == [
        "CannotWork <mpdiag report: not yet made> None",
        "this process is observed already",
        "raised",
        "run",
    ]


def test_a_wrong_rule_or_format_is_said_at_once():
    with pytest.raises(BadInput, match="no rule"), mpdiag.observe(select=["MP999"]):
        pytest.fail("the block must not begin")
    with pytest.raises(BadInput, match="no format"):
        mpdiag.Report(RUN).to("docx")


@pytest.mark.parametrize("name", registry.names("renderers"))
def test_a_report_comes_in_every_format_of_the_command_line(name):
    assert "MP201" in mpdiag.Report(RUN).to(name)


def test_a_text_made_in_a_notebook_is_given_and_not_shown(monkeypatch):
    text = mpdiag.Report(RUN).to("terminal")

    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)

    assert mpdiag.Report(RUN).to("terminal") == text


def test_what_is_shown_is_redacted_and_what_is_held_is_not():
    home = str(Path.home() / "x")
    report = mpdiag.Report(replace(RUN, verdict=home))

    assert report.verdict == home
    assert "~/x" in report.to("markdown")
    assert home in mpdiag.Report(report.value, redact=False).to("markdown")
    assert repr(report) == f"<mpdiag report: {home}>"
    assert report.findings == RUN.findings


def test_a_notebook_gets_the_page_in_a_frame_of_its_own():
    report = mpdiag.Report(replace(RUN, verdict='"></iframe><script>alert(1)</script>'))

    html = report._repr_html_()

    head, _, page = html.partition(' srcdoc="')
    assert head.startswith('<iframe sandbox="allow-scripts" ')
    assert page.endswith('"></iframe>')
    assert page.count('"') == 1
    assert unescape(page.removesuffix('"></iframe>')) == report.to("html")


def test_probe_is_the_one_of_the_command_line(monkeypatch):
    asked = []

    def probe(request, chosen, _progress):
        asked.append((request, chosen.path))
        return PROBE, False

    monkeypatch.setattr(engine, "probe", probe)

    report = mpdiag.probe("polling", level="quick", budget_s=2.0, python=sys.executable, select=["MP302"])

    assert report.value == replace(PROBE, command=("mpdiag.probe()",))
    wanted = gathering.Request(names=("polling",), level="quick", budget_s=2.0, select=("MP302",))
    assert asked == [(wanted, sys.executable)]


def test_an_interrupted_probe_is_an_interruption(monkeypatch):
    monkeypatch.setattr(engine, "probe", lambda *_: (PROBE, True))

    with pytest.raises(KeyboardInterrupt):
        mpdiag.probe("polling")


def test_a_probe_measures():
    report = mpdiag.probe("semantics", level="quick")

    assert [section.status for section in report.value.sections if section.id == "semantics"] == ["ok"]


def test_importing_mpdiag_imports_nothing_else():
    code = "import sys; before = set(sys.modules); import mpdiag; print(sorted(set(sys.modules) - before))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == "['mpdiag']"
    with pytest.raises(AttributeError, match="no attribute 'prob'"):
        mpdiag.prob  # noqa: B018


def test_a_process_that_cannot_be_observed_says_so(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")

    with pytest.raises(CannotWork, match="POSIX"), mpdiag.observe():
        pytest.fail("the block must not begin")


@posix
def test_the_program_of_the_docs_works(run):
    (program,) = re.findall(r'```python title="block.py"\n(.*?)```', DOCS, re.DOTALL)

    done = run(program)

    assert (done.returncode, done.stderr) == (0, "")
    assert "MP401 Hand out all tasks before asking for the first result" in done.stdout


def test_the_docs_name_the_parameters_that_there_are():
    for function in (mpdiag.observe, mpdiag.probe):
        (call,) = re.findall(rf"`mpdiag\.{function.__name__}\((.*?)\)`", DOCS)
        named = [
            name for name, each in inspect.signature(function).parameters.items() if each.kind is each.KEYWORD_ONLY
        ]
        assert re.findall(r"(\w+)=", call) == named
