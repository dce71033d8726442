"""How often events are timed, and that all of them are counted and none that is long is missed."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from mpdiag.tap import core, gates, layout

GET, LOCK, PICKLE = (layout.KIND[name] for name in ("get", "lock", "pickle"))
SECOND = 10**9


@pytest.fixture
def paces() -> Iterator[gates.Paces]:
    yield gates.Paces(memoryview(bytearray(layout.SIZE)).cast("q"))
    gates.close()


def timed(paces: gates.Paces, times: range, took: int = 1_000) -> list[tuple[int, int]]:
    """When events that come at these times are timed by themselves, and how many each stands for."""
    return [
        (at, paces.weight(PICKLE, at, took)[0])
        for at in times
        if next(gates.now[PICKLE], None) is None and not paces.owes(PICKLE, took)
    ]


def test_events_that_come_fast_are_timed_less_and_less_often(paces):
    found = timed(paces, range(SECOND, 6 * SECOND, 20_000))

    first, *_, last = (sum(at // SECOND == second for at, _ in found) for second in range(1, 6))
    assert last < first / 2
    assert 20 < len(found) < 300
    assert max(weight for _, weight in found) <= gates.MOST_PASSED + 1


def test_every_event_is_counted(paces):
    times = range(SECOND, 2 * SECOND, 20_000)
    found = timed(paces, times)
    left = paces.passed(PICKLE) - 1 + paces.owed[PICKLE]  # itself is no event

    assert sum(weight for _, weight in found) + left == len(times)
    assert paces.words[layout.COUNTS + PICKLE] == len(times) + 1


def test_events_that_come_seldom_are_all_timed(paces):
    assert timed(paces, range(SECOND, 9 * SECOND, SECOND // 10)) == [
        (at, 1) for at in range(SECOND, 9 * SECOND, SECOND // 10)
    ]


def test_a_few_at_once_before_a_long_one_do_not_hide_it(paces):
    found = [at for task in range(1, 20) for at, _ in timed(paces, range(task * SECOND, task * SECOND + 5))]

    assert len(found) == 19 * 5


def test_after_some_went_by_the_second_short_one_stands_for_them(paces):
    paces._open(PICKLE, 9)
    found = timed(paces, range(2 * SECOND, 2 * SECOND + 11 * 20_000, 20_000))

    assert found == [(2 * SECOND + 10 * 20_000, 11)]


def test_what_is_long_stands_for_those_that_went_by_at_once(paces):
    paces._open(PICKLE, 9)
    found = timed(paces, range(2 * SECOND, 2 * SECOND + 11 * 20_000, 20_000), took=15_000)

    assert found == [(2 * SECOND + 9 * 20_000, 10), (2 * SECOND + 10 * 20_000, 1)]


def test_a_long_one_stands_for_itself_while_a_short_one_is_awaited(paces):
    timed(paces, range(SECOND, 2 * SECOND, 20_000))
    paces._open(PICKLE, 0)
    now, paces.owed[PICKLE] = paces.timed_at[PICKLE], 70

    assert paces.weight(PICKLE, now + 30_000, took=15_000)[0] == 1
    assert paces.weight(PICKLE, now + 60_000, took=1_000)[0] == 71
    assert paces.owed[PICKLE] == 0


def test_a_short_one_is_not_awaited_for_ever(paces):
    paces.rate[PICKLE], paces.owed[PICKLE], paces.timed_at[PICKLE] = 100, 70, SECOND

    assert paces.weight(PICKLE, SECOND + 30_000, took=15_000)[0] == 1
    assert not paces.given[PICKLE]
    assert paces.weight(PICKLE, 2 * SECOND, took=15_000)[0] == 1
    assert paces.given[PICKLE]


def test_a_short_wait_for_a_lock_is_timed_when_no_more_may_pass():
    core.arm("")
    try:
        core.state.paces._open(LOCK, 9)

        assert core.missed(LOCK, None, time.monotonic() - 1e-6)
        assert not core.state.paces.owed[LOCK]
    finally:
        gates.close()


def test_a_long_event_leaves_the_gate_open_and_those_before_it_are_like_short_ones(paces):
    paces.short[GET], paces.short_ns[GET], paces.timed_at[GET] = 8, 80_000, SECOND
    paces._open(GET, 9)
    for _ in range(4):
        next(gates.now[GET])
    paces.given[GET] -= 1  # the last of them is the long one

    assert paces.long(GET, SECOND + 6_000_000, 5_000_000) == (4, 30_000)
    assert paces.words[layout.COUNTS + GET] == 4
    assert len(list(gates.now[GET])) == 5
    assert paces.weight(GET, SECOND + 7_000_000, took=15_000) == (6, 7_000_000 - 5_030_000)


def test_those_before_a_long_event_took_no_longer_than_there_was(paces):
    paces.short[GET], paces.short_ns[GET], paces.timed_at[GET] = 1, 10_000, SECOND
    paces._open(GET, 9)
    for _ in range(9):
        next(gates.now[GET])

    assert paces.long(GET, SECOND + 5_020_000, 5_000_000) == (10, 20_000)
    assert paces.long(GET, SECOND + 11_000_000, 5_000_000) == (1, 0)


def test_the_last_events_are_counted_like_those_before(paces):
    slot, words = layout.SLOTS, paces.words
    words[slot + layout.S_COUNT], words[slot + layout.S_NS], words[slot + layout.S_BYTES] = 11, 510, 1100
    words[slot + layout.S_MAX], words[slot + layout.S_EMPTY] = 500, 11
    paces._open(PICKLE, 9)
    for _ in range(4):
        next(gates.now[PICKLE])
    paces.owed[PICKLE] = 2
    for _ in range(2):
        paces.rest(PICKLE, slot, SECOND)

    assert words[layout.COUNTS + PICKLE] == 4
    counted = [words[slot + word] for word in (layout.S_COUNT, layout.S_NS, layout.S_BYTES, layout.S_WALL)]
    assert [*counted, words[slot + layout.S_EMPTY]] == [17, 516, 1700, 6, 17]


def test_what_is_added_up_may_take_a_part_of_what_has_gone_by(paces):
    for _ in range(40):
        paces.passed(LOCK)
        allowed = gates.left[LOCK]
        gates.left[LOCK] = 0.0
        assert paces.added_up(LOCK) == pytest.approx(allowed * SECOND, abs=1)

    assert gates.left[LOCK] == pytest.approx(paces.summed[LOCK] * gates.PASSES_PART)
    assert gates.left[LOCK] > 10 * gates.PASSES_S


HANDED_OVER = """\
import multiprocessing as mp, time

def take_turns(mine, others, late):
    for turn in range(3000):
        mine.acquire()
        if turn == late:
            time.sleep(0.3)
        others.release()

if __name__ == "__main__":
    context = mp.get_context("spawn")
    mine, others = context.Semaphore(1), context.Semaphore(0)
    child = context.Process(target=take_turns, args=(others, mine, 2000))
    child.start()
    take_turns(mine, others, -1)
    child.join()
    assert child.exitcode == 0
"""


def test_waits_for_a_lock_are_all_counted_and_a_long_one_is_seen(tapped, tmp_path):
    script = tmp_path / "program.py"
    script.write_text(HANDED_OVER)
    books = tapped().run(str(script)).books

    [parent] = [book for book in books if book.parent not in {each.pid for each in books}]
    slots = [slot for slot in parent.slots if slot.kind == "lock"]
    assert sum(slot.count for slot in slots) == parent.counts["lock"]
    assert 1000 < parent.counts["lock"] <= 3000
    assert sum(slot.timed for slot in slots) < 500
    assert max(slot.max_s for slot in slots) > 0.29
    assert 0.29 < sum(slot.s for slot in slots) < parent.ended_s - parent.began_s
