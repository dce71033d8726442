"""The search for the best setting: on machines that are sums, without a clock or a process."""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import dataclass, field, replace

import pytest

from mpdiag.sized.curve import choose, points
from mpdiag.sizer.function import batch_cells
from mpdiag.sizer.outlook import Outlook, first, neighbours
from mpdiag.sizer.search import FINALISTS, OVER, TRIAL_S, Denied, Search, best
from mpdiag.sizer.settings import LOOP, PLAIN, THREADS, Batch, Setting, beyond, queueing, speedups

KINDS = ("threads", "fork", "spawn")
COMPUTES = Outlook(item=0.003, waiting=0.0, sending=1e-5, items=None, cpus=4, kinds=KINDS)
SLEEPS = replace(COMPUTES, item=0.02, waiting=0.99)


@dataclass
class Fake:
    """A machine whose clock is the sum of its batches.

    Args:
        outlook: of the function.
        serial: the part of the work that only one worker can do at a time.
        overhead: seconds for handing out one chunk to a process.
        noise: of each batch, as a part of it.
        denied: kinds that cannot be had.
        opening: seconds until a worker is up.
        busy: from when on everything takes how many times as long.
    """

    outlook: Outlook
    serial: float = 0.0
    overhead: float = 1e-4
    noise: float = 0.0
    denied: tuple[str, ...] = ()
    opening: float = 0.0
    busy: tuple[float, float] = (math.inf, 1.0)
    now: float = 0.0
    up: set[tuple[str, int, int]] = field(default_factory=set)
    executed: int = 0
    closed: list[Setting] = field(default_factory=list)

    def run(self, number: int, setting: Setting, count: int, until: float) -> Batch:
        if setting.kind in self.denied:
            raise Denied("not here")
        load = self.busy[1] if self.now >= self.busy[0] else 1.0
        wall = count * self.per_item(setting) * (1 + random.uniform(0, self.noise)) * load
        if setting.kind != LOOP:
            self.now += self.opening * setting.workers * load * (setting.crew not in self.up)
            self.up.add(setting.crew)
        if self.now + wall > until:  # a call in the loop cannot be ended
            self.now = until + (self.outlook.item * load if setting.kind == LOOP else 0.0)
            raise Denied("no result in time")
        self.now += wall
        self.executed += count
        return Batch(number, setting, count, count * self.outlook.item, wall)

    def per_item(self, setting: Setting) -> float:
        item, workers = self.outlook.item, setting.workers
        if setting.kind == LOOP:
            return item
        cpus = 1 if setting.kind == THREADS and self.outlook.gil else self.outlook.cpus
        useful = 1 / (self.serial + (1 - self.serial) / workers)
        computing = item * (1 - self.outlook.waiting) / cpus
        handing = 1e-5 if setting.kind == THREADS else self.overhead / setting.chunk + self.outlook.sending
        return max(item / useful, computing) + handing

    def search(self) -> Search:
        found = Search(self.outlook, self.run, self.closed.append, lambda: self.now)
        list(found.run())
        return found


def found_by(machine: Fake) -> tuple[Search, Setting]:
    search = machine.search()
    return search, best(speedups(search.batches))


@pytest.mark.parametrize("noise", [0.0, 0.04])
def test_a_computing_function_gets_a_process_for_each_cpu(noise):
    search, leader = found_by(Fake(COMPUTES, noise=noise))

    assert search.stopped == "interval"
    assert leader.processes
    assert leader.workers >= 4
    assert speedups(search.batches)[leader].median > 3.4


def test_a_waiting_function_gets_many_threads():
    machine = Fake(SLEEPS)
    search, leader = found_by(machine)

    assert search.stopped == "interval"
    assert (leader.kind, leader.workers >= 64) == (THREADS, True)


def test_a_function_that_releases_the_gil_gets_threads_too():
    machine = Fake(replace(COMPUTES, gil=False, sending=0.003))

    assert found_by(machine)[1].kind == THREADS


def test_a_tiny_function_stays_in_the_loop_whatever_the_chunksize():
    assert found_by(Fake(replace(COMPUTES, item=1e-7)))[1] == PLAIN


def test_a_short_function_gets_a_chunksize():
    search, leader = found_by(Fake(replace(COMPUTES, item=5e-5, sending=1e-6), overhead=2e-4))

    assert leader.processes
    assert leader.chunk >= 16
    assert search.stopped == "interval"


def test_no_more_workers_than_items():
    search = Fake(replace(SLEEPS, items=5)).search()

    assert max(batch.setting.workers for batch in search.batches) == 5


def test_what_cannot_be_had_is_told_and_left():
    search, leader = found_by(Fake(COMPUTES, denied=("fork",)))

    assert {setting.kind for setting in search.denied} == {"fork"}
    assert leader.kind == "spawn"


def test_a_kind_that_cannot_be_had_is_tried_once_and_takes_nothing_from_the_others():
    class Hangs(Fake):
        def run(self, number: int, setting: Setting, count: int, until: float) -> Batch:
            if setting.processes:
                self.now = min(self.now + 5.0, until)
            return super().run(number, setting, count, until)

    machine = Hangs(COMPUTES, denied=("fork", "spawn"))
    search = machine.search()

    assert len(search.denied) == 2
    assert machine.now <= COMPUTES.budget * (1 + OVER) + 2 * TRIAL_S
    assert {batch.setting.kind for batch in search.batches} == {LOOP, THREADS}
    assert search.stopped == "interval"


def test_nothing_but_the_loop():
    search = Fake(COMPUTES, denied=KINDS).search()

    assert {batch.setting for batch in search.batches} == {PLAIN}
    assert search.stopped == "interval"


def test_a_spent_budget_ends_it_with_the_likely_best_measured():
    machine = Fake(replace(COMPUTES, item=4.0, budget=10.0))
    search = machine.search()

    assert search.stopped == "budget"
    assert {batch.setting for batch in search.batches} == {PLAIN, Setting("fork", 4)}
    assert machine.now < 20


@pytest.mark.parametrize("budget", [6.0, 30.0])
@pytest.mark.parametrize("outlook", [COMPUTES, SLEEPS, replace(COMPUTES, item=0.3)])
@pytest.mark.parametrize("part", [0.1, 0.3, 0.6, 0.95])
def test_a_machine_that_gets_busy_does_not_make_it_late(outlook, budget, part):
    machine = Fake(replace(outlook, budget=budget), noise=0.3, busy=(part * budget, 10.0), opening=0.02)
    search = machine.search()

    assert machine.now <= budget * (1 + OVER) + TRIAL_S * len(search.denied) + 10 * outlook.item
    assert search.stopped
    assert len(search.denied) <= 1  # what came too late is not said to be impossible, but for the first workers


@pytest.mark.parametrize("kinds", [KINDS, KINDS[::-1]])
def test_workers_that_are_dear_to_start_are_not_started_at_the_end(kinds):
    machine = Fake(replace(COMPUTES, budget=6.0, kinds=kinds), noise=0.3, opening=0.3)
    search = machine.search()

    assert machine.now <= 6.0 * (1 + OVER)
    assert not search.denied


def test_threads_are_tried_though_the_first_processes_took_all_the_time():
    class Hangs(Fake):
        def run(self, number: int, setting: Setting, count: int, until: float) -> Batch:
            if setting.processes:
                self.now = until
                raise Denied("no result in time")
            return super().run(number, setting, count, until)

    machine = Hangs(replace(COMPUTES, budget=6.0))
    search = machine.search()

    assert {batch.setting.kind for batch in search.batches} == {LOOP, THREADS}
    assert [setting.kind for setting in search.denied] == ["fork"]
    assert machine.now <= 6.0 * (1 + OVER) + TRIAL_S


def test_limits_that_cannot_be_set_do_not_forbid_workers_without():
    class Uncontrolled(Fake):
        def run(self, number: int, setting: Setting, count: int, until: float) -> Batch:
            if setting.native:
                raise Denied("takes threadpoolctl")
            return super().run(number, setting, count, until)

    search = Uncontrolled(replace(COMPUTES, native=True)).search()

    assert {batch.setting.kind for batch in search.batches} == {LOOP, *KINDS}


@pytest.mark.parametrize("calls", [1, 10, 100, 1000])
def test_no_more_calls_than_are_allowed(calls):
    machine = Fake(replace(COMPUTES, calls=calls))
    search = machine.search()

    assert machine.executed <= calls
    assert search.stopped == "calls"


def test_no_more_results_at_once_than_there_is_memory_for():
    search = Fake(replace(COMPUTES, item=1e-5, most_items=8)).search()

    assert max(batch.items for batch in search.batches if batch.setting.kind == THREADS) <= 8


def test_calls_are_shared_out():
    search = Fake(replace(SLEEPS, calls=2000)).search()

    assert len({batch.setting for batch in search.batches}) >= 6


def test_what_falls_far_behind_is_closed():
    machine = Fake(COMPUTES)
    machine.search()

    assert Setting(THREADS, 2) in machine.closed


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_finals_are_rounds_of_the_few_best(noise):
    machine = Fake(COMPUTES, noise=noise)
    search = machine.search()
    finals = {batch.setting for batch in search.batches if batch.round == search.batches[-1].round - 1}

    assert search.final
    assert PLAIN in finals
    assert 2 <= len(finals) <= FINALISTS + 1
    assert all(setting == PLAIN or machine.per_item(setting) < 0.5 * COMPUTES.item for setting in finals)


def test_of_start_methods_that_do_not_differ_the_usual_goes_to_the_finals():
    search = Fake(COMPUTES).search()

    assert {batch.setting.kind for batch in search.batches[-3:]} <= {LOOP, "fork"}


def test_where_the_curve_matters_fewer_workers_are_in_the_finals():
    search = Fake(replace(COMPUTES, curve=True)).search()

    assert Setting("fork", 1) in {batch.setting for batch in search.batches if batch.round == search.batches[-1].round}


def test_a_start_method_that_is_clearly_faster_goes_to_the_finals():
    class Lame(Fake):
        def per_item(self, setting: Setting) -> float:
            return super().per_item(setting) * (1.3 if setting.kind == "fork" else 1.0)

    search, leader = found_by(Lame(COMPUTES))

    assert leader.kind == "spawn"
    assert {batch.setting.kind for batch in search.batches[-3:]} <= {LOOP, "spawn"}


def test_part_of_the_budget_is_kept_for_finals_when_all_look_alike():
    machine = Fake(replace(SLEEPS, budget=6.0), noise=0.3)
    search = machine.search()
    last = search.batches[-1].round

    assert search.final
    assert len({batch.setting for batch in search.batches if batch.round > last - 3}) <= FINALISTS + 1
    assert machine.now < 7.0


def test_all_settings_of_a_round_are_of_one_time():
    search = Fake(COMPUTES).search()
    rounds = {batch.round for batch in search.batches}

    assert rounds == set(range(len(rounds)))
    assert all(PLAIN in {batch.setting for batch in search.batches if batch.round == number} for number in rounds)


def test_the_first_are_the_loop_and_the_likely_best():
    assert first(COMPUTES)[:2] == [PLAIN, Setting("fork", 4, 1)]
    assert first(SLEEPS)[:2] == [PLAIN, Setting(THREADS, 96)]
    assert [setting.kind for setting in first(COMPUTES)][:4] == [LOOP, "fork", "threads", "spawn"]
    assert [setting.kind for setting in first(SLEEPS)][:4] == [LOOP, "threads", "fork", "spawn"]
    assert [setting.kind for setting in first(replace(COMPUTES, kinds=("threads",)))] == [LOOP, *["threads"] * 2]


def test_what_is_dear_to_send_is_not_sent_in_chunks():
    dear = replace(COMPUTES, item=1e-4, sending=3e-3)

    assert {setting.chunk for setting in first(dear)} == {1}
    assert {setting.chunk for setting in first(replace(dear, sending=1e-6)) if setting.processes} == {64}


def test_of_start_methods_that_would_do_the_same_only_the_usual_gets_many_workers():
    counts = {setting.kind: setting.workers for setting in first(SLEEPS) if setting.processes}

    assert counts == {"fork": 16, "spawn": 4}


#: What a call is like, and what a machine makes of it: computing, waiting, both, a lock, short, dear to send.
NATURES = [
    ({}, {}),
    ({"item": 0.01, "waiting": 0.99}, {}),
    ({"item": 0.01, "waiting": 0.75}, {}),
    ({"waiting": 0.98}, {"serial": 1.0}),
    ({"item": 7e-5, "sending": 1e-6}, {"overhead": 4e-4}),
    ({"item": 8e-4, "sending": 6e-3}, {}),
    ({"gil": False, "sending": 1e-3}, {}),
]


@pytest.mark.parametrize(("call", "machine"), NATURES)
def test_what_is_chosen_of_noisy_batches_is_close_to_the_best_there_is(call, machine):
    outlook = replace(COMPUTES, cpus=2, budget=7.0, **call)
    processes = itertools.product(("fork",), (1, 2, 3, 4, 6, 8, 12, 16), (1, 4, 16, 64, 256))
    grid = [PLAIN, *(Setting(THREADS, count) for count in range(1, 129)), *itertools.starmap(Setting, processes)]
    shares = []
    for seed in range(5):
        random.seed(seed)
        fake = Fake(outlook, noise=0.2, **machine)
        curve = points([batch_cells(batch) for batch in fake.search().batches], [], "fork")
        best_there = min(fake.per_item(setting) for setting in grid if setting.chunk * outlook.item < 0.05)
        shares.append(best_there / fake.per_item(choose(curve, "fork").chosen.setting))

    assert min(shares) >= 0.9


def test_one_cpu_and_one_item():
    assert first(replace(COMPUTES, cpus=1, items=1))[1].workers == 1


def test_neighbours_are_a_step_or_two_away():
    beside = neighbours(Setting("fork", 4, 4), replace(COMPUTES, item=1e-4))

    assert {(each.workers, each.chunk) for each in beside} == {(3, 4), (6, 4), (8, 4), (4, 16)}
    assert neighbours(PLAIN, COMPUTES) == []


def test_native_threads_are_tried_with_a_limit_and_without():
    class Crowded(Fake):
        def per_item(self, setting: Setting) -> float:
            return super().per_item(setting) * (1.0 if setting.native else 3.0)

    search, leader = found_by(Crowded(replace(COMPUTES, native=True)))

    assert leader.native == 1
    assert {setting.native for setting in first(replace(COMPUTES, native=True))} == {0, 1}
    assert first(replace(COMPUTES, native=True))[:3] == [PLAIN, Setting("fork", 4, 1, 1), Setting("fork", 4, 1, 0)]
    assert {setting.native for setting in first(COMPUTES)} == {0}
    assert {batch.setting.kind for batch in search.batches if batch.setting.native} == {LOOP, "threads", "fork"}


def test_speedups_are_paired_by_round():
    slow, fast = Batch(0, PLAIN, 1, 1.0, 2.0), Batch(1, PLAIN, 1, 1.0, 1.0)
    other = Setting("fork", 2)
    gains = speedups([slow, Batch(0, other, 2, 2.0, 2.0), fast, Batch(1, other, 2, 2.0, 1.0)])

    assert gains[other].samples == (2.0, 2.0)
    assert gains[PLAIN].samples == (1.0, 1.0)


@pytest.mark.parametrize(
    ("wall", "cpu", "ready", "at_once", "cpus", "others", "queued"),
    [
        (2.0, 1.0, 1.0, 1, 1.0, None, 1.0),  # a loop that others held up for half the time
        (2.0, 2.0, 2.0, 2, 2.0, 2.0, 1.0),  # two workers that shared one CPU
        (2.0, 4.0, 4.0, 4, 2.0, None, 0.0),  # four workers on two CPUs wait for each other
        (2.0, 3.0, 4.0, 4, 2.0, None, 0.5),  # so they do, and what is idle might be others' doing
        (2.0, 3.0, 4.0, 4, 2.0, 0.1, 0.05),  # but it is known that these did next to nothing
        (1.0, 0.0, 0.0, 8, 2.0, None, 0.0),  # nothing told
        (1.0, 0.0, 9.0, 1, 1.0, None, 0.95),  # clocks that disagree
    ],
)
def test_only_what_others_took_is_left_out(wall, cpu, ready, at_once, cpus, others, queued):
    assert queueing(wall, ready / at_once, beyond(wall, cpu, cpus, others)) == pytest.approx(queued)
