"""`pytest --mpdiag`, as users ask for it."""

import re
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are started by fork and looked for in /proc")

APPLY = """
import multiprocessing, time

def work(number):
    time.sleep(0.03)
    return number

def test_alone():
    assert work(1) == 1

def test_apply_in_turn():
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert [pool.apply(work, (number,)) for number in range(12)] == list(range(12))

def test_alone_again():
    assert work(2) == 2
"""
LEFT = """
import multiprocessing, time, pytest

context = multiprocessing.get_context("fork")

@pytest.fixture(scope="module")
def server():
    process = context.Process(target=time.sleep, args=(60,))
    process.start()
    yield process
    process.terminate()

def test_fixture(server):
    assert server.is_alive()

def test_left():
    context.Process(target=time.sleep, args=(60,), name="sleeper", daemon=True).start()
"""
HANG = """
import multiprocessing

def sink(queue):
    queue.put("x" * 1_000_000)

def test_hang():
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    process = context.Process(target=sink, args=(queue,))
    process.start()
    process.join()

def test_after():
    pass
"""
LOADED = """
import sys

def test_loaded():
    ours = {name for name in sys.modules if name.partition(".")[0] in ("mpdiag", "mpdiag_tap")}
    assert ours == {"mpdiag", "mpdiag.pytest_plugin"}
"""


@pytest.fixture
def run(pytester, monkeypatch, tmp_path):
    """Runs pytest on one file of tests; nothing may be left in the temporary folder."""
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    def run(code, *options):
        pytester.makepyfile(test_app=code, early="import multiprocessing.pool")
        done = pytester.runpytest_subprocess("-p", "no:cacheprovider", *options, timeout=90)
        assert [path.name for path in tmp_path.glob("mpdiag-*")] == []
        return done

    return run


@pytest.mark.parametrize("options", [(), ("-n", "2"), ("-p", "early")], ids=["alone", "xdist", "imported before"])
def test_findings_are_told_test_by_test(run, options):
    done = run(APPLY, "--mpdiag", *options)

    done.assert_outcomes(passed=3)
    told = done.stdout.str().partition("= mpdiag =")[2]
    assert re.search(r"test_app\.py::test_apply_in_turn\n  \w+ MP401 submit-then-wait at .*test_app\.py:11", told)
    assert "test_alone" not in told


def test_a_finding_may_let_a_test_fail(run):
    done = run(APPLY, "--mpdiag", "--mpdiag-fail-on", "note")

    done.assert_outcomes(passed=3, errors=1)
    assert "ERROR at teardown of test_apply_in_turn" in done.stdout.str()


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_what_a_test_leaves_behind_is_told_and_what_its_fixtures_keep_is_not(run, options):
    done = run(LEFT, "--mpdiag", "--mpdiag-fail-on", "warning", "-k", "left or fixture", *options)

    done.assert_outcomes(passed=2, errors=1)
    (left,) = re.findall("warning left behind: (.*)", done.stdout.str())
    assert re.fullmatch(r"sleeper, which runs time\.sleep \(\d+\) outlives the test", left)


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["alone", "xdist"])
def test_a_test_that_hangs_fails_with_the_reason(run, options):
    done = run(HANG, "--mpdiag-hang", "2", *options)

    done.assert_outcomes(passed=1, failed=1)
    said = " ".join(done.stdout.str().split())
    assert "Failed: Nothing has moved for 2.00 s." in said
    assert "process.join()" in said
    if not options:
        assert "MP601 join-before-drain" in said


def test_nothing_is_loaded_unless_it_is_asked_for(run):
    run(LOADED).assert_outcomes(passed=1)


def test_under_mpdiag_run_it_says_why_it_cannot(run, monkeypatch, pytester):
    pytester.makepyfile(test_app=APPLY)
    done = pytester.run(sys.executable, "-m", "mpdiag", "run", "-q", "-m", "pytest", "--mpdiag", timeout=90)

    assert done.ret == 4
    assert "--mpdiag cannot be used under `mpdiag run`" in done.stderr.str()
