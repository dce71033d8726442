"""What is asked of Dask, without a cluster; tests/e2e has real ones."""

import pytest

from mpdiag.errors import BadInput

pytest.importorskip("distributed", reason="needs the extra dask")
dask_run = pytest.importorskip("mpdiag.fleet.dask_run")


def record(*parts, **more):
    steps = [{"action": action, "start": start, "stop": stop} for action, start, stop in parts]
    return {"key": "spin-0123456789abcdef0123456789abcdef", "worker": "tcp://w:1", "startstops": steps, **more}


def test_a_record_of_the_task_stream():
    told = dask_run.told(
        record(
            ("transfer", 100.5, 101.0), ("deserialize", 101.0, 101.1), ("compute", 101.1, 103.0), thread=7, nbytes=28
        ),
        began=100.0,
    )

    assert (told.name, told.worker, told.thread, told.result_b) == ("spin", "tcp://w:1", 7, 28)
    assert (told.began_s, told.ended_s) == (pytest.approx(1.1), pytest.approx(3.0))
    assert (told.fetched, told.unpickled) == (((0.5, 1.0),), ((1.0, pytest.approx(1.1)),))


@pytest.mark.parametrize(
    ("parts", "counts"),
    [
        ([("compute", 101.0, 102.0)], True),
        ([("transfer", 99.0, 99.5), ("compute", 101.0, 102.0)], True),
        ([("transfer", 101.0, 102.0)], False),
        ([("compute", 90.0, 91.0)], False),  # it was there before
    ],
)
def test_what_had_come_earlier_does_not_count_whatever_the_clocks_say(parts, counts):
    earlier = {dask_run.identity(record(("compute", 90.0, 91.0)))}

    assert dask_run.computed(record(*parts), earlier) is counts


def test_only_a_function_that_needs_an_argument_gets_the_client():
    assert dask_run.wants_argument(lambda client: None)
    assert not dask_run.wants_argument(lambda client=None: None)
    assert not dask_run.wants_argument(lambda: None)


def test_a_target_that_is_not_there_is_bad_input():
    with pytest.raises(BadInput, match="no module"):
        dask_run.load("no_such_module_of_ours:run")
