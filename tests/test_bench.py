"""The instrument itself: scheduling and stopping with a clock that only cases move; children with real processes."""

import time
from contextlib import contextmanager

import pytest

from mpdiag import work
from mpdiag.bench import FLOORS, Bench, DeadlineExceeded, PassOver, Plan, ProfilingBench, Skip, steady


class Clock:
    """A clock that moves when a case says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def case(self, *durations: float):
        """A case whose rounds take ``durations`` in turn, over and over."""
        turns = []

        def once():
            duration = durations[len(turns) % len(durations)]
            turns.append(duration)
            self.now += duration
            return {"wall": duration}

        return steady(once)


@pytest.fixture
def clock():
    return Clock()


def bench(clock, budget=10.0, level="default"):
    return Bench(Plan(probe="x", budget_s=budget, level=level), clock=clock)


def test_stops_when_the_interval_is_narrow(clock):
    measuring = bench(clock)
    samples = measuring.measure({"steady": clock.case(0.01)}, share=1.0)

    assert samples == {"steady": {"wall": [0.01] * 6}}
    assert measuring.stops == ["interval"]


def test_stops_when_the_share_of_the_budget_is_spent(clock):
    measuring = bench(clock, budget=10.0)
    samples = measuring.measure({"erratic": clock.case(0.1, 0.9)}, share=0.5)

    assert measuring.stops == ["budget"]
    assert 8 <= len(samples["erratic"]["wall"]) <= 10


def test_stops_after_the_most_rounds(clock):
    measuring = bench(clock, budget=1000.0)
    samples = measuring.measure({"erratic": clock.case(0.1, 0.9)}, share=1.0, most=12)

    assert measuring.stops == ["rounds"]
    assert len(samples["erratic"]["wall"]) == 12


@pytest.mark.parametrize("level", FLOORS)
def test_a_spent_budget_still_gets_a_few_rounds(clock, level):
    samples = bench(clock, budget=0.0, level=level).measure({"slow": clock.case(5.0)}, share=1.0)

    assert len(samples["slow"]["wall"]) == FLOORS[level]


def test_the_first_round_is_dropped(clock):
    samples = bench(clock).measure({"warms up": clock.case(9.0, *[0.01] * 50)}, share=0.1)

    assert 9.0 not in samples["warms up"]["wall"]


def test_rounds_are_interleaved(clock):
    order = []

    def case(name):
        def once():
            order.append(name)
            clock.now += 0.01
            return {"wall": 0.01}

        return steady(once)

    bench(clock).measure({"a": case("a"), "b": case("b")}, share=1.0)

    rounds = [set(order[index : index + 2]) for index in range(0, len(order), 2)]
    assert rounds == [{"a", "b"}] * 7


def test_a_denied_case_is_noted_and_the_others_go_on(clock):
    @contextmanager
    def denied():
        raise PermissionError(1, "Operation not permitted")
        yield

    measuring = bench(clock)
    samples = measuring.measure({("Queue", 64): denied, "Pipe": clock.case(0.01)}, share=1.0)

    assert list(samples) == ["Pipe"]
    assert measuring.notes == ["Queue 64 could not be measured: [Errno 1] Operation not permitted"]


def test_a_case_that_fails_half_way_is_left_out(clock):
    rounds = []

    def breaks():
        rounds.append(1)
        if len(rounds) == 3:
            raise OSError("gone")
        return {"wall": 0.1}

    measuring = bench(clock)
    samples = measuring.measure({"breaks": steady(breaks), "Pipe": clock.case(0.01)}, share=1.0)

    assert list(samples) == ["Pipe"]
    assert measuring.notes == ["breaks could not be measured: gone"]


def test_skips_when_nothing_can_be_measured(clock):
    def denied():
        raise NotImplementedError("no semaphores here")

    with pytest.raises(Skip, match="no semaphores here"):
        bench(clock).measure({"Queue": steady(denied)}, share=1.0)


def test_cases_are_taken_down_whatever_happens(clock):
    taken_down = []

    @contextmanager
    def case():
        try:
            yield lambda: {"wall": 1 / 0}
        finally:
            taken_down.append(True)

    with pytest.raises(ZeroDivisionError):
        bench(clock).measure({"bug": case}, share=1.0)
    assert taken_down == [True]


def test_sweep_says_what_it_left_out(clock):
    measuring = bench(clock, budget=1.0)
    seen = []
    for size in measuring.sweep("sizes", [1, 2, 3, 4]):
        seen.append(size)
        clock.now += 0.6

    assert seen == [1, 2]
    assert measuring.notes == ["the budget was spent before sizes 3, 4"]


def test_sweep_does_the_first_even_without_budget(clock):
    assert list(bench(clock, budget=0.0).sweep("sizes", [1, 2])) == [1]


@pytest.mark.parametrize(("level", "picked"), [("quick", 1), ("default", 2), ("thorough", 2)])
def test_pick(clock, level, picked):
    assert bench(clock, level=level).pick(1, 2) == picked


def test_once_notes_what_is_denied(clock):
    def denied():
        raise FileNotFoundError(2, "No such file")

    measuring = bench(clock)
    assert measuring.once("memory", denied) is None
    assert measuring.notes == ["memory could not be measured: [Errno 2] No such file"]


def test_the_profile_pass_runs_each_case_once_and_ends_in_time(clock):
    profiling = ProfilingBench(Plan(probe="x", budget_s=1.0), clock=clock)

    assert profiling.measure({"a": clock.case(0.6)}, share=1.0) == {"a": {"wall": [0.6]}}
    with pytest.raises(PassOver):
        profiling.measure({"b": clock.case(0.6), "c": clock.case(0.6)}, share=1.0)


@pytest.mark.parametrize("method", Bench(Plan(probe="x")).methods)
def test_a_child_is_ended_whatever_it_does(method):
    with Bench(Plan(probe="x")).child(time.sleep, 60, method=method) as child:
        assert child.is_alive()
    with pytest.raises(ValueError, match="closed"):
        child.is_alive()


def test_a_silent_child_is_not_waited_for():
    measuring = Bench(Plan(probe="x"))
    receiver, sender = measuring.context().Pipe(duplex=False)
    with receiver, sender, pytest.raises(DeadlineExceeded):
        measuring.receive(receiver, timeout=0.05)


def test_a_child_answers():
    measuring = Bench(Plan(probe="x"))
    receiver, sender = measuring.context("spawn").Pipe(duplex=False)
    with receiver, measuring.child(work.memory, sender, method="spawn"):
        sender.close()
        rss, uss = measuring.receive(receiver)
    assert rss is None or rss >= uss > 0


def test_the_profile_pass_asks_for_no_more_facts_once_it_is_over(clock):
    profiling = ProfilingBench(Plan(probe="x", budget_s=1.0), clock=clock)
    assert profiling.once("fact", lambda: 7) == 7

    clock.now = 2.0
    with pytest.raises(PassOver):
        profiling.once("fact", lambda: 7)
