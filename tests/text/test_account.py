import pytest

from mpdiag.report import Account, Efficiency, Memory, ProcessAccount
from mpdiag.text import account as accounts
from mpdiag.text.buckets import BUCKETS, UNACCOUNTED, bucket


def process(pid, name, role="worker", born=0.0, ended=10.0, buckets=None, **more):
    known = {"start_method": "fork", "exit": 0, "memory": Memory(1000 + pid), **more}
    return ProcessAccount(pid, 1, name, role, born_s=born, ended_s=ended, buckets=buckets or {"cpu": 10.0}, **known)


def account(*processes, efficiency=None):
    total = {}
    for one in processes:
        for key, time in one.buckets.items():
            total[key] = total.get(key, 0.0) + time
    return Account(10.0, processes, total, 0.01, efficiency)


def drawn(line, width=20):
    return "".join((part.letter if part else " ") * count for part, count in line.bar(10.0, width))


def test_every_bucket_has_a_letter_of_its_own_and_says_what_it_means():
    letters = [one.letter for one in (*BUCKETS.values(), UNACCOUNTED)]

    assert len(set(letters)) == len(letters)
    assert all(one.letter.isascii() and one.about for one in BUCKETS.values())


def test_an_unknown_bucket_keeps_its_name():
    assert (bucket("gpu_wait").words, bucket("gpu_wait").letter) == ("gpu wait", "*")


def test_the_main_process_comes_first_then_by_birth():
    shown, left = accounts.lines(account(process(3, "b", born=2.0), process(2, "a", born=1.0), process(1, "m", "main")))

    assert [line.label for line in shown] == ["main", "a", "b"]
    assert left == 0


def test_a_bar_begins_at_birth_and_ends_at_death():
    line = accounts.Line((process(1, "w", born=2.5, ended=7.5, buckets={"cpu": 2.5, "import": 2.5}),))

    assert drawn(line) == "     IIIIICCCCC"


def test_a_moment_beyond_all_numbers_ends_the_bar():
    line = accounts.Line((process(1, "w", born=0.0, ended=1e10, buckets={"cpu": 1e10}),))

    assert line.bar(1e-300, 20) == [(BUCKETS["cpu"], 20)]
    assert accounts.Line((process(1, "w", born=-1e308, ended=1e308),)).bar(10.0, 20) == []


def test_what_the_account_leaves_open_is_shown():
    assert drawn(accounts.Line((process(1, "w", buckets={"cpu": 5.0}),))) == "CCCCCCCCCC??????????"


@pytest.mark.parametrize(("born", "ended"), [(0.0, 0.0), (10.0, 10.0), (9.999, 10.5), (-1.0, 0.001), (11.0, 12.0)])
def test_the_shortest_life_is_a_character_within_the_axis(born, ended):
    bar = drawn(accounts.Line((process(1, "w", born=born, ended=ended, buckets={"cpu": 0.001}),)))

    assert 0 < len(bar) <= 20
    assert bar.strip()


def test_a_run_without_duration_has_no_bars():
    assert accounts.Line((process(1, "w"),)).bar(0.0, 20) == []


def test_like_processes_are_grouped_once_there_are_many():
    workers = [process(n, f"ForkPoolWorker-{n}", exit="SIGKILL" if n < 4 else 0) for n in range(2, 42)]
    shown, left = accounts.lines(account(process(1, "MainProcess", "main"), *workers))

    assert [line.label for line in shown] == ["main", "40 × ForkPoolWorker"]
    assert (shown[1].exit, shown[1].cpu_s, shown[1].life_s, shown[1].memory) == ("2 × SIGKILL", 400.0, 10.0, 1041)
    assert left == 0


@pytest.mark.parametrize(
    ("role", "code", "shown"),
    [("worker", "SIGTERM", ""), ("process", "SIGTERM", "SIGTERM"), ("worker", None, ""), ("worker", 1, "1")],
)
def test_an_end_worth_a_word(role, code, shown):
    assert accounts.Line((process(1, "w", role, exit=code),)).exit == shown


def test_verbose_shows_each_process():
    workers = [process(n, f"w-{n}") for n in range(40)]

    assert len(accounts.lines(account(*workers), verbose=True)[0]) == 40


def test_of_many_groups_those_that_lived_longest_are_shown():
    names = "abcdefghijklmnopqrst"
    odd = [process(n, name, ended=1.0 + n) for n, name in enumerate(names)]

    shown, left = accounts.lines(account(process(99, "MainProcess", "main", ended=0.5), *odd))

    assert [line.label for line in shown] == ["main", *names[-11:]]
    assert left == 9


def test_a_name_that_does_not_tell_the_role_gets_it():
    assert accounts.Line((process(1, "Server-1", "manager"),)).label == "Server-1 (manager)"
    assert accounts.Line((process(1, "SyncManager-1", "manager"),)).label == "SyncManager-1"
    assert accounts.Line((process(1, ""),)).label == "worker"


def test_small_buckets_share_a_line_and_the_rest_is_always_told():
    large, small = accounts.shares(account(process(1, "w", buckets={"cpu": 9.8, "lock": 0.04, "send": 0.0})))

    assert [(one.bucket.key, one.fraction) for one in large] == [("cpu", pytest.approx(0.98)), ("unaccounted", 0.01)]
    assert accounts.minor(small) == "below 0.5 % each: l waiting for a lock"


@pytest.mark.parametrize(
    ("factors", "said"),
    [
        ((0.9, 0.95, 0.95), "communication 95 %."),
        ((0.5, 0.55, 0.91), "91 %: some processes had much more to do than others."),
        ((0.5, 0.9, 0.55), "55 %: even the busiest process mostly waited, started or handed over."),
        ((0.7, 0.84, 0.83), "83 %: a little of both is lost."),
        ((0.01, 0.95, 0.02), "2 %: even the busiest process mostly waited, started or handed over."),
    ],
)
def test_a_low_efficiency_names_its_cause(factors, said):
    assert accounts.efficiency(account(process(1, "w"), efficiency=Efficiency(*factors))).endswith(said)


def test_of_processes_that_sleep_it_says_nothing():
    asleep = process(1, "w", buckets={"cpu": 0.2, "off_cpu": 9.8})

    said = accounts.efficiency(account(asleep, efficiency=Efficiency(0.01, 0.5, 0.02)))

    assert said == "Parallel efficiency 1 %: it measures computing, on which the busiest process spent 2 %."


def test_a_process_that_gets_no_cpu_did_not_just_wait():
    queued = process(1, "w", buckets={"cpu": 3.0, "ready": 5.0, "join": 2.0})

    said = accounts.efficiency(account(queued, efficiency=Efficiency(0.3, 0.9, 0.3)))

    assert said.endswith("even the busiest process mostly queued for a CPU.")


def test_without_an_efficiency_nothing_is_said():
    assert accounts.efficiency(account(process(1, "w"))) == ""
