"""What pools did, from ledgers made by hand."""

import pytest

from mpdiag.watch import pool_rows, pool_tasks, pools
from mpdiag.watch.pools import numbered, seen


@pytest.fixture
def rows(by_hand):
    def of(*lives, **more):
        found = seen(lives)
        (row,) = pool_rows.rows(by_hand.run(*lives, **more), found)
        return row

    return of


def test_a_phase_begins_when_there_are_workers(by_hand, rows):
    submit = by_hand.slot("submit", 0.0, first=1.0, last=1.0, name="pipe:1", api="map")
    main = by_hand.owner([by_hand.tally(first=1.0, last=8.0), submit])
    row = rows(main, by_hand.worker(11, ready=2.0), by_hand.worker(12, ready=4.0))

    assert row["late_s"] == pytest.approx(2.0), "the mean of one second and three"
    assert row["phase_s"] == pytest.approx(5.0)
    assert (row["workers"], row["started"], row["how"]) == (2, 2, "map")


def test_where_most_tasks_are_handed_out(by_hand, rows):
    submits = [
        by_hand.slot("submit", line=line, count=count, name="pipe:1", api="submit") for line, count in ((8, 2), (9, 30))
    ]

    row = rows(by_hand.owner([by_hand.tally(), *submits]), by_hand.worker(11))

    assert (row["submit_file"], row["submit_line"], row["submit_function"]) == ("/p/app.py", 9, "main")
    assert rows(by_hand.owner([by_hand.tally()]), by_hand.worker(11))["submit_file"] is None


def test_a_worker_that_still_waits_for_its_first_task_is_ready(by_hand):
    ledger = {"threads": ((7, "wait_task", by_hand.BEGAN + 3.0),)}
    idle = by_hand.worker(11, ledger=ledger)
    ledger = idle.book.__class__(**{**vars(idle.book), "slots": ()})

    (pool,) = seen([by_hand.owner(), by_hand.life(11, "worker", book=ledger, start=idle.start)])

    assert pool.workers[0].ready_at == by_hand.BEGAN + 3.0
    assert pool.workers[0].ended_work is None


def test_workers_that_never_got_to_work_were_started(by_hand, rows):
    lost = by_hand.life(13, "worker", book=by_hand.book(13), start=by_hand.start(13, 0.3, by_hand.worker(1).target, 5))
    elsewhere = by_hand.start(14, 9.5, by_hand.worker(1).target, 5)

    row = rows(by_hand.owner(), by_hand.worker(11), lost, by_hand.life(14, "worker", start=elsewhere))

    assert row["started"] == 2, "the pool was closed when the last one was started"


def test_tasks_are_counted_and_their_waiting_is_what_nothing_explains(by_hand, rows):
    done = by_hand.library("task", 4.0, last=6.0, count=8, cpu_s=1.0, max_s=0.9, empty=80, name="app.work")
    locked = by_hand.slot("lock", 0.5)
    seen_from_outside = by_hand.vital(11, main_cpu_s=1.0, main_ready_s=0.5)
    worker = by_hand.worker(11, slots=[done, locked], tasks=[by_hand.task(1.0, 1.5), by_hand.task(2.0, 2.9)])
    worker = worker.__class__(**{**vars(worker), "vital": seen_from_outside})

    row = rows(by_hand.owner(), worker)

    assert (row["tasks"], row["items"], row["task_s"], row["task_cpu_s"]) == (8, 80, 4.0, 1.0)
    assert (row["task_max"], row["task_median"]) == (0.9, pytest.approx(0.7))
    assert row["task_lock_s"] == 0.5
    assert row["task_ready_s"] == pytest.approx(0.5), "all its CPU time was in tasks"
    assert row["task_wait_s"] == pytest.approx(4.0 - 1.0 - 0.5 - 0.5)


@pytest.mark.parametrize(("cpu_s", "waited"), [(0.1, 2.95), (1.0, 2.15)])
def test_a_worker_that_had_no_cpu_while_it_imported_may_have_waited_for_something_else_in_its_tasks(
    by_hand, rows, cpu_s, waited
):
    done = by_hand.library("task", 3.0, last=6.0, count=8, cpu_s=0.0, name="app.work")
    imports = by_hand.library("import", 1.0, first=0.2, last=1.9, cpu_s=cpu_s)
    worker = by_hand.worker(11, ready=2.1, slots=[imports, done])
    outside = by_hand.vital(11, main_cpu_s=1.2, main_ready_s=1.9)

    row = rows(by_hand.owner(), worker.__class__(**{**vars(worker), "vital": outside}))

    assert row["task_wait_s"] == pytest.approx(waited, abs=0.05)


def test_tasks_that_wait_for_tasks_and_processes_of_their_own_wait_for_nothing_outside(by_hand, rows):
    done = by_hand.library("task", 4.0, last=6.0, count=8, cpu_s=0.5, name="app.work")
    waits = [by_hand.slot("result", 2.0, wall_s=2.2), by_hand.slot("join", 1.0)]

    assert rows(by_hand.owner(), by_hand.worker(11, slots=[done, *waits]))["task_wait_s"] == pytest.approx(0.5)


def test_tasks_queue_from_the_call_that_hands_them_out_until_they_begin(by_hand, rows):
    submit = by_hand.slot("submit", 0.0, first=1.0, last=1.0, name="pipe:1", api="map")
    ran = by_hand.library("task", 4.0, last=6.0, count=4, name="app.work")
    worker = by_hand.worker(11, slots=[ran], tasks=[by_hand.task(at, at + 1) for at in (1.5, 2.5, 3.5, 4.5)])

    assert rows(by_hand.owner([submit]), worker)["queue_s"] == pytest.approx(2.0), "0.5, 1.5, 2.5 and 3.5 s"


def test_tasks_that_are_handed_out_as_workers_come_free_hardly_queue(by_hand, rows):
    submit = by_hand.slot("submit", 0.0, first=1.0, last=4.0, count=4, name="pipe:1", api="submit")
    ran = by_hand.library("task", 4.0, last=6.0, count=4, name="app.work")
    worker = by_hand.worker(11, slots=[ran], tasks=[by_hand.task(at + 0.1, at + 0.9) for at in (1, 2, 3, 4)])

    assert rows(by_hand.owner([submit]), worker)["queue_s"] == pytest.approx(0.1)


def test_of_many_tasks_the_last_are_known_and_were_handed_out_last(by_hand, rows):
    submit = by_hand.slot("submit", 0.0, first=1.0, last=8.0, count=8, name="pipe:1", api="submit")
    ran = by_hand.library("task", 8.0, last=9.0, count=8, cpu_s=4.0, name="app.work")
    last = [by_hand.task(at, at + 0.5, cpu_s=cpu) for at, cpu in ((7.2, 0.3), (8.2, 0.1))]
    row = rows(by_hand.owner([submit]), by_hand.worker(11, slots=[ran], tasks=last))

    assert row["queue_s"] == pytest.approx(0.2)
    assert (row["task_cpu_median"], row["task_cpu_max"]) == (pytest.approx(0.2), 0.3)


def test_threads_that_wait_for_each_other_do_not_wait_for_something_else(by_hand, rows):
    events = [by_hand.event("worker", 0.2, "pipe:1", name) for name in ("T-0", "T-1")]
    slots = [
        by_hand.library("task", 2.0, last=2.2, count=4, cpu_s=1.0, thread=name, native=native, name="app.work")
        for native, name in ((8, "T-0"), (9, "T-1"))
    ]
    tasks = [by_hand.task(n, n + 1, thread=name) for n in range(2) for name in ("T-0", "T-1")]
    main = by_hand.owner(slots, events, kind="ThreadPoolExecutor", method="thread", ledger={"tasks": tuple(tasks)})

    row = rows(main)

    assert (row["threads"], row["concurrency"], row["concurrency_max"]) == (True, 2.0, 2)
    assert row["task_wait_s"] == 0.0
    assert row["phase_s"] == pytest.approx(2.1), "nobody counts the results of threads: until the last task's end"


def test_interpreters_of_one_process_compute_at_the_same_time(by_hand, rows):
    events = [by_hand.event("worker", 0.2, "pipe:1", name) for name in ("I-0", "I-1")]
    slots = [
        by_hand.library("task", 2.0, last=2.2, count=4, cpu_s=1.0, thread=name, native=native, name="app.work")
        for native, name in ((8, "I-0"), (9, "I-1"))
    ]
    tasks = [by_hand.task(n, n + 1, thread=name) for n in range(2) for name in ("I-0", "I-1")]
    kind = {"kind": "InterpreterPoolExecutor", "method": "interpreter"}
    row = rows(by_hand.owner(slots, events, **kind, ledger={"tasks": tuple(tasks)}))

    assert (row["threads"], row["start_method"], row["concurrency"]) == (False, "interpreter", 2.0)
    assert (row["tasks"], row["task_s"], row["task_cpu_s"]) == (8, 4.0, 2.0)
    assert row["task_wait_s"] == 2.0, "they wait for no GIL, so for something else"
    assert (row["pickle_s"], row["args_b"], row["dispatch_s"]) == (None, None, None), "no tap sees it"


def test_the_tail_is_the_time_with_idle_workers(by_hand, rows):
    short, long = (by_hand.library("task", 1.0, last=end, count=1, name="app.work") for end in (3.0, 8.0))

    row = rows(
        by_hand.owner([by_hand.tally(last=8.0)]), by_hand.worker(11, slots=[short]), by_hand.worker(12, slots=[long])
    )

    assert (row["imbalance"], row["tail_s"]) == (pytest.approx(5.0), pytest.approx(5.0))


def test_a_worker_that_came_too_late_for_a_task_is_no_imbalance(by_hand, rows):
    done = by_hand.library("task", 1.0, last=3.0, count=1, name="app.work")
    main = by_hand.owner([by_hand.tally(last=3.0)])

    assert rows(main, by_hand.worker(11, slots=[done]), by_hand.worker(12, ready=5.0))["tail_s"] == 0.0
    assert rows(main, by_hand.worker(11, slots=[done]), by_hand.worker(12, ready=0.2))["tail_s"] == pytest.approx(2.8)


def test_what_tasks_would_take_with_the_longest_first_where_all_are_known(by_hand, rows):
    ran = by_hand.library("task", 6.0, last=6.0, count=4, name="app.work")
    tasks = [by_hand.task(0.0, 1.0), by_hand.task(1.0, 2.0), by_hand.task(2.0, 3.0), by_hand.task(3.0, 6.0)]

    assert rows(by_hand.owner(), by_hand.worker(11, slots=[ran], tasks=tasks))["in_order_s"] == pytest.approx(3.0)
    assert rows(by_hand.owner(), by_hand.worker(11, slots=[ran], tasks=tasks[1:]))["in_order_s"] is None


def test_a_full_pipe_is_waiting_not_sending(by_hand, rows):
    feeder = {"thread": "feeder", "native": 8}
    slots = [
        by_hand.library("pickle", 0.2, count=10, bytes=10_000, **feeder),
        by_hand.library("send", 5.0, count=10, bytes=10_000, name="pipe:1", **feeder),
    ]
    reading = by_hand.library("read", 3.0, count=10, name="pipe:1")
    unpickled = by_hand.library("unpickle", 0.1, count=10, bytes=10_000, name="pipe:1")

    row = rows(by_hand.owner(slots), by_hand.worker(11, slots=[reading, unpickled]))

    assert (row["pickle_s"], row["unpickle_s"], row["args_b"]) == (0.2, 0.1, 1000)
    assert row["send_s"] == pytest.approx(10_000 / 1e9 + 10 * 20e-6)
    assert row["recv_s"] == pytest.approx(row["send_s"])


def test_what_a_map_waits_for_is_wanted(by_hand, rows):
    counted = by_hand.tally(arrived=20, taken=1, looked=0.3)
    waited = by_hand.slot("result", 7.0, first=0.3, last=8.0, name="pipe:1")
    worker = by_hand.worker(11, tasks=[by_hand.task(n, n + 0.9) for n in range(1, 8)])

    assert rows(by_hand.owner([counted, waited]), worker)["unwanted"] == 0
    assert rows(by_hand.owner([counted]), worker)["unwanted"] == 7


def test_tasks_have_functions(by_hand):
    noted = by_hand.event("varied", 1.0, "app.work", 9, ["0.0", "0.1"], ["0.1"], [900, 100])
    longest = by_hand.event("longest", 1.0, "app.work", 900, "(str, int)")
    done = by_hand.library("task", 4.0, last=6.0, count=8, cpu_s=1.0, name="app.work")
    lives = [by_hand.owner(), by_hand.worker(11, slots=[done], tasks=[by_hand.task(1, 2)], events=[noted, longest])]
    found = seen(lives)

    (row,) = pool_tasks.rows(found, numbered(found))

    assert (row["function"], row["count"], row["median_s"]) == ("app.work", 8, 1.0)
    assert (row["same_args"], row["varying"], row["compared"]) == ("0.0", "0.1", 9)
    assert (row["args_b"], row["same_b"]) == (100, pytest.approx(90))
    assert pool_rows.rows(by_hand.run(*lives), found)[0]["task_max_args"] == "(str, int)"


@pytest.mark.parametrize(
    ("varied", "same", "share"),
    [([], "self,1", 1.0), (["self", "self.count"], "self.table,1", 0.99), (["self", "self.table", "1"], "", 0.0)],
)
def test_an_object_is_told_as_a_whole_or_by_what_weighs(by_hand, varied, same, share):
    positions, weights = ["self", "self.table", "self.count", "1"], [900, 890, 10, 100]
    noted = by_hand.event("varied", 1.0, "app.work", 9, positions, varied, weights)
    done = by_hand.library("task", 4.0, last=6.0, count=8, cpu_s=1.0, name="app.work")
    found = seen([by_hand.owner(), by_hand.worker(11, slots=[done], tasks=[by_hand.task(1, 2)], events=[noted])])

    (row,) = pool_tasks.rows(found, numbered(found))

    assert (row["same_args"], row["same_b"]) == (same, pytest.approx(100 * share))


def test_what_ran_alone(by_hand, rows):
    ran = by_hand.library("task", 8.0, last=6.0, count=8, name="app.work")
    both = [by_hand.task(0.0, 1.0), by_hand.task(2.0, 3.1), by_hand.task(3.0, 4.0)], [by_hand.task(0.5, 2.0)]
    workers = [by_hand.worker(11 + number, slots=[ran], tasks=tasks) for number, tasks in enumerate(both)]

    row = rows(by_hand.owner(), *workers)

    assert row["alone"] == pytest.approx(16 * 2 / 4), "the first two overlap by half"
    assert row["alone_s"] == pytest.approx(16.0 * 2.1 / 4.6)


def test_pools_of_one_line_are_told_together(by_hand):
    first = by_hand.owner()
    again = by_hand.event("pool", 5.0, "pipe:2", "Pool", 2, None, None, "fork", ("/p/app.py", 5, "main", "Pool", 0))
    both = by_hand.owner(events=[again], closed=None)

    assert len(pool_rows.rows(by_hand.run(both), seen([both]))) == 1
    assert pool_rows.rows(by_hand.run(both), seen([both]))[0]["pools"] == 2
    assert pool_rows.rows(by_hand.run(first), seen([first]))[0]["life_s"] == pytest.approx(8.9)
    assert isinstance(seen([first])[0], pools.PoolSeen)


def test_a_pool_that_is_closed_goes_on_with_what_it_was_given(by_hand, rows):
    submit = by_hand.slot("submit", 0.0, first=1.0, last=1.0, name="pipe:1", api="apply_async")

    assert rows(by_hand.owner([by_hand.tally(first=1.0, last=8.0), submit], closed=1.1))["life_s"] > 7.0


@pytest.mark.parametrize(
    ("seen_each", "timed", "count", "awaited"), [(100, 100, 100, 100), (40, 40, 1000, 1000), (10, 40, 1000, 250)]
)
def test_waits_that_were_not_timed_came_before_the_next_task_as_often_as_the_others(
    by_hand, rows, seen_each, timed, count, awaited
):
    tally = by_hand.tally(submits=1000)
    tally = tally.__class__(**{**vars(tally), "timed": seen_each})
    waited = by_hand.slot("result", first=0.3, name="pipe:1", timed=timed, count=count)

    assert rows(by_hand.owner([tally, waited]), by_hand.worker(11))["waited_each"] == awaited


def test_no_more_waits_than_tasks_are_told(by_hand, rows):
    tally = by_hand.tally(submits=20)
    tally = tally.__class__(**{**vars(tally), "timed": 15})
    waited = by_hand.slot("result", name="pipe:1", timed=15, count=900)

    assert rows(by_hand.owner([tally, waited]), by_hand.worker(11))["waited_each"] == 20


def in_order(by_hand, ordered_ns):
    told = by_hand.event("awaited", 9.8, "pipe:1", ordered_ns)
    waits = by_hand.slot("result", 2.0, first=1.5, last=7.4, count=3, name="pipe:1")
    return by_hand.owner([by_hand.tally(submits=9, last=6.0, looked=7.5), waits], events=[told])


@pytest.mark.parametrize(
    ("ordered", "lost"), [(1_000_000_000, 1.0), (4_000_000_000, 1.5)], ids=["all", "not more than there was left to do"]
)
def test_waits_for_one_result_while_another_was_there(by_hand, rows, ordered, lost):
    row = rows(in_order(by_hand, ordered), by_hand.worker(11))

    assert (row["ordered_wait_s"], row["handled_s"]) == pytest.approx((lost, 4.0)), "6.0 less 2.0 of waiting"


def test_what_an_owner_that_was_killed_would_have_told_is_unknown(by_hand, rows):
    row = rows(by_hand.owner([by_hand.tally()]), by_hand.worker(11))

    assert (row["ordered_wait_s"], row["handled_s"]) == (None, None)
