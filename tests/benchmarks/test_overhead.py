import subprocess
import sys

import overhead as script
import pytest
from loads import LOADS, WORKERS
from overhead import BUDGETED, GROWTH, HARDER, Cost, Runner, footprint, go_on, overhead, rounds, scaled, verdict

PROGRAMS = str(script.LOADS)


def test_every_program_is_used():
    growing = [each for sizes in GROWTH.values() for each in sizes]
    used = {load.name for load in (*BUDGETED.values(), *HARDER.values(), *growing)}

    assert used == set(LOADS)


@pytest.mark.parametrize("name", LOADS)
def test_every_program_runs(name, tmp_path):
    file = tmp_path / "took"
    python = Runner(sys.executable, tmp_path).command("bare", ["-W", "error"])
    subprocess.run([*python, PROGRAMS, name, str(WORKERS), "2", str(file)], check=True)

    assert float(file.read_text()) > 0


def test_a_run_is_timed_from_inside_and_outside(tmp_path):
    cost = Runner(sys.executable, tmp_path).run("bare", scaled(BUDGETED["pipe"], 0.0001))

    assert 0 < cost.work_s < cost.command_s


def test_rounds_drop_the_first_and_stop_at_each_tools_count():
    calls = {"bare": 0, "peer": 0}

    def case(tool):
        def run():
            calls[tool] += 1
            return Cost(calls[tool], 1.0)

        return run

    taken = rounds({("load", tool): case(tool) for tool in calls}, {"bare": 4, "peer": 2})

    assert [cost.work_s for cost in taken["load", "bare"]] == [2, 3, 4, 5]
    assert [cost.work_s for cost in taken["load", "peer"]] == [2, 3]


def test_a_tool_that_cannot_run_a_program_is_left_alone():
    tries = []

    def broken():
        tries.append(1)
        raise subprocess.CalledProcessError(1, "peer")

    assert rounds({("load", "peer"): broken}, {"peer": 3}) == {("load", "peer"): []}
    assert len(tries) == 1


def test_mpdiag_itself_may_not_fail():
    def broken():
        raise subprocess.CalledProcessError(1, "mpdiag")

    with pytest.raises(subprocess.CalledProcessError):
        rounds({("load", "mpdiag"): broken}, {"mpdiag": 1})


def test_ratios_are_paired_by_round():
    bare = [Cost(1.0, 2.0), Cost(2.0, 4.0), Cost(4.0, 8.0)]
    again = [Cost(0.9, 2.0), Cost(1.8, 4.0), Cost(3.6, 8.0)]
    under = [Cost(1.1, 3.0, 2.2), Cost(2.2, 6.0, 4.4), Cost(4.4, 12.0, 8.8)]

    assert overhead(BUDGETED["pipe"], bare, again, under)[1:] == [
        "3",
        "2.00 s",
        "0.900",
        "1.100",
        "1.100",
        "1.100",
        "1.500",
    ]


@pytest.mark.parametrize(("level", "apart", "total"), [(1.0, 0.0, 9), (1.3, 0.0, 9), (1.0, 0.2, 27), (1.3, 0.2, 27)])
def test_a_load_whose_ratio_is_not_known_gets_more_rounds_whatever_it_is(level, apart, total):
    made = {"steady": 0, "loose": 0}

    def observed(name):
        def run():
            made[name] += 1
            return Cost(level + (apart if name == "loose" and made[name] % 2 else 0.0), 1.0)

        return run

    cases = {(name, tool): lambda: Cost(1.0, 1.0) for name in made for tool in (*script.BARE, "peer")}
    cases.update({(name, "mpdiag"): observed(name) for name in made})
    counts = {**dict.fromkeys(script.OURS, 9), "peer": 1}
    taken = rounds(cases, counts)

    go_on(cases, counts, taken)

    assert {tool: len(taken["steady", tool]) for tool in counts} == {**dict.fromkeys(script.OURS, 9), "peer": 1}
    assert {tool: len(taken["loose", tool]) for tool in counts} == {**dict.fromkeys(script.OURS, total), "peer": 1}


def test_the_tools_of_a_load_follow_each_other():
    order = []

    def case(key):
        def run():
            order.append(key)
            return Cost(1.0, 1.0)

        return run

    keys = [(load, tool) for tool in script.OURS for load in "abcde"]
    rounds({key: case(key) for key in keys}, dict.fromkeys(script.OURS, 3))

    size = len(script.OURS)
    together = [order[at : at + size] for at in range(0, len(order), size)]
    assert len(order) == 4 * len(keys)
    assert all(len({load for load, _ in some}) == 1 and len(set(some)) == size for some in together)


def test_the_budget():
    assert verdict([1.01, 1.02, 1.049]) == "work: median 1.020 (≤ 1.02: met), worst 1.049 (≤ 1.05: met)"
    assert "missed), worst 1.300 (≤ 1.05: missed)" in verdict([1.03, 1.3])


def test_what_is_kept_is_counted_by_process(tmp_path):
    for name in ("101.1", "101.1.events", "102.1"):
        (tmp_path / name).write_bytes(b"x" * 5000)
    (tmp_path / "site.py").write_bytes(b"x" * 5000)
    block = (tmp_path / "site.py").stat().st_blocks * 512

    each, others = footprint(tmp_path)

    assert sorted(each) == [block, 2 * block]
    assert others == block
