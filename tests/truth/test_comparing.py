import pytest

from mpdiag.report import Account, Memory, ProcessAccount
from mpdiag.truth.comparing import Compared, compare, sections, verdict

TRUTH = [
    {"role": "worker", "pid": 7, "life": 2.0, "buckets": {"cpu": 1.0, "off_cpu": 0.5, "lock": 0.0}},
    {"role": "main", "pid": 6, "life": 4.0, "buckets": {"join": 2.0}},
]


def account(*processes):
    told = tuple(
        ProcessAccount(pid, 1, "python", "worker", "fork", 0.0, 2.0, 0, buckets, Memory(1))
        for pid, buckets in processes
    )
    return Account(4.0, told, {}, 0.0)


def one(true=1.0, reported=1.0, method="fork", bucket="cpu"):
    return Compared("pool", method, "worker", bucket, 2.0, true, reported)


def test_buckets_are_compared_with_the_process_of_the_same_pid():
    told = account((6, {"join": 2.1}), (7, {"cpu": 0.901, "off_cpu": 0.5, "recv": 0.3}), (8, {"cpu": 5.0}))
    found = compare("process", "spawn", TRUTH, told)

    assert [(each.process, each.bucket, each.true_s, each.reported_s) for each in found] == [
        ("worker", "cpu", 1.0, 0.901),
        ("worker", "off_cpu", 0.5, 0.5),
        ("worker", "lock", 0.0, 0.0),
        ("main", "join", 2.0, 2.1),
    ]
    assert found[0].difference == pytest.approx(-0.0495)
    assert {(each.program, each.method, each.ok) for each in found} == {("process", "spawn", True)}


def test_a_process_that_is_not_in_the_account_is_not_right():
    found = compare("process", "spawn", TRUTH, account((7, {"cpu": 1.0, "off_cpu": 0.5})))

    assert [each.ok for each in found] == [True, True, True, False]
    assert not any(each.ok for each in compare("process", "spawn", TRUTH, None))


def test_five_points_are_the_limit():
    assert one(1.0, 1.09).ok
    assert not one(1.0, 1.11).ok
    assert not one(1.0, 0.88).ok


def test_tables_leave_out_what_is_next_to_nothing_and_begin_with_the_worst():
    compared = [one(), one(1.0, 1.5, bucket="recv"), one(0.001, 0.002, bucket="lock"), one(0.0, 0.9, bucket="send")]
    (table,) = sections(compared, {})

    assert [row["bucket"] for row in table.rows] == ["send", "recv", "cpu"]
    assert table.rows[1] == {
        "program": "pool",
        "process": "worker",
        "bucket": "recv",
        "true": 1.0,
        "reported": 1.5,
        "difference": 0.25,
        "ok": False,
    }


def test_a_start_method_that_gave_nothing_has_its_reason():
    fork, spawn = sections([one()], {"spawn": "the program ended with 1"})

    assert (fork.id, fork.status, len(fork.rows)) == ("selftest.fork", "ok", 1)
    assert (spawn.id, spawn.status, spawn.reason) == ("selftest.spawn", "failed", "the program ended with 1")


def test_the_verdict():
    worst = "(cpu of the worker process, pool by fork)"

    assert (
        verdict([one(1.0, 1.08)], {}) == f"every bucket is within 5 points of the truth; the worst: +4.0 points {worst}"
    )
    assert verdict([one(), one(1.0, 0.5)], {}).startswith(
        "1 of 2 buckets are off by more than 5 points; the worst: -25.0"
    )
    assert "not reported" in verdict([one(1.0, None)], {})
    assert verdict([one()], {"spawn": "it broke"}) == "not checked: spawn: it broke"
    assert verdict([], {}) == "not checked: nothing ran"
