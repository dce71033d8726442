"""Which hosts there are, and what becomes of asking them; no cluster, no real errand."""

import json
import threading
import time

import pytest

from mpdiag.fleet import visits
from mpdiag.fleet.contract import Refused, Worker

REQUEST = {"probes": False}


def said(name, kernel="", network=""):
    return json.dumps({"name": name, "kernel": kernel, "network": network})


def made(engine, timeout_s=30.0):
    turn = visits.Round(engine, visits.hosts(engine), REQUEST, timeout_s)
    turn.make(lambda done: None)
    return {visit.host.name: (visit.status, visit.reason, visit.text) for visit in turn.visits}


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(visits, "TICK", 0.001)
    monkeypatch.setattr(visits, "PRESENCE", 0.0)
    monkeypatch.setattr(visits, "GRACE", 0.05)


def test_workers_of_a_host_are_one(engine):
    for port in (1, 2, 3):
        engine.add(f"10.0.0.1:{port}", said("a", "k1"))
    engine.add("10.0.0.2:1", said("b", "k2"))

    assert [(host.name, len(host.workers)) for host in visits.hosts(engine)] == [("a", 3), ("b", 1)]


def test_containers_of_one_machine_are_hosts_with_a_kernel_in_common(engine):
    engine.add("10.0.0.1:1", said("pod-a", "k", "net:[1]"))
    engine.add("10.0.0.2:1", said("pod-b", "k", "net:[2]"))

    assert [(host.name, host.kernel) for host in visits.hosts(engine)] == [("pod-a", "k"), ("pod-b", "k")]


def test_hosts_of_one_name_are_told_apart(engine):
    engine.add("10.0.0.1:1", said("box", "k1"))
    engine.add("10.0.0.2:1", said("box", "k2"))

    assert [host.name for host in visits.hosts(engine)] == ["box (10.0.0.1)", "box (10.0.0.2)"]


@pytest.mark.parametrize("identity", ["", "[]", '{"name": 1}', "\x00"])
def test_who_does_not_say_who_it_is_goes_by_its_address(engine, identity):
    engine.add("10.0.0.1:1", identity)

    assert [host.name for host in visits.hosts(engine)] == ["10.0.0.1"]


def test_the_idlest_worker_of_each_host_is_asked_once(engine):
    engine.add("10.0.0.1:1", said("a", "k1"), lambda call: "busy", busy=3)
    engine.add("10.0.0.1:2", said("a", "k1"), lambda call: "idle")
    engine.add("10.0.0.2:1", said("b", "k2"), lambda call: "other")

    assert made(engine) == {"a": ("ok", None, "idle"), "b": ("ok", None, "other")}
    assert sorted(engine.submitted) == ["10.0.0.1:2", "10.0.0.2:1"]


def test_hosts_are_asked_at_the_same_time_but_those_of_one_kernel_in_turn(engine):
    both = threading.Barrier(2, timeout=30)
    running, most = [], []

    def alone(call):
        running.append(1)
        most.append(len(running))
        time.sleep(0.02)
        running.pop()
        return ""

    engine.add("10.0.0.1:1", said("a", "k1"), lambda call: str(both.wait() >= 0))
    engine.add("10.0.0.2:1", said("b", "k2"), lambda call: str(both.wait() >= 0))
    for number in range(3):
        engine.add(f"10.0.1.{number}:1", said(f"pod-{number}", "k3"), alone)

    assert {status for status, _, _ in made(engine).values()} == {"ok"}
    assert max(most) == 1


def test_one_that_refuses_is_a_row_with_a_reason_and_the_others_are_kept(engine):
    def refuse(call):
        raise Refused("its worker refused: no such file")

    engine.add("10.0.0.1:1", said("a", "k1"), refuse)
    engine.add("10.0.0.2:1", said("b", "k2"), lambda call: "fine")

    assert made(engine) == {"a": ("failed", "its worker refused: no such file", ""), "b": ("ok", None, "fine")}


def test_one_whose_worker_dies_is_a_row_with_a_reason(engine):
    def other(call):
        del engine.there["10.0.0.1:1"]
        return "fine"

    engine.add("10.0.0.1:1", said("a", "k1"))
    engine.add("10.0.0.2:1", said("b", "k2"), other)

    assert made(engine) == {
        "a": ("failed", "its worker died, or left the cluster, while it was asked", ""),
        "b": ("ok", None, "fine"),
    }


def test_a_busy_one_is_a_row_that_says_so(engine):
    engine.add("10.0.0.1:1", said("a", "k1"), busy=2)

    told = made(engine, timeout_s=0.05)

    assert told["a"][:2] == (
        "timeout",
        "busy: its idlest worker has 2 tasks of others, and began nothing within 0.05 s",
    )
    assert engine.jobs["10.0.0.1:1"].cancelled


def test_a_silent_one_is_a_row_that_says_so(engine):
    engine.add("10.0.0.1:1", said("a", "k1"))

    assert made(engine, timeout_s=0.05)["a"][:2] == ("timeout", "no answer within 0.05 s")


def test_an_interruption_keeps_what_is_there_and_stops_what_runs(engine):
    stopped = []
    at_once = engine.at_once
    engine.at_once = lambda some, call, timeout: stopped.append(call.function) or at_once(some, call, timeout)
    engine.add("10.0.0.1:1", said("a", "k1"), lambda call: "fine")
    engine.add("10.0.0.2:1", said("b", "k2"))
    engine.add("10.0.0.3:1", said("c", "k2"))
    turn = visits.Round(engine, visits.hosts(engine), REQUEST, 30.0)

    def tick(done):
        if done:
            raise KeyboardInterrupt

    turn.make(tick)

    assert turn.interrupted
    assert [(visit.host.name, visit.status, visit.reason) for visit in turn.visits] == [
        ("a", "ok", None),
        ("b", "skipped", "interrupted"),
        ("c", "skipped", "interrupted before its turn"),
    ]
    assert stopped == ["identity", "stop"]


def test_a_worker_that_has_left_before_its_turn_is_replaced_by_another_of_the_host(engine):
    engine.add("10.0.0.1:1", said("a", "k1"), lambda call: "first")
    engine.add("10.0.0.1:2", said("a", "k1"), lambda call: "second")
    found = visits.hosts(engine)
    del engine.there["10.0.0.1:1"]
    turn = visits.Round(engine, found, REQUEST, 30.0)
    turn.make(lambda done: None)

    assert [visit.text for visit in turn.visits] == ["second"]
    assert engine.there["10.0.0.1:2"] == Worker("10.0.0.1:2", "10.0.0.1")
