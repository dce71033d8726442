import pytest

from mpdiag import ideals
from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.tiny_tasks import RULE, chunk
from mpdiag.stats import measured


def facts(overhead: float, pays: float | None = 1.0, **tables) -> Facts:
    def row(way, factor):
        cost = measured([overhead * factor] * 7)
        return {
            "way": way,
            "overhead": cost,
            "task": pays and measured([overhead * factor * pays] * 7),
            "good": pays and measured([overhead * factor * 3] * 7),
        }

    rows = (row("ProcessPoolExecutor.map", 1), row("Pool.imap", 0.3))
    return Facts("pool_overhead", {"break_even": rows, **tables})


def test_names_the_task_that_pays_and_the_chunksize_for_less():
    (finding,) = RULE.judge(facts(90e-6))

    assert finding.level == "note"
    assert "90.0 µs [90.0–90.0]" in finding.seen
    assert "27.0 µs by Pool.imap" in finding.seen
    assert "tasks of 270 µs or more" in finding.do
    assert "chunksize=90)" in finding.do
    assert finding.evidence[0].value == 90e-6
    assert finding.concern == pytest.approx(9)


def test_tells_what_was_tried_out():
    tried = ({"task": 90e-6, "executor": measured([0.97] * 7), "expected": 1.0},)
    (finding,) = RULE.judge(facts(90e-6, tried_out=tried))

    assert finding.evidence[-1].label == "speed-up of tasks of 90.0 µs on two workers"
    assert finding.evidence[-1].value == 0.97


@pytest.mark.parametrize(("overhead", "size"), [(90e-6, 90), (91e-6, 100), (247e-6, 300), (1e-3, 1000), (12e-6, 20)])
def test_chunksizes_are_round(overhead, size):
    assert chunk(overhead) == size


def test_one_cpu_is_said():
    (finding,) = RULE.judge(facts(90e-6, pays=None))

    assert finding.seen.startswith("One CPU is usable here: no pool")
    assert "plain loop" in finding.do


def test_silent_where_dispatch_is_cheap():
    assert list(RULE.judge(facts(9e-6))) == []


def test_not_judged_without_a_break_even():
    with pytest.raises(NotJudged):
        list(RULE.judge(Facts("pool_overhead", {})))


def tiny(a_pool, **cells):
    small = {"tasks": 36_000, "items": 36_000, "task_s": 0.2, "task_cpu_s": 0.2, "task_max": 1e-4, "task_median": 5e-6}
    cost = {"dispatch_s": 7e-5, "pickle_s": 0.2, "unpickle_s": 0.1, "result_pickle_s": 0.1, "result_unpickle_s": 0.1}
    return a_pool(**{**small, **cost, "phase_s": 3.6, "how": "executor.map", **cells})


def test_a_program_with_tasks_of_microseconds(observe, a_pool):
    (finding,) = observe(RULE, pools=[tiny(a_pool)])

    assert finding.level == "warning"
    assert finding.gain.ceiling_s == pytest.approx(3.5 * ideals.SLACK, rel=0.05)
    assert "36,000 tasks of the Pool (app.py:7) worked for 5.56 µs each" in finding.seen
    assert "map(…, chunksize=400)" in finding.do


def test_tasks_handed_out_singly_are_to_be_batched(observe, a_pool):
    (finding,) = observe(RULE, pools=[tiny(a_pool, how="apply_async")])

    assert "with each apply_async(), in a function that loops" in finding.do


def test_no_more_is_promised_than_handing_out_costs(observe, a_pool):
    (finding,) = observe(RULE, pools=[tiny(a_pool, dispatch_s=1e-5)])

    assert finding.gain.ceiling_s == pytest.approx((0.36 + 0.5) * ideals.SLACK, rel=0.1), (
        "the rest is a slow producer's"
    )


@pytest.mark.parametrize(
    "cells",
    [
        {"task_s": 6.8, "task_cpu_s": 6.8},
        {"args_b": 200_000.0},
        {"result_pickle_s": 1.0, "pickle_s": 1.0, "args_b": 4000.0},
        {"tasks": 90, "items": 90},
        {"phase_s": 0.15, "dispatch_s": 1e-7},
        {"threads": True},
    ],
)
def test_silent_where_something_else_costs(observe, a_pool, cells):
    assert observe(RULE, pools=[tiny(a_pool, **cells)]) == []


def test_not_judged_where_the_dispatch_was_not_timed(observe, a_pool):
    with pytest.raises(NotJudged, match="dispatch_s"):
        observe(RULE, pools=[tiny(a_pool, dispatch_s=None)])


def test_replacing_workers_is_not_handing_out(observe, a_pool):
    restarts = {"maxtasks": 100, "workers": 2, "started": 362, "child_start_s": 0.019}

    assert observe(RULE, pools=[tiny(a_pool, **restarts)]) == [], "360 * 0.019 / 2 of 3.5 s"


# --- on a cluster


def on_cluster(**row):
    group = {"name": "parse", "tasks": 10_000, "task_s": 1.0, "idle_s": 8.0, **row}
    cluster = Facts("cluster", {"": ({"wall_s": 10.0, "lanes": 4},)})
    return list(RULE.fleet(cluster=cluster, groups=Facts("groups", {"": (group,)})))


def test_tasks_shorter_than_the_wait_between_them_are_tiny():
    (found,) = on_cluster()

    assert found.level == "warning"
    assert found.seen.startswith(
        "10,000 tasks called parse took 100 µs each; between them their 4 threads waited 3.20 ms"
    )
    assert found.gain.ceiling_s == 9.6


@pytest.mark.parametrize(
    "row",
    [
        {"tasks": 50},
        {"task_s": 200.0},  # 20 ms each
        {"task_s": 9.0, "idle_s": 0.02},  # handed out without a wait
        {"task_s": 40.0, "idle_s": 6.0},  # longer than the wait between them
    ],
)
def test_few_long_or_quickly_handed_out_tasks_are_fine(row):
    assert on_cluster(**row) == []
