"""Who uses which queue, where no ledger tells."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from tests.hang.conftest import seen, thread

from mpdiag.hang import channels, graph, waits
from mpdiag.hang.scene import Scene
from mpdiag.watch.books import Book, Event

GET = ("_recv@multiprocessing/connection.py", "get@multiprocessing/queues.py", "work@app.py")
LOCKED = ("__enter__@multiprocessing/synchronize.py", "get@multiprocessing/queues.py", "work@app.py")


def locked(native, *calls, lock="lock:/a"):
    return thread(native, *calls, things=((0, "lock", (lock,), None),), main=True)


def test_what_an_executor_made_is_called_after_it():
    def noted(name, *facts):
        return Event(name, 0.0, facts)

    made = ("/p/app.py", 5, "main", "__init__", 2)
    events = (
        noted("queue", "pipe:1", "_SafeQueue", 3, made),
        noted("pool", "pipe:1", "ProcessPoolExecutor", 2, None, None, "fork", made),
        noted("queue", "pipe:2", "Queue", 0, ("/p/app.py", 9, "main", "__init__", 0)),
    )
    book = Book(Path("x"), 1, 0, began_s=0.0, ended_s=None, cpu_s=None, main_cpu_s=None, main_thread=1, events=events)
    scene = SimpleNamespace(lives={1: SimpleNamespace(book=book), 2: SimpleNamespace(book=None)})

    assert channels.places(scene, "queue") == {
        "pipe:1": ("/p/app.py", 5, "main", "ProcessPoolExecutor"),
        "pipe:2": ("/p/app.py", 9, "main", "__init__"),
    }


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
