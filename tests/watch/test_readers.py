"""Does the parent read a global after its children have begun?"""

from __future__ import annotations

import pytest

from mpdiag.watch.readers import Source, Variable

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
    assert source.readers(Variable("count"), [START], ["task"]) == ["report"]


def test_what_it_has_done_before_and_what_children_run_does_not(source):
    assert source.readers(Variable("cache"), [START], ["task"]) == []


def test_a_start_that_nothing_follows_has_no_readers(source):
    assert source.readers(Variable("count"), [START + 3], ["task"]) == []


def test_module_code_below_the_guard_reads():
    text = "total = 0\ndef task():\n    pass\nif __name__ == '__main__':\n    start(task)\n    print(total)\n"
    assert Source(text).readers(Variable("total"), [5], ["task"]) == ["<module>"]


def test_a_caller_reads_what_its_callee_started():
    text = "n = 0\ndef task():\n    pass\ndef run():\n    start(task)\ndef main():\n    run()\n    return n\nmain()\n"
    assert Source(text).readers(Variable("n"), [5], ["task"]) == ["main"]


def test_a_loop_reads_what_stands_above_the_start():
    text = "n = 0\ndef task():\n    pass\ndef main():\n    while n < 3:\n        print(n)\n        start(task)\n"
    assert Source(text).readers(Variable("n"), [7], ["task"]) == ["main"]


def test_where_it_is_changed(source):
    assert source.changed(Variable("count"), ["task"]) == (6, "task")
    assert source.changed(Variable("cache"), ["task"]) == (7, "task")
    assert source.changed(Variable("nothing"), ["task"]) is None


@pytest.mark.parametrize(("name", "expected"), [("found", True), ("done", True), ("seen", False), ("count", False)])
def test_what_the_parent_collects_itself(source, name, expected):
    assert source.fills(Variable(name), [START], ["task"]) is expected


COUNTERS = """\
class Base(Process):
    def __init__(self):
        super().__init__()
        self.total, self.rows, self.left = 0, [], 3
        self.start()

    @property
    def shown(self):
        return str(self.total)

class Counter(Base):
    def run(self):
        self.total += 1
        self.rows.append(self.total)
        self.left -= 1

class Report:
    def __init__(self):
        self.left = 0

    def show(self, counter):
        self.left += 1
        return counter.shown, self.left

def main():
    counter = Counter()
    counter.join()
    counter.rows.append(1)
    print(counter.rows, Report().show(counter))

if __name__ == "__main__":
    main()
"""
STARTS = COUNTERS[: COUNTERS.index("self.start()")].count("\n") + 1


def attribute(name):
    return Variable(name, ("Counter", "Base"))


def test_an_attribute_is_read_where_the_object_is_made_that_starts_itself():
    source = Source(COUNTERS.replace("class Base", "class Counter").replace("(Base)", "(Process)"))

    assert source.readers(attribute("total"), [STARTS], ["run"]) == ["shown"]


@pytest.mark.parametrize(
    ("name", "readers", "own"), [("total", ["shown"], False), ("rows", ["main"], True), ("left", [], False)]
)
def test_attributes_of_other_objects_and_those_that_the_parent_sets_are_its_own(name, readers, own):
    source = Source(COUNTERS.replace("        self.start()\n", "").replace("counter.join", "counter.start"))
    line = COUNTERS[: COUNTERS.index("counter.join")].count("\n")

    assert source.readers(attribute(name), [line], ["run"]) == readers
    assert source.fills(attribute(name), [line], ["run"]) is own


def test_where_an_attribute_is_changed():
    assert Source(COUNTERS).changed(attribute("total"), ["run"]) == (13, "run")
    assert str(attribute("total")) == "Counter.total"
    assert str(Variable("total")) == "total"


def test_what_follows_the_call_of_a_method_comes_after_what_the_method_starts():
    text = "n = 0\nclass App:\n def begin(self):\n  go()\n def all(self):\n  self.begin()\n  print(n)\n"

    assert Source(text).readers(Variable("n"), [4], ["task"]) == ["all"]


CACHE = """\
class Planner:
    def __init__(self):
        self.tables = {}

    def fill(self, keys):
        for key in keys:
            self.tables[key] = make(key)

    def prepare(self, keys):
        Process(target=self.fill, args=(keys,)).start()

    def cost(self, key):
        table = self.tables.get(key)
        if table is None:
            table = self.tables[key] = make(key)
        return table

def main():
    planner = Planner()
    planner.prepare([1, 2])
    print(planner.cost(1))
"""


@pytest.mark.parametrize(
    ("before", "after", "own"),
    [
        ("", "", False),
        ("table is None", "key not in self.tables", False),
        (
            "            self.tables[key] = make(key)\n\n",
            "            self.tables[key] = self.tables.get(key) or make(key)\n\n",
            True,
        ),
        ("        if table is None:\n", "        if True:\n", True),
    ],
    ids=["a cache", "asked at once", "a cache of the children's own", "made anyway"],
)
def test_what_the_parent_makes_for_want_of_what_children_made(before, after, own):
    variable = Variable("tables", ("Planner",))

    assert Source(CACHE.replace(before, after, 1)).fills(variable, [10], ["fill"]) is own
