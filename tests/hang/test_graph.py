"""Which threads can go on: only what is left without any hope is stuck."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.hang.conftest import seen, thread

from mpdiag.hang import graph, waits
from mpdiag.hang.answers import Answer, LockAnswer

JOIN = ("poll@multiprocessing/popen_fork.py", "join@multiprocessing/process.py", "main@app.py")
RECV = ("_recv@multiprocessing/connection.py", "recv@multiprocessing/connection.py", "work@app.py")
ACQUIRE = ("acquire@multiprocessing/synchronize.py", "work@app.py")


def joins(pid, native=1, limit=None):
    return thread(native, *JOIN, things=((0, "process", (pid, "P"), limit),), main=True)


def receives(native, name="pipe:5"):
    return thread(native, *RECV, things=((0, "connection", (name, 4), None),), main=True)


def acquires(native, name="lock:/a"):
    return thread(native, *ACQUIRE, things=((0, "lock", (name,), None),), main=True)


def sleeps(native, main=True):
    return thread(native, "work@app.py", main=main)


def able(taken):
    drawn = graph.draw(taken, waits.of(taken))
    return {wait.native for wait in drawn.waits if drawn.can_move(wait)}


def test_who_waits_for_each_other_is_stuck(snapshot):
    taken = snapshot(seen(1, joins(2)), seen(2, receives(2)), ends=(("pipe:5", 1, "w"), ("pipe:5", 2, "r")))

    assert able(taken) == set()


@pytest.mark.parametrize(
    "saved",
    [
        {"ends": (("pipe:5", 1, "w"),), "shared": frozenset({"pipe:5"})},
        {"ends": (("pipe:5", 2, "r"),)},
    ],
    ids=["a writer outside too", "a writer outside alone"],
)
def test_what_comes_from_outside_may_come(snapshot, saved):
    assert able(snapshot(seen(1, joins(2)), seen(2, receives(2)), **saved)) == {1, 2}


def test_who_waits_for_one_that_works_goes_on(snapshot):
    assert able(snapshot(seen(1, joins(2)), seen(2, sleeps(2), doing="sleep"))) == {1, 2}


def test_a_limited_wait_ends(snapshot):
    taken = snapshot(seen(1, joins(2, limit=5.0)), seen(2, receives(2)), ends=(("pipe:5", 2, "w"),))

    assert able(taken) == {1}


def test_a_child_that_has_ended_is_no_obstacle(snapshot):
    assert able(snapshot(seen(1, joins(2)), seen(2, state="Z"))) == {1}


def test_only_the_holder_lets_a_lock_go(snapshot):
    held, known = LockAnswer("lock:/a", "Lock", 1, True, 0), LockAnswer("lock:/a", "Lock", 0, False, 0)
    stuck_holder = snapshot(
        seen(1, acquires(1), locks=(known,)),
        seen(2, receives(2), locks=(held,)),
        seen(3, sleeps(3), locks=(known,), doing="sleep"),
        ends=(("pipe:5", 1, "w"),),
    )
    working_holder = snapshot(seen(1, acquires(1), locks=(known,)), seen(2, sleeps(2), locks=(held,), doing="sleep"))

    assert able(stuck_holder) == {3}
    assert able(working_holder) == {1, 2}


def test_whoever_knows_a_semaphore_may_release_it(snapshot):
    known = LockAnswer("lock:/a", "Semaphore", 0, False, 0)
    taken = snapshot(seen(1, acquires(1), locks=(known,)), seen(2, sleeps(2), locks=(known,), doing="sleep"))

    assert able(taken) == {1, 2}


@pytest.mark.parametrize(("other", "expected"), [("sleep", {1, 2}), ("lock", set())])
def test_threads_of_a_process_wait_for_each_other(snapshot, other, expected):
    main = thread(1, "main@app.py", main=True)
    process = seen(1, main, sleeps(2, main=False))
    looks = [look if look.native == 1 else replace(look, native=2, doing=other) for look in process.look.threads]
    process = replace(process, look=replace(process.look, threads=tuple(looks)))

    assert able(snapshot(process)) == expected


def test_helpers_save_nobody(snapshot):
    tracker = ("python", "-c", "from multiprocessing.resource_tracker import main;main(5)")
    taken = snapshot(
        seen(1, receives(1)), seen(2, sleeps(2), doing="sleep", command=tracker), ends=(("pipe:5", 2, "w"),)
    )

    assert able(taken) == {2}


def test_who_has_moved_between_the_looks_runs(snapshot):
    awake = seen(1, receives(1), awake=(1,))
    elsewhere = replace(seen(1, receives(1)), before=Answer(threads=(sleeps(1),)))

    assert able(snapshot(awake, ends=(("pipe:5", 1, "w"),))) == {1}
    assert able(snapshot(elsewhere, ends=(("pipe:5", 1, "w"),))) == {1}


def served(snapshot, *others, private=True, handling=False):
    """A client that waits for an answer of a manager's server, in which a thread waits for others of them."""
    serves = thread(
        2,
        "wait@threading.py",
        "serve_forever@multiprocessing/managers.py",
        main=True,
        things=((0, "within", ("Condition:2", "Condition"), 1.0),),
    )
    accepts = thread(3, "accept@socket.py", "accepter@multiprocessing/managers.py")
    handles = thread(4, "serve_client@multiprocessing/managers.py")
    server = seen(2, serves, accepts, handles, awake=(2, 4) if handling else (2,))
    looks = tuple(
        replace(look, doing="outside", argument=3) if look.native == 3 else look for look in server.look.threads
    )
    server = replace(server, look=replace(server.look, threads=looks))
    taken = snapshot(seen(1, receives(1)), server, *others, ends=(("pipe:5", 2, "w"), ("pipe:6", 2, "r")))
    ends = tuple(replace(end, descriptor=9) if end.object == "pipe:5" else end for end in taken.ends)
    return replace(taken, ends=ends, private=frozenset({"pipe:6"} if private else ()))


def test_who_only_takes_new_requests_of_a_server_answers_none(snapshot):
    assert able(served(snapshot)) == {2, 3}
    assert able(served(snapshot, handling=True)) == {1, 2, 3, 4}


def test_who_can_go_on_may_make_the_request_that_a_client_waits_for(snapshot):
    assert able(served(snapshot, seen(5, sleeps(5), doing="sleep"))) == {1, 2, 3, 4, 5}


def test_a_server_at_an_address_that_others_may_know_can_be_asked_by_them(snapshot):
    assert able(served(snapshot, private=False)) == {1, 2, 3, 4}
