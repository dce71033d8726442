import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.lock_contention import RULE
from mpdiag.stats import measured


def facts(totals: dict[int, float], spread: float = 0.0) -> Facts:
    def row(count: int, total: float):
        ratio = total / totals[1]
        around = [ratio - spread, *[ratio] * 5, ratio + spread]
        return {"processes": count, "total": measured([total] * 7), "ratio": measured(around)}

    return Facts("shared_state", {"contention": tuple(row(*pair) for pair in totals.items())})


def test_names_the_number_of_processes_that_wastes_most():
    (finding,) = RULE.judge(facts({1: 1e6, 2: 500e3, 4: 400e3}))

    assert finding.level == "note"
    assert finding.concern == pytest.approx(2.5)
    assert "4 processes" in finding.seen
    assert "400 k/s" in finding.seen
    assert finding.evidence[0].value == pytest.approx(0.4)
    assert "100 µs of work" in finding.do  # ten times 4 / 400 k/s


def test_few_samples_without_an_interval_are_judged_by_their_median():
    rows = ({"processes": 1, "total": measured([1e6] * 3), "ratio": measured([1.0] * 3)},)
    rows += ({"processes": 2, "total": measured([5e5] * 3), "ratio": measured([0.5] * 3)},)

    assert len(list(RULE.judge(Facts("shared_state", {"contention": rows})))) == 1


def test_silent_where_the_interval_reaches_the_limit():
    assert list(RULE.judge(facts({1: 1e6, 2: 800e3}, spread=0.15))) == []


def test_silent_where_contention_costs_nothing():
    assert list(RULE.judge(facts({1: 1e6, 2: 990e3}))) == []


def test_not_judged_without_contention():
    with pytest.raises(NotJudged):
        list(RULE.judge(Facts("shared_state", {})))


HELD = {
    "id": 1,
    "type": "Lock",
    "contended": 2200,
    "wait_s": 6.0,
    "processes": 2,
    "during_s": 6.2,
    "taken": 2200,
    "op_s": 6.0,
}
#: Taken for each of two million items.
TAKEN = {**HELD, "type": "RLock", "contended": 60_000, "taken": 2_000_000, "wait_s": 2.0, "op_s": 7.0, "during_s": 4.4}


def nothing(table):
    return [table(name) for name in ("values", "managers", "processes", "pools")]


def test_a_lock_held_during_the_work(run, table):
    (finding,) = RULE.run(run(wall_s=6.4), table("locks", HELD), *nothing(table))

    assert (finding.level, finding.gain.ceiling_s) == ("warning", pytest.approx(3.6))
    assert "2 processes waited for the Lock (app.py:7) 2,200 times, 3.00 s each" in finding.seen
    assert "Compute first" in finding.do


def test_with_more_processes_than_cpus_only_the_cpus_can_be_won(run, table):
    (finding,) = RULE.run(run(wall_s=6.4), table("locks", {**HELD, "processes": 4, "wait_s": 18.0}), *nothing(table))

    assert finding.gain.ceiling_s == pytest.approx(3.8)


@pytest.mark.parametrize(("op_s", "ceiling"), [(7.0, 4.2), (None, 2.4)])
def test_a_lock_taken_for_each_item(run, table, op_s, ceiling):
    (finding,) = RULE.run(run(wall_s=4.6), table("locks", {**TAKEN, "op_s": op_s}), *nothing(table))

    assert finding.gain.ceiling_s == pytest.approx(ceiling)
    assert "taken for every item" in finding.seen
    assert "once per task or batch" in finding.do


#: Two did the work one after the other, as the first took the lock again each time before the second was awake.
KEPT = {**HELD, "contended": 2, "wait_s": 1.5, "most_s": 1.5, "processes": 1, "during_s": 1.5, "again": True}


@pytest.mark.parametrize(("cells", "ceiling"), [({}, 1.8), ({"processes": 2, "most_s": 1.4, "wait_s": 1.5}, 1.7)])
def test_a_lock_that_one_process_keeps(run, table, cells, ceiling):
    kept = {**KEPT, "taken": None, "op_s": None, **cells}
    (finding,) = RULE.run(run(wall_s=3.2, parallel_s=3.0), table("locks", kept), *nothing(table))

    assert finding.gain.ceiling_s == pytest.approx(ceiling)
    assert "waited for the Lock (app.py:7) 2 times" in finding.seen
    assert "taken again before another process is awake" in finding.seen


def test_a_gate_that_opens_once_is_no_such_lock(run, table):
    row = {**KEPT, "again": False, "taken": None}

    assert list(RULE.run(run(wall_s=3.2, parallel_s=3.0), table("locks", row), *nothing(table))) == []


def test_a_semaphore_for_one_is_a_lock(run, table):
    (finding,) = RULE.run(run(wall_s=6.4), table("locks", {**HELD, "type": "Semaphore", "value": 1}), *nothing(table))

    assert "waited for the Semaphore (app.py:7)" in finding.seen


@pytest.mark.parametrize(
    "changed",
    [{"contended": 3}, {"wait_s": 0.2, "op_s": 0.25}, {"type": "BoundedSemaphore", "value": 8}, {"user": False}],
    ids=["rarely met", "short", "a semaphore", "a pool's own"],
)
def test_silent_where_little_is_waited(run, table, changed):
    assert list(RULE.run(run(wall_s=6.4), table("locks", {**HELD, **changed}), *nothing(table))) == []


def test_on_one_cpu_nothing_is_lost(run, table):
    assert list(RULE.run(run(wall_s=6.4, cpus=1.0), table("locks", HELD), *nothing(table))) == []


def test_silent_where_the_lock_is_not_held_long_enough_to_be_right(run, table):
    values = table("values", {"id": 5, "unlocked_updates": 1000})

    assert list(RULE.run(run(wall_s=6.4), table("locks", HELD), values, *nothing(table)[1:])) == []


def test_a_program_whose_waits_were_not_timed_is_not_judged(run, table):
    with pytest.raises(NotJudged, match="wait_s"):
        list(RULE.run(run(), table("locks", {**HELD, "wait_s": None}), *nothing(table)))


PROXY = {"type": "Lock", "method": "acquire", "ops": 80, "s": 5.6, "processes": 2}
GIVEN_BACK = {**PROXY, "method": "release", "s": 0.08}


def managed(run, table, *rows, queueing=0.0, **cells):
    whole = run(**{"wall_s": 6.4, "parallel_s": 6.2, "cpu_s": 6.4, **cells})
    server = table("processes", {"role": "manager", "ready_s": queueing})
    return list(RULE.run(whole, table("locks"), table("values"), table("managers", *rows), server, table("pools")))


def test_a_managers_lock_held_during_the_work(run, table):
    (finding,) = managed(run, table, PROXY, GIVEN_BACK)

    assert (finding.level, finding.gain.ceiling_s) == ("warning", pytest.approx(3.6)), "3.0 s are not computed at once"
    assert "waited 69.0 ms for it each time, beside 1.00 ms for the message" in finding.seen
    assert "Compute first" in finding.do


@pytest.mark.parametrize(
    "changed", [{"s": 0.3}, {"ops": 5}, {"processes": 1}, {"type": "Semaphore"}, {"type": "dict", "method": "get"}]
)
def test_silent_where_a_manager_has_no_lock_that_is_waited_for(run, table, changed):
    assert managed(run, table, {**PROXY, **changed}, GIVEN_BACK) == []


def test_what_the_processes_compute_meanwhile_cannot_be_won(run, table):
    (finding,) = managed(run, table, PROXY, GIVEN_BACK, cpu_s=10.0)

    assert finding.gain.ceiling_s == pytest.approx(1.5)


def test_where_the_manager_waits_for_a_cpu_it_answers_late_though_nobody_has_the_lock(run, table):
    late = {**PROXY, "s": 1.6}

    assert len(managed(run, table, late, GIVEN_BACK)) == 1
    assert managed(run, table, late, GIVEN_BACK, queueing=0.4) == []


THREADS = {"threads": True, "type": "ThreadPoolExecutor", "workers": 4, "phase_s": 6.0, "task_s": 24.0}
AT_LOCK = {"thread_lock_s": 18.0, "lock_file": "app.py", "lock_line": 31, "lock_function": "add"}


def threaded(run, table, **cells):
    pools = table("pools", {**THREADS, **AT_LOCK, **cells})
    return list(RULE.run(run(wall_s=6.4), table("locks"), *nothing(table)[:3], pools))


def test_threads_that_wait_for_a_lock(run, table):
    (finding,) = threaded(run, table)

    assert (finding.level, finding.place.line) == ("warning", 31)
    assert finding.gain.ceiling_s == pytest.approx(3.6), "3.0 s on two CPUs"
    assert (
        "4 threads of the ThreadPoolExecutor (app.py:7) waited 18.0 s together to take a lock (app.py:31)"
        in finding.seen
    )
    assert "75.0 % of the time in their tasks" in finding.seen


@pytest.mark.parametrize("changed", [{"thread_lock_s": 1.0}, {"thread_lock_s": None}, {"threads": False}])
def test_silent_where_threads_hardly_wait_for_one(run, table, changed):
    assert threaded(run, table, **changed) == []
