"""A page below a program's output: what the program prints stays whole, and the terminal is given back."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import struct
import subprocess
import sys
import termios
import time

import pytest

from mpdiag import live
from mpdiag.live import Live, Panel

pty = pytest.importorskip("pty")

WIDTH, HEIGHT = 60, 24
TOKEN = re.compile(r"\x1b\[(\??[\d;]*)([A-Za-z])|\x1b([78D])|([\r\n])|([^\x1b\r\n]+)")


class Screen:
    """As much of a terminal as is needed here."""

    def __init__(self, lines=HEIGHT):
        self.rows = [""] * lines
        self.above = []  # what has scrolled away
        self.top, self.bottom = 0, lines - 1
        self.row = self.column = 0
        self.saved = (0, 0)

    def feed(self, text):
        for found in TOKEN.finditer(text):
            numbers, command, escape, control, printed = found.groups()
            if command:
                self.command(command, [int(number) for number in numbers.split(";") if number.isdigit()])
            elif escape == "7":
                self.saved = self.row, self.column
            elif escape == "8":
                self.row, self.column = self.saved
            elif control == "\r":
                self.column = 0
            elif printed:
                self.rows[self.row] = self.rows[self.row][: self.column].ljust(self.column) + printed
                self.column += len(printed)
            else:
                self.down()
        return self

    def down(self):
        if self.row == self.bottom:
            self.above.append(self.rows.pop(self.top))
            self.rows.insert(self.bottom, "")
        else:
            self.row = min(self.row + 1, len(self.rows) - 1)

    def command(self, command, numbers):
        if command == "H":
            self.row, self.column = numbers[0] - 1, numbers[1] - 1
        elif command == "K":
            self.rows[self.row] = ""
        elif command == "J":
            self.rows[self.row :] = [""] * (len(self.rows) - self.row)
        elif command == "A":
            self.row = max(self.row - numbers[0], self.top)
        elif command == "r":
            self.top, self.bottom = (numbers[0] - 1, numbers[1] - 1) if numbers else (0, len(self.rows) - 1)
            self.row = self.column = 0
        else:
            assert command == "m", f"CSI {numbers} {command}"

    @property
    def text(self):
        return [line.rstrip() for line in (*self.above, *self.rows) if line.strip()]


@pytest.fixture
def terminal(monkeypatch):
    """Both ends of a terminal."""
    ours, theirs = pty.openpty()
    resize(theirs, HEIGHT)
    monkeypatch.setattr(os, "tcgetpgrp", lambda _fd: os.getpgrp())
    yield ours, theirs
    os.close(theirs)
    os.close(ours)


def resize(fd, lines):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, WIDTH, 0, 0))


def shown(fd):
    """What has been written to the terminal."""
    os.set_blocking(fd, False)
    text = b""
    while True:
        try:
            text += os.read(fd, 4096)
        except BlockingIOError:
            return text.decode()


def test_lines_of_the_program_scroll_above_the_page(terminal):
    ours, theirs = terminal
    panel = Panel(theirs)
    screen = Screen()

    for number in range(60):
        os.write(theirs, f"line {number}\n".encode())
        if number % 7 == 0:
            panel.show([f"page {number}", "second", "third"])
    screen.feed(shown(ours))

    assert screen.rows[-3:] == ["page 56", "second", "third"]
    assert screen.text[:-3] == [f"line {number}" for number in range(60)]

    panel.close()
    screen.feed(shown(ours))

    assert screen.text == [f"line {number}" for number in range(60)]
    assert (screen.top, screen.bottom) == (0, HEIGHT - 1)


def test_a_line_that_is_not_finished_goes_on_where_it_was(terminal):
    ours, theirs = terminal
    panel = Panel(theirs)

    os.write(theirs, b"name? ")
    panel.show(["page"])
    os.write(theirs, b"Ada\n")
    panel.close()

    assert Screen().feed(shown(ours)).text == ["name? Ada"]


def test_a_page_grows_never_shrinks_and_leaves_half_the_terminal(terminal):
    ours, theirs = terminal
    panel = Panel(theirs)
    screen = Screen()

    for count, height in ((3, 3), (6, 6), (2, 6), (50, 12)):
        panel.show([f"page {row}" for row in range(count)])
        screen.feed(shown(ours))
        assert screen.bottom == HEIGHT - 1 - height
        assert [line for line in screen.rows if line] == [f"page {row}" for row in range(min(count, 12))]


def test_another_size_of_the_terminal(terminal):
    ours, theirs = terminal
    panel = Panel(theirs)
    panel.show(["page"] * 4)
    shown(ours)

    resize(theirs, 40)
    panel.show(["page"] * 4)

    screen = Screen(40).feed(shown(ours))
    assert screen.bottom == 40 - 1 - 4
    assert screen.rows[-4:] == ["page"] * 4


@pytest.mark.parametrize("why", ["small", "background"])
def test_where_no_page_belongs_none_is_drawn(terminal, monkeypatch, why):
    ours, theirs = terminal
    if why == "small":
        resize(theirs, live.LEAST_LINES - 1)
    else:
        monkeypatch.setattr(os, "tcgetpgrp", lambda _fd: os.getpgrp() + 1)
    panel = Panel(theirs)

    panel.show(["page"])
    panel.close()

    assert shown(ours) == ""


def test_pages_come_when_they_are_due_and_the_terminal_is_given_back(terminal, monkeypatch):
    ours, theirs = terminal
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "thread_time", lambda: 0.0)
    pages = []

    with Live(lambda most: pages.append(most) or ["page"], Panel(theirs)) as shows:
        for _ in range(30):
            shows.tick()
            now[0] += 0.1

    assert pages == [HEIGHT // 2] * 5
    assert Screen().feed(shown(ours)).text == []
    assert signal.getsignal(signal.SIGTSTP) == signal.SIG_DFL


STOPPED = """
import os, sys, time
from mpdiag.live import Live, Panel
with Live(lambda most: ["page"], Panel(2)) as shows:
    while os.read(0, 1) != b"q":
        shows._due = 0.0
        shows.tick()
        os.write(1, b".")
"""


def test_while_we_are_stopped_there_is_no_page(terminal):
    ours, theirs = terminal
    environ = {**os.environ, "TERM": "xterm"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": theirs}
    code = f"import os; os.tcgetpgrp = lambda fd: os.getpgrp()\n{STOPPED}"
    # In a group of its own, whose parent is in another one: nobody stops a group that is orphaned, as ours may be.
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, env=environ, preexec_fn=os.setpgrp, **pipes) as process:

        def drawn():
            process.stdin.write(b"x")
            process.stdin.flush()
            assert process.stdout.read(1) == b"."
            return shown(ours)

        screen = Screen().feed(drawn())
        assert screen.rows[-1] == "page"
        process.send_signal(signal.SIGTSTP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        screen.feed(shown(ours))
        assert (screen.text, screen.bottom) == ([], HEIGHT - 1)
        process.send_signal(signal.SIGCONT)
        assert screen.feed(drawn()).rows[-1] == "page"
        process.communicate(b"q", timeout=20)

    assert process.returncode == 0
    assert screen.feed(shown(ours)).text == []


@pytest.mark.parametrize(("term", "there"), [("xterm", True), ("dumb", False), ("", False)])
def test_only_a_terminal_that_moves_its_cursor_will_do(terminal, monkeypatch, term, there):
    monkeypatch.setenv("TERM", term)
    with open(terminal[1], "w", closefd=False) as file:
        monkeypatch.setattr(sys, "stderr", file)

        assert live.terminal() == (terminal[1] if there else None)


def test_without_standard_error_there_is_no_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)

    assert live.terminal() is None
