"""Makes the tables that rules judge of a snapshot and of the ledgers, if there are some."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mpdiag.advice import Facts
from mpdiag.hang import certainty, channels, doubts, members, threads
from mpdiag.hang.graph import Graph
from mpdiag.hang.scene import Scene
from mpdiag.watch import failures, pools

#: The part of a CPU from which on a program does something.
MOVING = 0.02


def gather(scene: Scene) -> dict[str, Facts]:
    """All tables, by name.

    Args:
        scene: what was seen.
    """
    tables: dict[str, list[dict[str, Any]]] = {
        "look": [look_row(scene)],
        "members": list(members.member_rows(scene)),
        "waits": [threads.wait_row(wait, scene) for wait in scene.graph.waits],
        "ends": list(channels.end_rows(scene)),
        "holders": list(channels.holder_rows(scene)),
        "queues": list(channels.queue_rows(scene)),
        "users": list(channels.user_rows(scene)),
        "needs": list(threads.need_rows(scene)),
        "pools": list(pool_rows(scene)),
        "failures": failures.rows(list(scene.lives.values())),
        "dropped": list(channels.dropped_rows(scene)),
    }
    return {name: Facts(name, {"": tuple(rows)}) for name, rows in tables.items()}


def look_row(scene: Scene) -> dict[str, Any]:
    """The program as a whole."""
    snapshot = scene.graph.snapshot
    living = snapshot.living.values()
    moved = [seen.moved for seen in living if seen.moved is not None]
    faults = [seen.faults for seen in living if seen.faults is not None]
    hidden, remedy = doubts.why(snapshot)
    return {
        "state": state(scene.graph),
        "apart_s": snapshot.apart_s,
        "processes": len(living),
        "answered": sum(seen.answer is not None for seen in living),
        "observed": snapshot.tree.folder is not None,
        "cpu_s": sum(seen.cpu_s for seen in living),
        "moved": sum(moved) if moved else None,
        "faults": sum(faults) if faults else None,
        "stalled_s": snapshot.stalled_s,
        "killed": snapshot.killed,
        "paging": sum(seen.paging for seen in living),
        "in_swap": snapshot.in_swap,
        "swapped_in": snapshot.swapped_in,
        "swapped_out": snapshot.swapped_out,
        "born": snapshot.born,
        "gone": snapshot.gone,
        "stuck": sum(not scene.graph.can_move(wait) for wait in scene.graph.waits),
        "hidden": hidden,
        "remedy": remedy,
    }


def state(graph: Graph) -> str:
    """Whether the program is ``stuck``, ``partly`` so, ``moving`` or ``idle``; ``unseen`` if too little is told."""
    main = graph.main(graph.snapshot.tree.root)
    if main and not graph.can_move(main):
        return "stuck"
    if any(wait.main and wait.kind != "serves" and not graph.can_move(wait) for wait in graph.waits):
        return "partly"
    cpu_s = sum(seen.cpu_s for seen in graph.snapshot.processes.values())
    moves = cpu_s > MOVING * graph.snapshot.apart_s or any(wait.kind == "runs" for wait in graph.waits)
    if moves:
        return "moving"
    sure = certainty.sure(graph)
    idle = [main] if main else [wait for wait in graph.waits if wait.main and wait.kind != "serves"]
    return "idle" if idle and all((wait.pid, wait.native) in sure for wait in idle) else "unseen"


def pool_rows(scene: Scene) -> Iterator[dict[str, Any]]:
    """One row for each pool: how many workers it has, and how those ended that it has no more."""
    for pool in pools.seen(list(scene.lives.values())):
        file, line, function = pool.place[:3]
        workers = [worker.life.pid for worker in pool.workers]
        gone = [pid for pid in workers if pid not in scene.graph.snapshot.living and not pool.threads]
        last = [worker for worker in pool.workers if worker.life.pid in gone and any(worker.slots("task"))]
        yield {
            "id": pool.id,
            "type": pool.type,
            "pid": pool.owner.pid,
            "workers": len(workers) - len(gone),
            "asked": pool.asked,
            "gone": len(gone),
            "ends": ", ".join(str(scene.exit(pid)) for pid in gone),
            "last": next((str(slot.name) for worker in last[-1:] for slot in worker.slots("task")), None),
            "replaces": pool.most_tasks is not None,
            "closed": pool.closed_s is not None,
            "tasks": sum(slot.count for slot in pool.working("task")),
            "file": file,
            "line": line or None,
            "function": function,
        }
