import pytest

from mpdiag import ideals
from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.pickle_large_args import RULE
from mpdiag.stats import measured


def facts(executor, pool=None, small=100e-6) -> Facts:
    """Tasks that take ``small`` seconds empty, and those with 100 KB; lists give a sample for each round."""

    def cells(value):
        return value and measured(value if isinstance(value, list) else [value] * 7)

    rows = (
        {"payload": "small int", "executor": cells(small), "pool": cells(pool and small)},
        {"payload": "10 KB bytes", "executor": cells(small)},
        {"payload": "100 KB bytes", "executor": cells(executor), "pool": cells(pool)},
    )
    return Facts("pool_overhead", {"payload": rows})


def test_says_what_the_argument_adds_and_from_which_size_it_matters():
    (finding,) = RULE.judge(facts(180e-6, pool=300e-6))

    assert finding.level == "note"
    assert "80.0 µs [80.0–80.0] to each task by executor.submit" in finding.seen
    assert "200 µs [200–200] to each task by Pool.imap" in finding.seen
    # Twice an empty task for 100 KB is half of one for 25 KB.
    assert "from about 25 KB of bytes for each task by Pool.imap" in finding.do
    assert "works for 2.00 ms or longer" in finding.do
    assert "initargs" in finding.do
    assert [each.value for each in finding.evidence] == pytest.approx([2.0, 0.8, 0.5])
    assert finding.concern == pytest.approx(4.0)


def test_one_way_is_enough():
    (finding,) = RULE.judge(facts(180e-6))

    assert "Pool.imap" not in finding.seen + finding.do
    assert "from about 62 KB" in finding.do


def test_a_way_that_adds_nothing_for_certain_is_told_as_such():
    (finding,) = RULE.judge(facts(180e-6, pool=[90e-6] * 3 + [110e-6] * 4))

    assert "nothing certain to a task by Pool.imap" in finding.seen
    assert "by executor.submit on" in finding.do


def test_rounds_are_compared_with_themselves():
    """A machine that slows down in the middle slows both: the ratio stays."""
    (finding,) = RULE.judge(facts([200e-6] * 4 + [2e-3] * 4, small=[100e-6] * 4 + [1e-3] * 4))

    assert (finding.evidence[0].low, finding.evidence[0].high) == pytest.approx((1.0, 1.0))


def test_silent_where_the_argument_adds_little():
    assert list(RULE.judge(facts(140e-6, pool=149e-6))) == []


def test_silent_where_the_interval_reaches_below_the_limit():
    assert list(RULE.judge(facts([110e-6, 110e-6, *[200e-6] * 5]))) == []


@pytest.mark.parametrize("missing", [0, 2])
def test_not_judged_without_one_of_the_arguments(missing):
    rows = [row for place, row in enumerate(facts(1e-3).tables["payload"]) if place != missing]

    with pytest.raises(NotJudged, match="payload"):
        list(RULE.judge(Facts("pool_overhead", {"payload": tuple(rows)})))


def test_not_judged_where_process_pools_were_not_measured():
    with pytest.raises(NotJudged, match="process pools"):
        list(RULE.judge(facts(None)))


POOL = {
    "id": 1,
    "type": "ProcessPoolExecutor",
    "threads": False,
    "workers": 2,
    "tasks": 160,
    "args_b": 8e6,
    "result_b": 30,
    "pickle_s": 1.6,
    "unpickle_s": 1.8,
    "result_pickle_s": 0.001,
    "result_unpickle_s": 0.001,
    "task_s": 0.1,
    "task_cpu_s": 0.1,
    "task_max": 0.001,
    "phase_s": 3.7,
}
#: Different lists of objects each time, and tasks that look at all of them.
BATCHES = {**POOL, "args_b": 2e5, "pickle_s": 1.6, "unpickle_s": 1.8, "task_s": 0.8, "task_cpu_s": 0.8}
CHANNEL = {
    "id": 9,
    "type": "Queue",
    "mean_b": 6e6,
    "puts": 260,
    "writers": 1,
    "readers": 1,
    "put_wait_s": 2.0,
    "send_s": 2.2,
    "pickle_s": 1.0,
    "get_wait_s": 0.4,
    "recv_s": 2.1,
    "unpickle_s": 0.6,
    "backlog_b": 0,
}


@pytest.fixture
def judged(run, table):
    def judge(pool=None, channel=None, same=None):
        tasks = [{"pool": 1, "function": "value", "same_args": same, "same_b": 8e6}] if same else []
        pools = [pool] if pool else []
        channels = [channel] if channel else []
        return list(
            RULE.run(run(), table("pools", *pools), table("tasks", *tasks), table("channels", *channels)),
        )

    return judge


def test_a_table_sent_with_every_task(judged):
    (finding,) = judged(POOL, same="surface")

    assert (finding.level, finding.place.line) == ("warning", 7)
    # All of the phase but the 50 ms that two workers need for 0.1 s of tasks, and the slack.
    assert finding.gain.ceiling_s == pytest.approx(4.0)
    assert "160 tasks of the ProcessPoolExecutor (app.py:7) were sent 7.63 MiB each" in finding.seen
    assert "surface never changed" in finding.seen
    assert "Hand surface to each worker once" in finding.do


def test_buffers_that_differ_belong_into_shared_memory(judged):
    (finding,) = judged({**POOL, "unpickle_s": 0.4, "phase_s": 2.05})

    assert "an index" in finding.do
    assert finding.gain.ceiling_s == pytest.approx(2.4)


def test_where_tasks_work_longer_than_pickling_takes_the_gain_is_what_was_spent(judged):
    busy = {"task_s": 6.0, "task_cpu_s": 6.0, "phase_s": 3.6, "pickle_s": 0.15, "unpickle_s": 0.1}
    (finding,) = judged({**POOL, **busy})

    assert finding.gain.ceiling_s == pytest.approx(0.3)


@pytest.mark.parametrize(
    "pool",
    [
        {**POOL, "args_b": 300},
        {**POOL, "threads": True},
        # Tasks that wait for a network hide the pickling of their arguments.
        {**POOL, "task_s": 7.2, "task_cpu_s": 0.1, "pickle_s": 0.08, "unpickle_s": 0.05},
        # The parent alone would be faster: another rule's.
        BATCHES,
    ],
    ids=["small", "threads", "waiting tasks", "the parent's work"],
)
def test_silent_where_arguments_cost_little_or_are_not_the_cause(judged, pool):
    assert judged(pool) == []


def test_the_same_objects_each_time_are_the_cause_even_where_the_parent_would_be_faster(judged):
    assert len(judged(BATCHES, same="table")) == 1


def test_large_messages_of_a_channel(judged):
    (finding,) = judged(channel=CHANNEL)

    # The reader waits for and reads messages for 3.1 s.
    assert finding.gain.ceiling_s == pytest.approx(3.8)
    assert "260 messages of 5.72 MiB each went through the Queue (app.py:7)" in finding.seen


@pytest.mark.parametrize(
    "channel",
    [
        {**CHANNEL, "mean_b": 5000},
        {**CHANNEL, "get_wait_s": 0.0, "recv_s": 0.2, "unpickle_s": 0.1},
        {**CHANNEL, "backlog_b": 4e8},
        {**CHANNEL, "user": False},
        {**CHANNEL, "type": "Pipe", "plain_bytes": True},
        {**CHANNEL, "mean_b": 4e5},
    ],
    ids=["small", "a busy reader", "a backlog", "a pool's own", "bytes over a pipe", "many small objects"],
)
def test_silent_on_channels_that_delay_nobody(judged, channel):
    assert judged(channel=channel) == []


def test_a_program_whose_pickling_was_not_timed_is_not_judged(judged):
    with pytest.raises(NotJudged, match="pickle_s"):
        judged({**POOL, "pickle_s": None})


@pytest.mark.parametrize(
    ("words", "prose"),
    [
        ("0", "parameter 0 of Catalog.brightest (the first is 0)"),
        ("0,2.1", "parameters 0, 2.1 of Catalog.brightest (the first is 0)"),
        ("surface", "surface"),
        ("self", "the object of the method Catalog.brightest"),
        ("self,1", "the object of the method Catalog.brightest, and parameter 1 (self is 0)"),
        ("self.stars", "stars of the object of the method Catalog.brightest"),
        ("self.a,self.b,self.c", "a, b and c of the object of the method Catalog.brightest"),
    ],
)
def test_parameters_are_told_by_their_function(words, prose):
    assert ideals.parameters(words, "__main__.Catalog.brightest") == prose


# --- on a cluster


def on_cluster(**facts):
    row = {"wall_s": 10.0, "tasks": 8, "graph_b": 0, "graph_s": 0.0, "fetch_s": 0.0, **facts}
    return list(RULE.fleet(cluster=Facts("cluster", {"": (row,)})))


def test_data_within_a_graph_is_told_with_what_workers_waited():
    (found,) = on_cluster(graph_b=160 * 2**20, graph_s=4.0)

    assert found.seen == (
        "Graphs of 160 MiB in all were sent through the scheduler; the workers waited 4.00 s for the first "
        "tasks of them."
    )
    assert found.gain.ceiling_s == 4.8


def test_waiting_for_inputs_is_told():
    (found,) = on_cluster(fetch_s=2.0)

    assert "waited 2.00 s each for inputs from other workers" in found.seen


@pytest.mark.parametrize(
    "facts",
    [
        {"graph_b": 100_000, "graph_s": 4.0},  # many tasks, no data
        {"graph_b": 160 * 2**20, "graph_s": 0.2},
        {"fetch_s": 0.3},
    ],
)
def test_graphs_without_data_and_short_waits_are_fine(facts):
    assert on_cluster(**facts) == []
