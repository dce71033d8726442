"""Which threads go on in any case, where the kernel tells the function that they sleep in, and no more."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.hang.conftest import seen, thread

from mpdiag.hang import certainty, facts, graph, waits
from mpdiag.hang.kernel import ThreadLook
from mpdiag.watch.procfs import Mapping

FUNCTIONS = {
    "lock": "futex_do_wait",
    "read": "pipe_read",
    "write": "pipe_write",
    "child": "do_wait",
    "sleep": "hrtimer_nanosleep",
    "outside": "inet_csk_accept",
    "several": "ep_poll",
    "unknown": "",
}
SEMAPHORE = Mapping(0, 4096, 0, "0:25.7")


def shown(pid, *doings, parent=1, polled=()):
    """A process of which only the kernel tells: what its threads do, the main one first."""
    one = seen(pid, *(thread(pid + number, main=not number) for number in range(len(doings))))
    looks = tuple(
        ThreadLook(pid + number, "S", doing, None, polled, None, 5, 1, FUNCTIONS[doing])
        for number, doing in enumerate(doings)
    )
    look = replace(one.look, threads=looks, stat=one.look.stat._replace(parent=parent))
    return replace(one, look=look, then=look, answer=None, before=None)


@pytest.fixture
def drawn(snapshot):
    """The graph of processes, some of which share memory; others hold what is ``shared`` too."""

    def draw(*processes, sharing=(), **known):
        taken = snapshot(*processes, ends=known.pop("ends", ()), shared=known.pop("shared", frozenset()))
        taken = replace(taken, **known)
        taken._mapped.update({each.pid: [SEMAPHORE] if each.pid in sharing else [] for each in processes})
        return graph.draw(taken, waits.of(taken))

    return draw


def sure(of):
    return {native for _, native in certainty.sure(of)}


@pytest.mark.parametrize(
    ("doings", "expected"),
    [
        (("sleep",), "idle"),
        (("outside",), "idle"),
        (("lock",), "unseen"),
        (("several",), "unseen"),
        (("unknown",), "unseen"),
        (("lock", "lock"), "unseen"),
        (("lock", "sleep"), "idle"),
        (("read",), "unseen"),
    ],
    ids=lambda each: "-".join(each) if isinstance(each, tuple) else each,
)
def test_what_is_said_of_one_process(drawn, doings, expected):
    assert facts.state(drawn(shown(10, *doings))) == expected


@pytest.mark.parametrize(
    ("child", "expected"), [("sleep", "idle"), ("lock", "unseen"), ("outside", "idle"), ("unknown", "unseen")]
)
def test_who_waits_for_a_child_is_as_sure_as_that(drawn, child, expected):
    assert facts.state(drawn(shown(10, "child"), shown(20, child, parent=10))) == expected


def test_a_lock_may_be_the_processes_own_or_a_shared_one(drawn):
    own, other = shown(10, "lock", "sleep"), shown(20, "sleep", parent=10)

    assert sure(drawn(own, other)) == {10, 11, 20}
    assert sure(drawn(own, shown(20, "lock", parent=10), sharing={10, 20})) == {11}
    assert sure(drawn(own, other, sharing={10, 20})) == {10, 11, 20}
    assert sure(drawn(shown(10, "lock"), other, sharing={10, 20})) == {20}


def test_who_reads_one_of_several_pipes_needs_a_writer_of_each(drawn):
    reader, writer, silent = shown(10, "read"), shown(20, "sleep", parent=10), shown(30, "lock", parent=10)
    first = (("pipe:5", 10, "r"), ("pipe:5", 20, "w"), ("pipe:6", 10, "r"))

    assert sure(drawn(reader, writer, silent, ends=(*first, ("pipe:6", 20, "w")))) == {10, 20}
    assert sure(drawn(reader, writer, silent, ends=(*first, ("pipe:6", 30, "w")))) == {20}
    assert sure(drawn(reader, writer, silent, ends=first, shared=frozenset({"pipe:6"}))) == {10, 20}


def test_a_reader_does_not_wait_for_a_pipe_that_has_something(drawn):
    reader, silent = shown(10, "read"), shown(20, "lock", parent=10)
    ends = (("pipe:5", 10, "r"), ("pipe:6", 10, "r"), ("pipe:5", 20, "w"), ("pipe:6", 20, "w"))
    shared = frozenset({"pipe:6"})

    assert sure(drawn(reader, silent, ends=ends, shared=shared)) == set()
    assert sure(drawn(reader, silent, ends=ends, shared=shared, readable=frozenset({"pipe:5"}))) == {10}


@pytest.mark.parametrize(("polled", "expected"), [((3,), "unseen"), ((3, 4), "idle"), ((), "unseen")])
def test_what_an_epoll_lists_is_known(drawn, polled, expected):
    of = drawn(shown(10, "several", polled=polled), ends=(("pipe:5", 10, "r"), ("pipe:5", 10, "w")))

    assert facts.state(of) == expected


def test_two_that_wait_for_each_other_are_stuck_without_a_stack(drawn):
    of = drawn(shown(10, "child"), shown(20, "read", parent=10), ends=(("pipe:5", 20, "r"), ("pipe:5", 10, "w")))

    assert facts.state(of) == "stuck"


def test_two_of_which_one_holds_both_ends_are_stuck_whichever_it_reads(drawn):
    ends = (("pipe:5", 20, "r"), ("pipe:5", 20, "w"), ("pipe:6", 20, "r"), ("pipe:6", 10, "w"))

    assert facts.state(drawn(shown(10, "child"), shown(20, "read", parent=10), ends=ends)) == "stuck"
    assert facts.state(drawn(shown(10, "sleep"), shown(20, "read", parent=10), ends=ends)) == "idle"


def test_a_writer_needs_a_reader_of_one_of_its_pipes(drawn):
    main, writer, reader = shown(10, "child"), shown(20, "write", parent=10), shown(30, "sleep", parent=10)
    ends = (("pipe:5", 20, "w"), ("pipe:5", 10, "r"), ("pipe:6", 20, "w"))

    assert facts.state(drawn(main, writer, ends=(*ends, ("pipe:6", 10, "r")))) == "stuck"
    assert facts.state(drawn(main, writer, reader, ends=(*ends, ("pipe:6", 30, "r")))) == "idle"
    assert (
        facts.state(drawn(main, writer, ends=(*ends, ("pipe:6", 10, "r")), writable=frozenset({"pipe:6"}))) == "stuck"
    )


def test_helpers_of_multiprocessing_are_waited_for_last(drawn):
    tracker = shown(30, "unknown", parent=10)
    command = ("python", "-c", "from multiprocessing.resource_tracker import main;main(5)")
    tracker = replace(tracker, command=command)
    ends = (("pipe:5", 20, "r"), ("pipe:5", 20, "w"))

    assert facts.state(drawn(shown(10, "child"), shown(20, "read", parent=10), tracker, ends=ends)) == "stuck"
    assert facts.state(drawn(shown(10, "child"), tracker)) == "unseen"


def test_a_process_that_is_not_ours_to_see_may_hold_the_end(drawn):
    of = drawn(
        shown(10, "child"),
        shown(20, "read", parent=10),
        shown(30, "unknown", parent=10),
        ends=(("pipe:5", 20, "r"), ("pipe:5", 10, "w")),
        opened={30: None},
    )

    assert facts.state(of) != "stuck"


def test_a_child_that_has_ended_is_none_that_is_waited_for(drawn):
    ended = shown(30, parent=10)
    ended = replace(ended, look=replace(ended.look, stat=ended.look.stat._replace(state="Z")))
    of = drawn(shown(10, "child"), shown(20, "read", parent=10), ended, ends=(("pipe:5", 20, "r"), ("pipe:5", 20, "w")))

    assert facts.state(of) == "stuck"
