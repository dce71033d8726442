"""What is known of each process, put together from three sides."""

import pytest

from mpdiag.watch.lives import lives


def test_a_child_is_born_when_it_is_asked_for(by_hand):
    asked = by_hand.event(
        "start", 1.02, int((by_hand.BEGAN + 1.0) * 1e9), 11, "spawn", "P-11", ("app.work", "/p/app.py", 3), 1,
        ("/p/app.py", 20, "main", "start", 0), False,
    )  # fmt: skip
    main = by_hand.life(book=by_hand.book(events=[asked]))
    child = by_hand.life(
        book=by_hand.book(11, born=1.2, events=[by_hand.event("born", 1.5, "P-11", ("app.work",), "P")])
    )

    root, found = lives(by_hand.run(main, child))

    assert (root.role, root.name, root.born_s) == ("main", "main", by_hand.BEGAN)
    assert (found.role, found.name, found.target, found.parent) == ("process", "P-11", "app.work", 10)
    assert found.born_s == pytest.approx(by_hand.BEGAN + 1.0)
    assert found.work_began_s == by_hand.BEGAN + 1.5


@pytest.mark.parametrize(
    ("command", "role"),
    [
        (("python", "-c", "from multiprocessing.resource_tracker import main;main(7)"), "resource_tracker"),
        (("python", "-c", "from multiprocessing.forkserver import main; main(…)"), "forkserver"),
        (("sleep", "5"), "subprocess"),
    ],
)
def test_a_process_without_a_ledger_is_known_by_its_command(by_hand, command, role):
    seen = by_hand.vital(30, first=2.0, ended=4.0, exit=-9)
    seen = seen.__class__(**{**vars(seen), "cmdline": command})

    _, found = lives(by_hand.run(by_hand.life(book=by_hand.book()), by_hand.life(vital=seen)))

    assert (found.role, found.exit, found.book) == (role, "SIGKILL", None)
    assert (found.born_s, found.ended_s) == pytest.approx((by_hand.BEGAN + 2.0, by_hand.BEGAN + 4.0))


def test_cpu_time_is_told_by_the_process_itself_or_as_it_was_seen_last(by_hand):
    outside = by_hand.vital(11, cpu_user_s=1.0, cpu_system_s=0.5, main_cpu_s=1.2, threads_peak=2)
    killed = by_hand.life(11, "process", book=by_hand.book(11), vital=outside)
    ended = by_hand.life(11, "process", book=by_hand.book(11, cpu_s=1.6, main_cpu_s=1.3), vital=outside)

    assert (killed.cpu_s, killed.main_cpu_s) == (1.5, 1.2)
    assert (ended.cpu_s, ended.main_cpu_s) == (1.6, 1.3)
    assert (by_hand.life(11).cpu_s, by_hand.life(11).main_cpu_s) == (0.0, None)


def test_where_threads_are_not_told_apart_one_alone_is_the_main_one(by_hand):
    alone = by_hand.vital(11, cpu_user_s=1.0, cpu_system_s=0.5, threads_peak=1)
    several = by_hand.vital(11, cpu_user_s=1.0, cpu_system_s=0.5, threads_peak=4)

    assert by_hand.life(11, vital=alone).main_cpu_s == 1.5
    assert by_hand.life(11, vital=several).main_cpu_s is None


@pytest.mark.parametrize(
    ("facts", "threads", "where"),
    [((), None, (None, 0, None)), ((3, ("/p/app.py", 9, "main", "", 0)), 3, ("/p/app.py", 9, "main"))],
)
def test_a_child_of_the_programs_own_fork_tells_where_it_was_made(by_hand, facts, threads, where):
    child = by_hand.life(11, "process", book=by_hand.book(11, events=[by_hand.event("forked", 0.0, *facts)]))

    assert (child.threads_at_fork, child.where[:3]) == (threads, where)


def test_what_the_parent_noted_is_what_counts(by_hand):
    start = by_hand.start(11, 1.0, method="spawn")
    forked = by_hand.event("forked", 0.0, 3, ("/p/app.py", 9, "main", "", 0))
    child = by_hand.life(11, "process", book=by_hand.book(11, events=[forked]), start=start)

    assert (child.threads_at_fork, child.where) == (None, start.where)


def ended_by_its_parent(by_hand, at, looked):
    told = by_hand.event("signal", at, 11, 15, (2_000_000_000, 1_500_000_000, 250_000_000))
    seen = looked and by_hand.vital(
        11, 0.1, 5.0, cpu_user_s=0.6, cpu_system_s=0.4, main_cpu_s=0.7, ready_s=0.3, main_ready_s=0.1, looked=looked
    )
    root = by_hand.life(book=by_hand.book(events=[told]))
    return next(
        one for one in lives(by_hand.run(root, by_hand.life(11, book=by_hand.book(11), vital=seen))) if one.pid == 11
    )


def test_what_a_process_had_used_is_told_by_the_parent_that_ends_it(by_hand):
    found = ended_by_its_parent(by_hand, at=4.9, looked=4.0)

    assert (found.cpu_s, found.main_cpu_s) == (2.0, 1.5)
    assert (found.vital.main_ready_s, found.vital.ready_s) == pytest.approx((0.25, 0.45))
    assert found.vital.looked == pytest.approx(4.9)


def test_also_when_nobody_else_saw_it(by_hand):
    found = ended_by_its_parent(by_hand, at=4.9, looked=None)

    assert (found.cpu_s, found.main_cpu_s, found.vital.ready_s) == (2.0, 1.5, 0.25)


def test_what_was_seen_after_that_counts(by_hand):
    assert ended_by_its_parent(by_hand, at=3.0, looked=4.0).cpu_s == 1.0
