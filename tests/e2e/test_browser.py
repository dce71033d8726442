"""The HTML page in a real browser: nothing is complained of, tables sort, the timeline moves, it fits every width."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

import mpdiag
from mpdiag import registry, reports
from mpdiag.report import Style

GOLDEN = Path(__file__).parent.parent / "golden"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BROWSER = next(filter(None, map(shutil.which, NAMES)), None)
#: A browser reads what it is told from file 3 and answers on file 4.
AS_3_AND_4 = """
import os, sys
for at, end in enumerate(sys.argv[1:3]):
    os.dup2(int(end), 100 + at)
os.dup2(100, 3)
os.dup2(101, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
TROUBLE = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")
pytestmark = [
    pytest.mark.skipif(BROWSER is None, reason=f"none of {', '.join(NAMES)} is on PATH"),
    pytest.mark.skipif(sys.platform == "win32", reason="the browser is spoken to by inherited pipes"),
    pytest.mark.xdist_group("browser"),
]


class Browser:
    """A headless browser that is told what to do by the DevTools protocol, over pipes."""

    def __init__(self, folder):
        commands, self.out = os.pipe()
        self.into, answers = os.pipe()
        options = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-c", AS_3_AND_4, str(commands), str(answers), BROWSER, *options),
                *("--remote-debugging-pipe", f"--user-data-dir={folder}", "about:blank"),
            ],
            pass_fds=(commands, answers),
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(commands)
        os.close(answers)
        self.buffer, self.number, self.events, self.session = b"", 0, [], None

    def attach(self):
        target = next(one for one in self.call("Target.getTargets")["targetInfos"] if one["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def close(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.out)
        os.close(self.into)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while (answer := self.receive()).get("id") != self.number:
            self.events.append(answer)
        assert "error" not in answer, answer
        return answer["result"]

    def receive(self):
        while b"\0" not in self.buffer:
            data = os.read(self.into, 1 << 20)
            assert data, "the browser has gone"
            self.buffer += data
        message, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(message)

    def open(self, path, theme="light", width=1280):
        self.events.clear()
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.call("Page.navigate", url=path.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self.receive())

    @contextmanager
    def frame(self, path, theme):
        """Opens a page and gives what asks the one frame in it, which may live in a process of its own."""
        page = self.session
        self.call("Target.setAutoAttach", autoAttach=True, waitForDebuggerOnStart=False, flatten=True)
        self.open(path, theme)
        while not (found := [one for one in self.events if one["method"] == "Target.attachedToTarget"]):
            self.events.append(self.receive())
        self.session = found[-1]["params"]["sessionId"]
        try:
            for domain in ("Runtime", "Log"):  # which tells what was complained of before, too
                self.call(f"{domain}.enable")
            yield self.ask
        finally:
            self.session = page
            self.call("Target.setAutoAttach", autoAttach=False, waitForDebuggerOnStart=False, flatten=True)

    def ask(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, key):
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=key, text=key if len(key) == 1 and kind[3] == "D" else ""
            )

    def mouse(self, kind, x, y):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def complaints(self):
        return [event for event in self.events if event["method"] in TROUBLE]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    started = Browser(tmp_path_factory.mktemp("profile"))
    try:
        started.attach()
        yield started
    finally:
        started.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    written = {}
    for kind in ("run", "probe", "lint"):
        report = reports.decode((GOLDEN / f"{kind}.json").read_bytes(), kind)
        written[kind] = folder / f"{kind}.html"
        text = registry.renderer("html").render(report, Style(rules=registry.behind(report)))
        written[kind].write_text(text, encoding="utf-8")
    return written


@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["run", "probe", "lint"])
def test_it_fits_and_nothing_is_complained_of(browser, pages, kind, theme, width):
    browser.open(pages[kind], theme, width)

    assert browser.ask("document.querySelector('h1').textContent.length") > 20
    assert browser.ask("document.documentElement.scrollWidth") <= width
    ground = browser.ask("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(255, 255, 255)" if theme == "light" else "rgb(20, 22, 26)")
    assert browser.complaints() == []


def test_a_table_sorts_by_numbers_both_ways(browser, pages):
    browser.open(pages["probe"])
    column = """(() => {
        const table = document.querySelector('table.sortable');
        const heading = table.tHead.rows[0].cells[1];
        CLICK
        return [heading.ariaSort, [...table.tBodies[0].rows].map(row => row.cells[1].dataset.n)];
    })()"""

    _, before = browser.ask(column.replace("CLICK", ""))
    first, falling = browser.ask(column.replace("CLICK", "heading.querySelector('button').click();"))
    second, rising = browser.ask(column.replace("CLICK", "heading.querySelector('button').click();"))

    assert (first, second) == ("descending", "ascending")
    assert rising == sorted(before, key=float) != before
    assert falling == rising[::-1]


def test_a_table_sorts_by_words(browser, pages):
    browser.open(pages["probe"])
    cells = "[...document.querySelector('table.sortable').tBodies[0].rows].map(row => row.cells[0].textContent)"

    before = browser.ask(cells)
    browser.ask("document.querySelector('table.sortable button').click()")

    assert browser.ask(cells) == sorted(before)


def test_the_timeline_is_moved_by_keys(browser, pages):
    browser.open(pages["run"])
    view = "document.querySelector('.spans').getAttribute('viewBox').split(' ').map(Number)"
    whole = browser.ask(view)
    browser.ask("document.querySelector('.spans').focus()")

    browser.press("+")
    assert browser.ask(view) == [25, 0, 50, whole[3]]
    assert browser.ask("document.querySelector('.axis').textContent").startswith("1.95 s")
    browser.press("ArrowRight")
    assert browser.ask(view)[0] == 37.5
    browser.press("0")
    assert browser.ask(view) == whole
    browser.press("n")
    assert browser.ask("document.querySelector('.said').textContent").startswith("starting: 20.0 ms from 0 s on")
    browser.press("p")
    assert browser.ask("document.querySelector('.said').textContent").startswith("49 × task app.crunch")
    assert browser.complaints() == []


def test_the_timeline_is_moved_by_the_mouse(browser, pages):
    browser.open(pages["run"])
    browser.ask("document.querySelector('.spans').scrollIntoView({block: 'center'})")
    box = "(({left, top, width, height}) => [left, top, width, height])"
    left, top, wide, high = browser.ask(f"{box}(document.querySelector('.spans').getBoundingClientRect())")
    middle = top + high / 2

    browser.mouse("mouseMoved", left + wide * 0.25, middle)
    browser.mouse("mousePressed", left + wide * 0.25, middle)
    browser.mouse("mouseMoved", left + wide * 0.5, middle)
    browser.mouse("mouseReleased", left + wide * 0.5, middle)
    shown = browser.ask("document.querySelector('.spans').getAttribute('viewBox').split(' ').map(Number)")

    assert abs(shown[0] - 25) < 1
    assert abs(shown[2] - 25) < 1
    task = "document.querySelector('.spans .b-task').getBoundingClientRect()"
    browser.ask("document.querySelector('.spans').dispatchEvent(new MouseEvent('dblclick'))")
    left, top, wide, high = browser.ask(f"{box}({task})")
    browser.mouse("mouseMoved", left + wide / 2, top + high / 2)
    assert browser.ask("document.querySelector('.said').textContent").startswith("task app.crunch: 250 ms")
    assert browser.complaints() == []


def test_a_link_opens_the_text_of_its_rule(browser, pages):
    browser.open(pages["lint"])

    browser.ask("document.querySelector('a[href^=\"#about-\"]').click()")

    assert browser.ask("document.querySelector('#about-MP204').closest('details').open") is True


def test_without_javascript_everything_is_there_and_nothing_is_dead(browser, pages):
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(pages["run"])
        root = browser.call("DOM.getDocument", depth=-1)["root"]["nodeId"]
        count = {
            what: len(browser.call("DOM.querySelectorAll", nodeId=root, selector=what)["nodeIds"])
            for what in ("button", ".spans rect title", ".sortable tbody tr", "details")
        }
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)

    assert count.pop("button") == 0
    assert all(count.values()), count


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_in_a_notebook_its_frame_works_and_has_no_way_out(browser, tmp_path, theme):
    report = mpdiag.Report(reports.decode((GOLDEN / "run.json").read_bytes(), "run"))
    host = tmp_path / "notebook.html"
    host.write_text(
        f"<!doctype html><meta charset=utf-8><meta name=color-scheme content='light dark'>{report._repr_html_()}",
        "utf-8",
    )

    with browser.frame(host, theme) as ask:
        assert ask("document.querySelector('h1').textContent") == report.verdict
        assert ask("document.querySelectorAll('table.sortable button').length") > 3
        assert ask("document.documentElement.scrollWidth <= innerWidth")
        assert ask("(() => { try { return parent.document.title } catch { return 'denied' } })()") == "denied"
        ground = ask("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(255, 255, 255)" if theme == "light" else "rgb(20, 22, 26)")
    assert browser.complaints() == []


def test_it_prints_with_everything_unfolded(browser, pages):
    browser.open(pages["run"])
    browser.call("Emulation.setEmulatedMedia", media="print")

    shown = browser.ask(
        "[...document.querySelectorAll('details > ul, details > div')].map(each => each.checkVisibility())"
    )
    browser.call("Emulation.setEmulatedMedia", media="")

    assert len(shown) > 3
    assert browser.ask("CSS.supports('selector(::details-content)')") is False or all(shown)
