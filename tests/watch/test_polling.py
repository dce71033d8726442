"""Which loops only ask."""

from __future__ import annotations

import pytest

from mpdiag.watch.polling import pausing, spinning


def ask(tmp_path, body, about=spinning):
    """What is said of the line of a function that ends with a mark."""
    file = tmp_path / "app.py"
    lines = ["def wait(jobs, queue, flag):", *("    " + line for line in body.splitlines())]
    file.write_text("\n".join(lines) + "\n")
    line = next(number for number, text in enumerate(lines, 1) if text.endswith("#!"))
    return about(str(file), "wait", line)


@pytest.mark.parametrize(
    "body",
    [
        "while not all(job.ready() for job in jobs):  #!\n    pass",
        "while not flag.is_set():\n    continue  #!",
        "while flag.value < 3:\n    pass  #!",
        "while len(jobs) < 8:  #!\n    pass",
        "while jobs:\n    for job in list(jobs):\n        if job.done():  #!\n            jobs.remove(job)",
        "while True:\n    if queue.poll():  #!\n        return queue.recv()",
        "while jobs:\n    try:\n        jobs.add(queue.get_nowait())  #!\n    except Empty:\n        pass",
        "while any(job.exitcode is None for job in jobs):  #!\n    pass",
    ],
)
def test_loops_that_only_ask(tmp_path, body):
    assert ask(tmp_path, body) is True


@pytest.mark.parametrize(
    "body",
    [
        "while not flag.is_set():  #!\n    time.sleep(0.1)",
        "while not flag.is_set():  #!\n    compute()",
        "while not queue.poll(0.1):  #!\n    pass",
        "while not flag.wait(1):  #!\n    pass",
        "while jobs:\n    for job in list(jobs):\n        if job.done():\n            use(job)  #!",
        "while jobs:  #!\n    if jobs[0].done():\n        use(jobs)\n    else:\n        time.sleep(1)",
        "while True:  #!\n    try:\n        queue.get_nowait()\n    except Empty:\n        time.sleep(1)",
        "while number < 10:  #!\n    number += 1",
        "while not flag.done():  #!\n    yield",
        "all(job.ready() for job in jobs)  #!",
    ],
)
def test_loops_that_do_something_or_pause(tmp_path, body):
    assert ask(tmp_path, body) is False


def test_sources_that_cannot_be_read(tmp_path):
    assert spinning(str(tmp_path / "gone.py"), "wait", 1) is False
    assert pausing(str(tmp_path / "gone.py"), "wait", 1) is False


@pytest.mark.parametrize(
    ("body", "pauses"),
    [
        (
            "while jobs:\n    for job in jobs:\n        if job.poll():  #!\n            use(job)\n    time.sleep(0.1)",
            True,
        ),
        ("while not queue.poll():  #!\n    sleep(0.1)", True),
        ("while jobs:\n    if queue.poll():  #!\n        queue.recv()\n    work()", False),
        ("time.sleep(1)\nif queue.poll():  #!\n    queue.recv()", False),
    ],
)
def test_loops_that_sleep_between_their_questions(tmp_path, body, pauses):
    assert ask(tmp_path, body, pausing) is pauses
