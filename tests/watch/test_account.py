"""Where time went: the account closes, and says what it does not know."""

import pytest

from mpdiag.watch.account import account


def told(by_hand, *lives):
    return account(by_hand.run(*lives), lives)


def test_the_buckets_of_a_process_close_to_its_life(by_hand):
    slots = [by_hand.slot("recv", 2.0), by_hand.slot("pickle", 0.5), by_hand.slot("join", 3.0)]
    outside = by_hand.vital(main_ready_s=0.4, rss_peak=10, uss_peak=8, pss_peak=9)
    ledger = by_hand.book(ended=9.8, slots=slots, cpu_s=2.5, main_cpu_s=2.5)

    found = told(by_hand, by_hand.life(book=ledger, vital=outside))

    (one,) = found.processes
    assert one.buckets == pytest.approx(
        {"exit": 0.2, "recv": 2.0, "pickle": 0.5, "join": 3.0, "cpu": 2.0, "ready": 0.4, "off_cpu": 1.9}
    )
    assert (one.cpu_s, one.memory.pss_peak) == (2.5, 9)
    assert found.unaccounted_fraction == 0.0


def test_starting_is_what_no_import_explains(by_hand):
    imports = by_hand.library("import", 0.3, first=0.2, last=5.0, count=40)
    born = by_hand.event("born", 1.0, "P-11", ("app.work",), "Process")
    ledger = by_hand.book(11, 0.2, ended=5.0, slots=[imports], events=[born], cpu_s=0.3, main_cpu_s=0.3)

    (one,) = told(by_hand, by_hand.life(11, "process", 0.0, 5.0, ledger)).processes

    assert one.buckets["start"] == pytest.approx(0.7), "imports share a slot, whose last one came later"
    assert one.buckets["import"] == pytest.approx(0.3)


def test_cpu_time_of_imports_within_imports_is_counted_once(by_hand):
    born = by_hand.event("born", 1.0, "P-11", ("app.work",), "Process")
    inner = by_hand.library("import", 0.5, first=0.2, last=0.9, cpu_s=0.5)
    main = by_hand.library("main_import", 0.1, first=0.1, last=0.95, wall_s=0.6, cpu_s=0.6)
    ledger = by_hand.book(11, 0.0, ended=5.0, slots=[inner, main], events=[born], cpu_s=3.0, main_cpu_s=3.0)

    (one,) = told(by_hand, by_hand.life(11, "process", 0.0, 5.0, ledger)).processes

    assert one.buckets["cpu"] == pytest.approx(3.0 - 0.4 - 0.6), "less the start and all imports"


@pytest.mark.parametrize("kind", ["task", "run"])
def test_a_start_that_waited_for_a_cpu_leaves_the_work_its_own(by_hand, kind):
    born = by_hand.event("born", 2.0, "P-11", ("app.work",), "Process")
    work = by_hand.library(kind, 1.0, first=2.0, last=3.0, cpu_s=0.9)
    pickled = by_hand.slot("pickle", 0.2, first=2.5, last=2.9)
    ledger = by_hand.book(11, 0.0, ended=3.0, slots=[work, pickled], events=[born], cpu_s=1.5, main_cpu_s=1.5)

    (one,) = told(by_hand, by_hand.life(11, "process", 0.0, 3.0, ledger)).processes

    assert (one.buckets["start"], one.buckets["cpu"]) == (pytest.approx(2.0), pytest.approx(0.7))


def test_what_a_killed_process_was_doing_lasts_to_its_end(by_hand):
    threads = ((7, "wait_task", by_hand.BEGAN + 4.0), (8, "recv", by_hand.BEGAN + 1.0))
    ledger = by_hand.book(11, threads=threads)
    outside = by_hand.vital(11, main_cpu_s=1.0)

    found = told(by_hand, by_hand.life(11, "worker", 0.0, 10.0, ledger, outside))

    assert found.processes[0].buckets == pytest.approx({"wait_task": 6.0, "cpu": 1.0, "off_cpu": 3.0})
    assert found.unaccounted_fraction == 0.0


@pytest.mark.parametrize(("looked", "unknown"), [(9.96, 0.04), (10.0, 0.0), (8.0, 0.1), (None, 0.1)])
def test_of_a_killed_process_what_came_after_the_last_look_is_not_known(by_hand, looked, unknown):
    outside = by_hand.vital(11, ended=10.0, main_cpu_s=1.0, looked=looked)
    found = told(by_hand, by_hand.life(11, "worker", 0.0, 10.0, by_hand.book(11), outside))

    assert found.processes[0].buckets == pytest.approx({"cpu": 1.0, "off_cpu": 9.0 - unknown})
    assert found.unaccounted_fraction == pytest.approx(unknown / 10)


def test_the_last_moment_of_a_killed_process_that_worked_is_not_known(by_hand):
    found = told(by_hand, by_hand.life(11, "worker", 0.0, 10.0, by_hand.book(11), by_hand.vital(11, main_cpu_s=1.0)))

    assert found.processes[0].buckets == pytest.approx({"cpu": 1.0, "off_cpu": 8.9})
    assert found.unaccounted_fraction == pytest.approx(0.01)


def test_a_process_that_nobody_saw_is_not_accounted_for(by_hand):
    found = told(by_hand, by_hand.life(11, "process", 0.0, 10.0))

    assert (found.processes[0].buckets, found.unaccounted_fraction) == ({}, 1.0)
    assert found.processes[0].cpu_s is None


def test_what_is_told_twice_is_not_hidden(by_hand):
    slots = [by_hand.slot("recv", 8.0), by_hand.slot("join", 7.0)]

    found = told(by_hand, by_hand.life(book=by_hand.book(ended=10.0, slots=slots, cpu_s=0.0, main_cpu_s=0.0)))

    assert sum(found.processes[0].buckets.values()) == pytest.approx(10.0)
    assert found.unaccounted_fraction == pytest.approx(0.5)


def test_estimates_are_fitted_into_the_time_there_was(by_hand):
    sampled = by_hand.slot("recv", 6.5, count=900)
    sampled = sampled.__class__(**{**vars(sampled), "timed": 30})

    found = told(by_hand, by_hand.life(book=by_hand.book(ended=10.0, slots=[sampled, by_hand.slot("join", 4.0)])))

    assert found.processes[0].buckets == pytest.approx({"recv": 6.0, "join": 4.0})
    assert found.unaccounted_fraction == pytest.approx(0.05), "by so much they were wrong"


def test_efficiency_is_balance_times_communication(by_hand):
    def child(pid, cpu):
        return by_hand.life(pid, "process", 0.0, 10.0, by_hand.book(pid, ended=10.0, cpu_s=cpu, main_cpu_s=cpu))

    found = told(by_hand, by_hand.life(book=by_hand.book()), child(11, 8.0), child(12, 4.0)).efficiency

    assert (found.load_balance, found.communication) == (pytest.approx(0.75), pytest.approx(0.8))
    assert found.parallel == pytest.approx(0.6)


@pytest.mark.parametrize(("timed", "waited"), [(1_000, 1.0), (10, 6.0)])
def test_a_worker_sleeps_in_its_tasks_or_waits_for_one(by_hand, timed, waited):
    waits = by_hand.slot("wait_task", 1.0, count=1_000, timed=timed)
    ledger = by_hand.book(
        11, ended=10.0, slots=[waits, by_hand.slot("task", 3.0, cpu_s=1.0)], cpu_s=2.0, main_cpu_s=2.0
    )

    (one,) = told(by_hand, by_hand.life(11, "worker", 0.0, 10.0, ledger)).processes

    assert one.buckets == pytest.approx({"wait_task": waited, "cpu": 2.0, "off_cpu": 8.0 - waited})
