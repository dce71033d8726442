"""Who uses which queue, where no ledger tells."""

from __future__ import annotations

from tests.hang.conftest import seen, thread

from mpdiag.hang import channels, graph, waits
from mpdiag.hang.scene import Scene

GET = ("_recv@multiprocessing/connection.py", "get@multiprocessing/queues.py", "work@app.py")
LOCKED = ("__enter__@multiprocessing/synchronize.py", "get@multiprocessing/queues.py", "work@app.py")


def locked(native, *calls, lock="lock:/a"):
    return thread(native, *calls, things=((0, "lock", (lock,), None),), main=True)


def test_who_waits_for_the_lock_of_get_takes_too(snapshot):
    reads = thread(1, *GET, things=((0, "connection", ("pipe:5", 4), None),), main=True)
    taken = snapshot(
        seen(1, reads),
        seen(2, locked(2, *LOCKED)),
        seen(3, locked(3, "acquire@multiprocessing/synchronize.py")),
        seen(4, locked(4, "acquire@multiprocessing/synchronize.py", lock="lock:/b")),
        ends=tuple(("pipe:5", pid, "w") for pid in (1, 2, 3, 4)),
    )

    assert channels.guessed_users(Scene(graph.draw(taken, waits.of(taken)), {})) == {
        ("pipe:5", 1, "takes"): 0,
        ("pipe:5", 4, "gives"): 0,
    }
