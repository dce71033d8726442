"""The tables that rules judge of, from processes made by hand."""

import pytest

from mpdiag.watch.account import account
from mpdiag.watch.facts import gather
from mpdiag.watch.observation import Frame, StackSample


@pytest.fixture
def gathered(by_hand):
    def of(*lives, **more):
        run = by_hand.run(*lives, **more)
        return gather(run, lives, account(run, lives), {"default_start_method": "fork"})

    return of


def child(by_hand, pid, began, ended, ran=1.0, method="fork", **more):
    ledger = by_hand.book(
        pid,
        began,
        ended=ended,
        slots=[by_hand.slot("run", ran, cpu_s=ran), *more.pop("slots", ())],
        events=[by_hand.event("born", began + 0.1, f"P-{pid}", ("app.target", "", 0), "Process")],
        cpu_s=ran,
        main_cpu_s=ran,
    )
    started = by_hand.start(pid, began, method=method)
    return by_hand.life(pid, "process", began, ended, ledger, start=started, **more)


def test_the_run_as_a_whole(by_hand, gathered):
    waits = [by_hand.slot("join", 3.0), by_hand.slot("recv", 1.0), by_hand.slot("recv", 5.0, thread="feeder")]
    main = by_hand.life(book=by_hand.book(ended=9.9, slots=waits, cpu_s=2.0, main_cpu_s=1.5))

    (row,) = gathered(main, child(by_hand, 11, 1.0, 4.0), child(by_hand, 12, 3.0, 6.0))["run"].rows()

    assert (row["wall_s"], row["cpus"], row["processes"], row["python_processes"]) == (10.0, 2.0, 3, 3)
    assert (row["cpu_s"], row["main_wait_s"], row["main_join_s"]) == (4.0, 4.0, 3.0)
    assert (row["parallel_s"], row["serial_s"]) == (pytest.approx(5.0), pytest.approx(5.0))


def test_processes_that_were_joined_before_the_next_one(by_hand, gathered):
    joined = [by_hand.slot("join", 1.9)]
    children = [child(by_hand, 11, 1.0, 2.0), child(by_hand, 12, 2.1, 3.1)]

    (row,) = gathered(by_hand.life(book=by_hand.book(slots=joined)), *children)["starts"].rows()
    (other,) = gathered(by_hand.life(book=by_hand.book()), *children)["starts"].rows()

    assert (row["count"], row["alive_max"], row["joined_at_once"]) == (2, 1, 1)
    assert (row["work_s"], row["span_s"]) == (2.0, pytest.approx(2.1))
    assert other["joined_at_once"] == 0, "nobody waited for their end"


def test_what_children_import(by_hand, gathered, tmp_path):
    script = tmp_path / "app.py"
    script.write_text("import json\nimport decimal\n\n\ndef target(text):\n    return json.loads(text)\n")
    imports = [
        by_hand.slot("import", s, first=1.1, file=str(script), line=line, function="<module>")
        for line, s in ((1, 0.02), (2, 0.03))
    ]
    again = by_hand.library("main_import", 0.05, first=1.05, last=1.3)
    spawned = child(by_hand, 11, 1.0, 4.0, method="spawn", slots=[*imports, again])
    born = by_hand.event("born", 1.5, "P-11", ("__mp_main__.target", str(script), 5), "Process")
    spawned = spawned.__class__(**{**vars(spawned), "book": by_hand.book(11, 1.0, 4.0, spawned.book.slots, [born])})

    (row,) = gathered(by_hand.life(book=by_hand.book()), spawned)["starts"].rows()

    assert row["import_s"] == pytest.approx(0.1)
    assert row["main_s"] == pytest.approx(0.05)
    assert row["unused_s"] == pytest.approx(0.03), "target() never mentions decimal"

    got = by_hand.event("given", 1.5, ["builtins", "decimal"])
    spawned = spawned.__class__(
        **{**vars(spawned), "book": by_hand.book(11, 1.0, 4.0, spawned.book.slots, [born, got])}
    )

    (row,) = gathered(by_hand.life(book=by_hand.book()), spawned)["starts"].rows()

    assert row["unused_s"] == 0, "but what it was sent could not be unpickled without"


def test_libraries_with_threads_are_named(by_hand, gathered):
    outside = by_hand.vital(native=("blis", "openblas"), threads_peak=8, main_cpu_s=1.0)

    (row,) = gathered(by_hand.life(book=by_hand.book(), vital=outside))["processes"].rows()

    assert (row["native"], row["threads_peak"], row["main_cpu_s"]) == ("blis,openblas", 8, 1.0)


def test_what_each_worker_loads(by_hand, gathered):
    mib = 2**20
    held = ((0.1, 10 * mib), (0.5, 138 * mib), (6.0, 500 * mib))
    children = [
        by_hand.worker(pid, tasks=[by_hand.task(0.6, 0.9)], vital=by_hand.vital(pid, held=held)) for pid in (11, 12, 13)
    ]

    facts = gathered(by_hand.owner(), *children, peak=100 * mib)

    (row,) = facts["memory"].rows()
    assert (row["workers"], row["private_load_b"]) == (3, 128 * mib), "until the first task was done"
    assert facts["run"].number("memory_peak") == 3 * 490 * mib, "they grew after all had been weighed"


def test_a_worker_that_was_seen_late_began_with_what_its_parent_had(by_hand, gathered):
    mib = 2**20
    late = by_hand.vital(11, held=((0.5, 140 * mib), (0.8, 138 * mib)))
    worker = by_hand.worker(11, born=0.2, tasks=[by_hand.task(0.6, 0.9)], vital=late)
    owner = by_hand.owner(vital=by_hand.vital(held=((0.0, 8 * mib), (3.0, 90 * mib))))

    (row,) = gathered(owner, worker)["memory"].rows()

    assert row["private_load_b"] == 130 * mib


def test_what_a_lock_costs_where_nobody_waits(by_hand, gathered):
    where = ("/p/app.py", 30, "main", "Lock", 0)
    main = by_hand.life(book=by_hand.book(events=[by_hand.event("lock", 0.1, "lock:1", "Lock", where)]))
    waits = by_hand.slot("lock", 0.2, first=1.2, count=20, name="lock:1", line=7, function="work")
    user = Frame("/p/app.py", 7, "work")
    stacks = [
        StackSample(11, None, (Frame("/lib/multiprocessing/synchronize.py", 98, "__enter__"), user), 30, 1.0),
        StackSample(11, None, (user,), 10, 0.5),
        StackSample(11, None, (Frame("/p/app.py", 8, "work"),), 10, 4.0),
    ]

    facts = gathered(main, child(by_hand, 11, 1.0, 8.0, slots=[waits]), stacks=stacks)

    (row,) = facts["locks"].rows()
    assert (row["contended"], row["wait_s"]) == (20, 0.2)
    assert row["op_s"] == pytest.approx(1.7), "the lines that take it, not those that work"


LOOPING = """
def work(lock):
    with lock:
        pass
    for item in range(9):
        with lock:
            pass
"""


@pytest.mark.parametrize(("line", "tasks", "again"), [(3, 0, False), (6, 0, True), (3, 1, True)])
def test_whether_a_lock_is_taken_again_and_again(by_hand, gathered, tmp_path, line, tasks, again):
    file = tmp_path / "app.py"
    file.write_text(LOOPING)
    made = by_hand.event("lock", 0.1, "lock:1", "Lock", (str(file), 30, "main", "Lock", 0))
    waits = [
        by_hand.slot("lock", took, first=1.2, count=1, name="lock:1", file=str(file), line=line, function="work")
        for took in (0.2, 0.5)
    ]
    done = [by_hand.slot("task", 0.4, count=tasks, name="work")] if tasks else []
    children = [child(by_hand, 11 + n, 1.0, 8.0, slots=[wait, *done]) for n, wait in enumerate(waits)]

    facts = gathered(by_hand.life(book=by_hand.book(events=[made])), *children)

    (row,) = facts["locks"].rows()
    assert (row["again"], row["most_s"], row["wait_s"]) == (again, 0.5, pytest.approx(0.7))


def test_locks_of_one_function_share_what_they_cost_there_by_how_often_they_are_waited_for(by_hand, gathered):
    made = [by_hand.event("lock", 0.1, f"lock:{n}", "Lock", ("/p/app.py", 30 + n, "main", "Lock", 0)) for n in (1, 2)]
    waits = [
        by_hand.slot("lock", 0.1, first=1.2, count=count, name=name, line=7, function="work")
        for name, count in (("lock:1", 300), ("lock:2", 100))
    ]
    user = Frame("/p/app.py", 7, "work")
    stacks = [StackSample(11, None, (Frame("/lib/multiprocessing/synchronize.py", 98, "__enter__"), user), 40, 2.0)]

    facts = gathered(
        by_hand.life(book=by_hand.book(events=made)), child(by_hand, 11, 1.0, 8.0, slots=waits), stacks=stacks
    )

    assert [row["op_s"] for row in facts["locks"].rows()] == [pytest.approx(1.6), pytest.approx(0.6)]


@pytest.mark.parametrize(
    ("made", "positions"),
    [
        ("[Process(target=target, args=(part, queue)) for part in parts]", "0"),
        ("[Process(target=target, args=(queue,)) for _ in parts]", ""),
        ("[Process(target=other, args=(part,)) for part in parts]", None),
        ("[Process(target=target, args=given) for given in parts]", None),
    ],
    ids=["one", "none", "another target", "not written there"],
)
def test_which_arguments_vary(by_hand, gathered, tmp_path, made, positions):
    script = tmp_path / "app.py"
    script.write_text(f"def main():\n    return {made}\n")
    one = child(by_hand, 11, 1.0, 2.0)
    place = (str(script), *one.start.where[1:])
    one = one.__class__(**{**vars(one), "start": one.start.__class__(**{**vars(one.start), "where": place})})

    (row,) = gathered(by_hand.life(book=by_hand.book()), one)["starts"].rows()

    assert row["varying"] == positions
