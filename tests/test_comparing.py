import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mpdiag import compared_many, reports
from mpdiag.advice import Finding, Gain, Place
from mpdiag.compared_findings import names
from mpdiag.comparing import compare, regressions, side_by_side, since
from mpdiag.errors import BadInput
from mpdiag.model import Column, Measured
from mpdiag.renderers import markdown, terminal
from mpdiag.report import Account, Memory, ProcessAccount, Section, Style

GOLDEN = Path(__file__).parent / "golden"
PROBE = reports.decode((GOLDEN / "probe.json").read_bytes(), "probe.json")
RUN = reports.decode((GOLDEN / "run.json").read_bytes(), "run.json")
LINT = reports.decode((GOLDEN / "lint.json").read_bytes(), "lint.json")


def finding(rule, ceiling=None, level="warning", function="main", file="app.py", line=1):
    gain = Gain(ceiling, ceiling / 10, "why") if ceiling else None
    return Finding(
        rule, rule.lower(), level, "measured", "t", "s", "d", place=Place(file, line, None, function), gain=gain
    )


def program(wall, *findings, cpu=1.0, code=0):
    main = ProcessAccount(
        1, 0, "MainProcess", "main", "", 0.0, wall, code, {"cpu": cpu, "join": wall - cpu}, Memory(2**26)
    )
    return replace(RUN, account=Account(wall, (main,), main.buckets, 0.0), findings=findings)


def table(report, name):
    return next(section for section in report.sections if section.id == name)


def states(report):
    return [(row["state"], row["rule"]) for row in table(report, "findings").rows]


def test_a_gain_that_came_true():
    compared = compare(program(7.8, finding("MP201", 3.2)), program(4.9))

    assert compared.verdict == (
        "The wall time fell by 2.90 s (37 %): 7.80 s before, 4.90 s after. "
        "MP201 predicted at most 3.2 s; gone now; wall fell by 2.9 s (91 % of the ceiling)."
    )
    assert (compared.kind, compared.account, compared.findings) == ("compare", None, ())


def test_several_gains_count_together():
    before = program(10.0, finding("MP201", 3.0), finding("MP401", 1.0), finding("MP605"))

    assert compare(before, program(8.0)).verdict.endswith(
        "MP201 and MP401 predicted at most 4.0 s together; gone now; wall fell by 2.0 s (50 % of the ceiling); "
        "MP605 gone, without a gain foretold."
    )


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (10.0, "gone now; nothing of it was won."),
        (12.0, "gone now; nothing of it was won."),
        (6.9, "wall fell by 3.1 s (100 % of the ceiling)."),
        (4.0, "wall fell by 6.0 s (200 % of the ceiling): something else changed too."),
    ],
)
def test_a_gain_that_came_otherwise(after, said):
    assert compare(program(10.0, finding("MP201", 3.0)), program(after)).verdict.endswith(said)


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (10.4, "The wall time is the same within 5 %: 10.0 s before, 10.4 s after."),
        (12.0, "The wall time rose by 2.00 s (20 %): 10.0 s before, 12.0 s after."),
    ],
)
def test_no_gain(after, said):
    assert compare(program(10.0), program(after)).verdict == said


def test_findings_are_paired_by_rule_and_function_for_a_fix_moves_lines():
    before = program(10.0, finding("MP201", 3.0, line=5), finding("MP301"), finding("MP402", function="a"))
    after = program(10.0, finding("MP201", 1.0, line=9, file="fixed.py"), finding("MP402", function="b"))

    compared = compare(before, after)

    assert states(compared) == [("gone", "MP301"), ("gone", "MP402"), ("still there", "MP201"), ("new", "MP402")]
    assert table(compared, "findings").rows[2].items() >= {"before_s": 3.0, "after_s": 1.0}.items()
    assert [one.place.function for one in compared.findings] == ["b"]
    assert compared.verdict.endswith("Still there: MP201; new: MP402.")


def test_one_of_two_like_findings_is_gone():
    assert states(compare(program(9.0, finding("MP201"), finding("MP201")), program(9.0, finding("MP201")))) == [
        ("gone", "MP201"),
        ("still there", "MP201"),
    ]


def test_buckets_come_by_their_difference():
    compared = compare(program(10.0, cpu=4.0), program(6.0, cpu=3.5))

    assert [(row["bucket"], row["difference"]) for row in table(compared, "buckets").rows] == [
        ("join", pytest.approx(-3.5)),
        ("cpu", pytest.approx(-0.5)),
    ]
    assert table(compared, "wall").rows[0].items() >= {"before": 10.0, "after": 6.0, "ratio": 0.6}.items()


def test_runs_of_no_duration_have_no_ratio():
    compared = compare(program(0.0, cpu=0.0), program(0.0, cpu=0.0))

    assert table(compared, "wall").rows[0]["ratio"] is None


def doubts(before, after):
    return [one.text for one in compare(before, after).quality]


def test_what_else_may_have_made_the_difference_is_said():
    other = replace(
        program(1.0, code=1), machine={**RUN.machine, "usable_cpus": 8}, python={**RUN.python, "version": "3.14.0"}
    )

    assert doubts(program(1.0), program(1.0)) == []
    assert doubts(program(1.0), other) == [
        "not the same machine: usable cpus 2, then 8",
        "not the same interpreter: version 3.12.1, then 3.14.0",
        "the program failed in AFTER (exit 1): its times may mean little",
    ]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (RUN, PROBE, "a run report cannot be compared with a probe report"),
        (replace(RUN, kind="compare"), replace(RUN, kind="compare"), "comparisons cannot be compared"),
        (replace(RUN, account=None), RUN, "BEFORE has no account of where the time went"),
        (RUN, replace(RUN, account=None), "AFTER has no account of where the time went"),
    ],
)
def test_what_cannot_be_compared(before, after, said):
    with pytest.raises(BadInput, match=said) as raised:
        compare(before, after)

    assert raised.value.hint


# --- two looks at a machine


def spread(median, width=0.02, n=9):
    return Measured(median, median * (1 - width), median * (1 + width), n)


def machine(*rows):
    keys = (Column("channel", "channel"), Column("size", "size", "B"))
    figures = (Column("t", "time", "s"), Column("r", "rate", "1/s"), Column("x", "ratio", "x"))
    section = Section("channels", "Channels", "ok", columns=(*keys, *figures), rows=rows)
    return replace(PROBE, sections=(section,), findings=())


def row(channel="Pipe", size=64, **cells):
    return {"channel": channel, "size": size, **cells}


def changes(before, after):
    compared = compare(before, after)
    return {
        (each["what"], each["quantity"]): each["change"]
        for name in ("changed", "same")
        for section in compared.sections
        if section.id == name
        for each in section.rows
    }


@pytest.mark.parametrize(
    ("column", "before", "after", "change"),
    [
        ("t", spread(1.0), spread(1.2), "slower"),
        ("t", spread(1.2), spread(1.0), "faster"),
        ("r", spread(1.0), spread(1.2), "faster"),
        ("r", spread(1.2), spread(1.0), "slower"),
        ("x", spread(1.0), spread(1.2), "more"),
        ("x", spread(1.2), spread(1.0), "less"),
        ("t", spread(1.0, 0.15), spread(1.2, 0.15), "same"),  # the intervals overlap
        ("t", spread(1.0, 0.001), spread(1.04, 0.001), "same"),  # too little to matter
        ("t", spread(1.0, n=2), spread(5.0, n=2), "unsure"),
        ("t", spread(0.0), spread(1.0), "unsure"),
    ],
)
def test_a_figure_changed_only_beyond_its_interval(column, before, after, change):
    found = changes(machine(row(**{column: before})), machine(row(**{column: after})))

    assert list(found.values()) == [change]


def test_rows_are_matched_by_what_they_are_about():
    before = machine(row("Pipe", 64, t=spread(1.0)), row("Pipe", 4096, t=spread(2.0)), row("Queue", 64, t=spread(3.0)))
    after = machine(row("Queue", 64, t=spread(9.0)), row("Pipe", 64, t=spread(1.0)), row("Pipe", 1, t=spread(1.0)))

    assert changes(before, after) == {
        ("Channels: Queue, 64 B", "time"): "slower",
        ("Channels: Pipe, 64 B", "time"): "same",
    }


def test_what_changed_most_comes_first_and_into_the_verdict():
    before = machine(row("Pipe", t=spread(1.0)), row("Queue", t=spread(1.0)), row("Value", t=spread(1.0)))
    after = machine(row("Pipe", t=spread(1.5)), row("Queue", t=spread(0.2)), row("Value", t=spread(1.0)))

    compared = compare(before, after)

    assert compared.verdict == (
        "Of 3 figures, 1 is faster, 1 is slower; most of all Channels: Queue, 64 B, time (1.00 s, now 200 ms)."
    )
    assert [each["change"] for each in table(compared, "changed").rows] == ["faster", "slower"]
    assert table(compared, "same").detail


def test_a_report_compared_with_itself():
    compared = compare(PROBE, PROBE)

    assert compared.verdict.startswith("No change you can trust: ")
    assert compared.findings == ()
    assert "What changed" not in [section.title for section in compared.sections]


def test_nothing_in_common():
    assert compare(replace(PROBE, sections=()), PROBE).verdict == "The two reports have no figure in common."


# --- what got worse


def failed(before, after, most):
    return [(row["result"], row["budget"], row["seen"]) for row in regressions(before, after, most)]


def test_a_run_gets_worse_by_time_and_memory():
    grown = program(12.0)
    (main,) = grown.account.processes
    grown = replace(grown, account=replace(grown.account, processes=(replace(main, memory=Memory(2**27)),)))

    assert failed(program(10.0), grown, 0.1) == [
        ("FAIL", "wall time: at most 10 % worse", "20 % worse"),
        ("FAIL", "main process, peak RSS: at most 10 % worse", "100 % worse"),
    ]
    assert failed(program(10.0), program(12.0), 0.2) == [("pass", "nothing more than 20 % worse", "2 compared")]
    assert failed(program(10.0), program(2.0), 0.0) == [("pass", "nothing more than 0 % worse", "2 compared")]


def test_a_figure_gets_worse_only_beyond_its_interval():
    def held(before, after):
        return failed(machine(row(t=spread(1.0), **before)), machine(row(t=spread(1.0), **after)), 0.2)

    slower = ("FAIL", "Channels: Pipe, 64 B, time: at most 20 % worse", "50 % worse")
    rarer = ("FAIL", "Channels: Pipe, 64 B, rate: at most 20 % worse", "100 % worse")
    fine = ("pass", "nothing more than 20 % worse", "2 compared")

    assert failed(machine(row(t=spread(1.0))), machine(row(t=spread(1.5))), 0.2) == [slower]
    assert held({"r": spread(2.0)}, {"r": spread(1.0)}) == [rarer]
    assert held({"r": spread(2.0, 0.4)}, {"r": spread(1.0, 0.4)}) == [fine]
    assert held({"x": spread(1.0)}, {"x": spread(2.0)}) == [fine]
    assert failed(replace(PROBE, sections=()), PROBE, 0.2) == [
        ("not known", "nothing more than 20 % worse", "nothing to compare")
    ]


# --- other kinds, baselines, and several


def test_findings_of_source_are_paired_by_their_fingerprints():
    line = replace(LINT.findings[0].place, line=99)
    moved = replace(LINT, findings=(replace(LINT.findings[0], place=line), *LINT.findings[2:]))
    other = replace(LINT.findings[0], place=replace(line, excerpt="other()"))

    assert compare(LINT, moved).verdict == (
        f"Of the findings, 1 gone ({LINT.findings[1].rule}), {len(LINT.findings) - 1} still there "
        f"({names([one.rule for one in moved.findings])})."
    )
    assert compare(LINT, LINT).findings == ()
    assert compare(LINT, replace(LINT, findings=(*LINT.findings, other))).findings == (other,)


def test_looks_at_a_machine_are_compared_by_what_differs():
    doctor = replace(PROBE, kind="doctor", sections=(), findings=())
    other = replace(doctor, machine={**doctor.machine, "usable_cpus": 8, "shm_free": 1}, python={"version": "3.14.0"})

    compared = compare(doctor, other)

    facts = {row["fact"]: (row["0"], row["1"]) for row in compared.sections[0].rows}
    assert facts["usable_cpus"] == ("2", "8")
    assert facts["version"] == ("3.12.1", "3.14.0")
    assert "shm_free" not in facts
    assert compared.verdict == "No findings, before and after."


def test_a_baseline_adds_what_changed_and_counts_what_is_new():
    before, after = program(7.8, finding("MP201", 3.2)), program(4.9, finding("MP201", 3.2), finding("MP301"))

    shown, compared = since(before, after)

    assert shown.verdict == f"{after.verdict} Since the baseline: {compared.verdict}"
    assert shown.findings == after.findings
    assert [one.rule for one in compared.findings] == ["MP301"]
    assert [section.id for section in shown.sections][:3] == ["since.wall", "since.findings", "since.buckets"]
    with pytest.raises(BadInput, match="this is a probe report"):
        since(PROBE, after)


def test_several_runs_stand_side_by_side():
    python = [{**RUN.python, "version": version} for version in ("3.12.1", "3.13.0", "3.14.0")]
    runs = [replace(program(wall, *found), python=each) for (wall, *found), each in zip(
        [(5.0, finding("MP201", 2.0)), (4.0,), (6.0, finding("MP301"))], python, strict=True)]  # fmt: skip

    called = compared_many.names(["a.json", "b.json", "c.json"], runs)
    compared = side_by_side(list(zip(called, runs, strict=True)))

    assert called == ["Python 3.12.1", "Python 3.13.0", "Python 3.14.0"]
    assert compared.verdict == "3 runs: Python 3.13.0 took least, 4.00 s; Python 3.14.0 most, 6.00 s."
    assert [column.title for column in table(compared, "wall").columns] == ["what", *called]
    assert table(compared, "wall").rows[0] == {"what": "wall time", "0": 5.0, "1": 4.0, "2": 6.0}
    assert table(compared, "findings").rows[0] == {
        "what": "MP201 mp201", "0": "warning, 20 %", "1": None, "2": None,
    }  # fmt: skip
    assert table(compared, "facts").rows[0]["fact"] == "version"


def test_several_looks_at_machines_come_by_their_spread():
    looks = [machine(row("Pipe", t=spread(1.0)), row("Queue", t=spread(size))) for size in (1.0, 3.0, 2.0)]

    compared = side_by_side([(str(at), look) for at, look in enumerate(looks)])

    assert compared.verdict == "3 reports, 2 figures: most of all they differ in Channels: Queue, 64 B, time (3.00×)."
    assert [table(compared, "figures").rows[0][str(at)] for at in range(3)] == ["1.00 s", "3.00 s", "2.00 s"]


@pytest.mark.parametrize(
    ("files", "called"),
    [
        (["x/a.json", "x/b.json"], ["a", "b"]),
        (["x/a.json", "y/a.json"], ["x/a", "y/a"]),
        (["a.json", "a.json"], ["a (1)", "a (2)"]),
        (["a.json", "-"], ["a", "-"]),
    ],
)
def test_reports_are_called_as_their_files_tell_them_apart(files, called):
    assert compared_many.names(files, [RUN] * len(files)) == called


# --- shown


@pytest.mark.parametrize("renderer", [terminal, markdown])
@pytest.mark.parametrize("pair", [(program(7.8, finding("MP201", 3.2)), RUN), (PROBE, PROBE)])
def test_a_comparison_can_be_shown_and_read_again(renderer, pair):
    compared = compare(*pair)

    assert reports.decode(reports.encode(compared).encode(), "x") == compared
    text = renderer.RENDERER.render(compared, Style())
    assert "Findings, before and after" in text
    assert ("New findings" in text) is bool(compared.findings)
    if renderer is terminal:
        assert max(map(len, text.splitlines())) <= 80


def run(*arguments, stdin=None):
    command = [sys.executable, "-m", "mpdiag", "compare", *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, check=False)


def saved(folder, name, report):
    path = folder / name
    path.write_text(reports.encode(report), encoding="utf-8")
    return path


def test_the_command(tmp_path):
    before = saved(tmp_path, "a.json", program(7.8, finding("MP201", 3.2)))
    after = saved(tmp_path, "b.json", program(4.9, finding("MP301")))

    done = run(before, after)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("The wall time fell by 2.90 s")
    assert run(before, after, "--fail-on", "warning").returncode == 1
    assert run(before, before, "--fail-on", "note").returncode == 0
    assert run(before, after, "--fail-on", "warning", "--ignore", "MP301").returncode == 0
    assert run(before, after, "--fail-on-regression", "10%").returncode == 0
    assert run(after, before, "--fail-on-regression", "10%").returncode == 1
    assert run(before, after, before).stdout.startswith("3 runs: b took least, 4.90 s")
    assert "rose" not in run("-", after, stdin=before.read_text(encoding="utf-8")).stdout


def test_what_the_command_refuses_is_one_line_and_a_hint(tmp_path):
    run_report, probe_report = saved(tmp_path, "a.json", RUN), saved(tmp_path, "b.json", PROBE)

    refused = [
        *((run_report, probe_report), (run_report, tmp_path / "none.json"), ("-", "-"), (run_report,)),
        *((run_report,) * 3 + ("--fail-on-regression", "1%"), (run_report, run_report, "--fail-on-regression", "x")),
    ]
    for arguments in refused:
        done = run(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert 0 < len(done.stderr.splitlines()) <= 2
