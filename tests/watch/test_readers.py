"""Does the parent read a global after its children have begun?"""

from __future__ import annotations

import pytest

from mpdiag.watch.readers import Source

COUNTED = """\
count = 0
cache = {}

def task(number):
    global count
    count += 1
    if number not in cache:
        cache[number] = slow(number)
    return cache[number]

def slow(number):
    return len(cache) + number

def report():
    print(count)

def before():
    print(count)

def shadow():
    cache = {}
    return cache

def collect():
    found.update(run(1))
    done[1] = 2
    print(found, done, seen)

def main():
    before()
    start(task)
    report()
    shadow()
    print(task(1))
    collect()

if __name__ == "__main__":
    main()
"""
START = COUNTED[: COUNTED.index("start(task)")].count("\n") + 1


@pytest.fixture
def source():
    return Source(COUNTED)


def test_what_the_parent_calls_after_the_start_reads(source):
    assert source.readers("count", [START], ["task"]) == ["report"]


def test_what_it_has_done_before_and_what_children_run_does_not(source):
    assert source.readers("cache", [START], ["task"]) == []


def test_a_start_that_nothing_follows_has_no_readers(source):
    assert source.readers("count", [START + 3], ["task"]) == []


def test_module_code_below_the_guard_reads():
    text = "total = 0\ndef task():\n    pass\nif __name__ == '__main__':\n    start(task)\n    print(total)\n"
    assert Source(text).readers("total", [5], ["task"]) == ["<module>"]


def test_a_caller_reads_what_its_callee_started():
    text = "n = 0\ndef task():\n    pass\ndef run():\n    start(task)\ndef main():\n    run()\n    return n\nmain()\n"
    assert Source(text).readers("n", [5], ["task"]) == ["main"]


def test_a_loop_reads_what_stands_above_the_start():
    text = "n = 0\ndef task():\n    pass\ndef main():\n    while n < 3:\n        print(n)\n        start(task)\n"
    assert Source(text).readers("n", [7], ["task"]) == ["main"]


def test_where_it_is_changed(source):
    assert source.changed("count", ["task"]) == (6, "task")
    assert source.changed("cache", ["task"]) == (7, "task")
    assert source.changed("nothing", ["task"]) is None


@pytest.mark.parametrize(("name", "expected"), [("found", True), ("done", True), ("seen", False), ("count", False)])
def test_what_the_parent_collects_itself(source, name, expected):
    assert source.fills(name, [START], ["task"]) is expected
