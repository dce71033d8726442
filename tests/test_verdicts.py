from mpdiag import verdicts
from mpdiag.advice import Finding
from mpdiag.report import SCHEMA, Report, Section, Tool
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
    return Finding("MP702", "small-shm", level, "measured", "", "", "")


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
