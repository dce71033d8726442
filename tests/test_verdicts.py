from dataclasses import replace
from itertools import zip_longest

import pytest

from mpdiag import verdicts
from mpdiag.advice import Finding, Gain, Place
from mpdiag.report import SCHEMA, Account, Memory, ProcessAccount, Report, Section, Tool, Visited
from mpdiag.stats import measured


def report(**values):
    start = {"method": "fork", "joined": measured([0.003] * 7)}
    pays = {"way": "ProcessPoolExecutor", "task": 0.0003}
    defaults = {
        "python": {"default_start_method": "fork"},
        "machine": {"usable_cpus": 1.5},
        "sections": (
            Section("start_method", "", "ok", rows=(start,)),
            Section("pool_overhead.break_even", "", "ok", rows=(pays,)),
        ),
    }
    return Report(SCHEMA, "probe", Tool("mpdiag", "0"), "", 0.0, (), verdict="", **{**defaults, **values})


def finding(level):
    return Finding("MP702", "small-shm", level, "measured", "Little room", "", "")


def test_says_what_a_worker_and_a_task_cost():
    assert verdicts.probe(report(passed=("MP101",))) == (
        "A worker costs 3.00 ms by fork, the default on 1.50 usable CPUs; a pool pays for tasks above 300 µs; "
        "nothing on this machine stands in the way."
    )


def test_names_the_worst_finding():
    verdict = verdicts.probe(report(findings=(finding("warning"), finding("warning"), finding("note"))))
    assert verdict.endswith("look at MP702 small-shm and 1 more.")


def test_notes_do_not_stand_in_the_way():
    assert "nothing on this machine" in verdicts.probe(report(findings=(finding("note"),)))


def test_the_fork_server_counts_once_it_runs():
    row = {"method": "forkserver, next", "joined": measured([0.02] * 7)}
    sections = (Section("start_method", "", "ok", rows=(row,)),)
    verdict = verdicts.probe(report(python={"default_start_method": "forkserver"}, sections=sections))
    assert verdict.startswith("A worker costs 20.0 ms by forkserver")


def test_an_empty_report():
    assert verdicts.probe(report(sections=(), machine={}, python={})) == "Nothing was measured."


def test_a_machine_that_was_looked_at():
    looked_at = replace(report(findings=(finding("note"),)), kind="doctor")

    assert verdicts.of(looked_at) == "Ready for multiprocessing."
    assert verdicts.of(replace(looked_at, findings=(finding("warning"),))) == (
        "Not quite ready for multiprocessing: Little room (MP702 small-shm)."
    )


# --- of an observed program


def observed(findings=(), account=None, cpus=2.0, quota=None):
    machine = {"usable_cpus": cpus, "cpu_quota": quota}
    return replace(report(machine=machine, findings=findings), kind="run", account=account)


def costing(name, line, seconds):
    gain = Gain.of(seconds, 10.0, "all of it") if seconds else None
    place = Place("app.py", line) if line else None
    return replace(finding("warning"), name=name, title=name.capitalize(), place=place, gain=gain)


def test_names_the_cause_its_place_and_what_there_is_to_win():
    verdict = verdicts.run(observed((costing("slow-start", 12, 4.2), costing("other", None, None))))

    assert verdict == "Slow-start (app.py:12): MP702 slow-start; a fix can win at most 4.2 s (42 %); 1 more below."


@pytest.mark.parametrize(
    ("buckets", "why"),
    [
        ([{"cpu": 9.5, "pickle": 0.5}] * 2 + [{"join": 10.0}], "the CPUs are busy 95.0 % of the time, 95.0 % of it"),
        ([{"off_cpu": 9.0, "cpu": 1.0}] * 4 + [{"join": 10.0}], "90.0 % of what its processes do is off the CPU"),
        ([{"ready": 7.0, "cpu": 3.0}] * 2, "computed for 30.0 % of their time, and for 70.0 % of it no CPU was free"),
        ([{"cpu": 7.0, "off_cpu": 3.0}], "it is one process, which computes 70.0 % of the time"),
        ([{"start": 8.0, "cpu": 2.0}], "80.0 % of what its one process does is starting"),
        ([{"join": 10.0}], "where the time went was not observed"),
    ],
)
def test_says_why_there_is_nothing_to_gain(buckets, why):
    assert why in of_buckets(buckets)


def test_names_the_quota_whose_cpus_are_busy():
    assert "the 0.50 CPUs that its quota allows are busy 96.0 % of the time, 100 % of it" in of_buckets(
        [{"ready": 7.6, "cpu": 2.4}] * 2, cpus=0.5, quota=0.5
    )


def test_helpers_that_wait_to_be_needed_are_none_of_what_a_program_does():
    work = [{"import": 1.0, "cpu": 4.0, "off_cpu": 3.0, "join": 2.0}] * 2

    why = of_buckets([*work, {"off_cpu": 10.0}, {"off_cpu": 10.0}], ["worker"] * 2 + ["forkserver", "resource_tracker"])

    assert "50.0 % of what its processes do is computing" in why


@pytest.mark.parametrize(
    ("end", "said"), [(3, "It failed with exit code 3; until then"), ("SIGINT", "It was ended by SIGINT; until then")]
)
def test_a_program_that_did_not_do_its_work_is_told_so(end, said):
    main = ProcessAccount(1, 0, "main", "main", "", 0.0, 10.0, end, {"cpu": 10.0}, Memory(0))

    assert verdicts.run(observed(account=Account(10.0, (main,), {"cpu": 10.0}, 0.0))).startswith(said)


def of_buckets(buckets, roles=(), **machine):
    processes = tuple(
        ProcessAccount(1, 0, "", role, "fork", 0.0, 10.0, 0, each, Memory(0))
        for each, role in zip_longest(buckets, roles, fillvalue="worker")
    )
    total = {key: sum(each.get(key, 0.0) for each in buckets) for key in {key for each in buckets for key in each}}

    verdict = verdicts.run(observed(account=Account(10.0, processes, total, 0.0), **machine))

    assert verdict.startswith("Nothing to gain here: ")
    return verdict


def test_the_verdict_of_each_kind_and_of_others():
    assert verdicts.of(report()) == verdicts.probe(report())
    assert verdicts.of(observed()).startswith("Nothing to gain here")
    assert verdicts.of(replace(report(), kind="compare", verdict="as it was")) == "as it was"


# --- fleets


def fleet(*states, unusual=(), hosts=(), **values):
    told = tuple(
        Visited(f"h{number}", "", state, None if state == "ok" else "busy", 1.0, report() if state == "ok" else None)
        for number, state in enumerate(states, 1)
    )
    tables = (Section("unusual", "", "ok", rows=unusual), Section("hosts", "", "ok", rows=hosts))
    return verdicts.of(replace(report(), kind="fleet", sections=tables, hosts=told, **values))


def test_all_hosts_are_well():
    assert fleet("ok", "ok") == "2 of 2 hosts answered; nothing stands in the way."


def test_a_host_that_did_not_answer_is_named_with_the_reason():
    assert fleet("ok", "timeout", "failed").startswith("1 of 3 hosts answered (h2: busy; 1 more below); ")


def test_nobody_answered():
    assert fleet("failed") == "0 of 1 host answered (h1: busy)."


def test_the_worst_finding_of_a_fleet_is_named():
    assert "; look at MP702 small-shm and 1 more" in fleet("ok", findings=(finding("note"), *[finding("warning")] * 2))


def test_a_host_that_is_slow_is_told_by_its_pace_and_another_by_what_is_furthest_off():
    figure = {"host": "h1", "what": "CPU quota", "here": "2", "usual": "none"}

    slow = fleet("ok", unusual=(figure,), hosts=({"host": "h1", "unusual": 3, "pace": 1.9},))
    odd = fleet("ok", unusual=(figure,), hosts=({"host": "h1", "unusual": 3, "pace": 1.05},))

    assert slow.endswith("; h1 is unusual: what takes time takes 1.90× as long there.")
    assert odd.endswith("; h1 is unusual: CPU quota 2 (usual: none).")


def test_a_run_on_a_cluster_without_a_task():
    account = Account(1.0, (), {}, 0.0)

    assert fleet("ok", account=account) == "No task ran on the cluster."


def hangs(state, *waits):
    sections = (Section("look", "", "ok", rows=({"state": state},)), Section("waits", "", "ok", rows=waits))
    return verdicts.hang(report(sections=sections))


JOINS = {"who": "main", "kind": "process", "what": "waits for W1 (2) to end", "where": "app.py:7", "hope": "W1"}
RECEIVES = {"who": "W1 (2)", "kind": "read", "what": "waits for data from pipe 9", "hope": "W2"}
SLEEPS = {"who": "W2 (3)", "kind": "outside", "what": "sleeps", "where": "app.py:9"}


@pytest.mark.parametrize(("state", "words"), [("idle", "Not stuck, but idle: "), ("moving", "Not stuck: it moves; ")])
def test_who_goes_on_by_and_by_is_told_besides_main(state, words):
    told = hangs(state, JOINS, RECEIVES, SLEEPS)

    assert told == f"{words}main waits for W1 (2) to end at app.py:7; W2 (3) sleeps at app.py:9."


def test_what_is_stuck_waits_for_nobody_who_goes_on():
    assert "W2" not in hangs("stuck", JOINS, RECEIVES, SLEEPS)


def test_who_runs_is_told_rather_than_who_sleeps():
    runs = {"who": "W3 (4)", "kind": "runs", "what": "runs"}

    assert hangs("moving", JOINS, SLEEPS, runs).endswith("; W3 (4) runs.")


def test_main_may_be_who_goes_on():
    assert hangs("idle", SLEEPS) == "Not stuck, but idle: W2 (3) sleeps at app.py:9."


def test_who_does_the_same_as_main_does_so_too():
    both = {"who": "main and W1 (2)", "process": "main", "count": 2, "kind": "within", "what": "waits for a lock"}

    assert "main (as 1 other does) waits for a lock" in hangs("stuck", both)
