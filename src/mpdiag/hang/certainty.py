"""Which threads go on whatever it is that they wait for, where the system does not tell all of that.

The graph lets go on whatever may: only what is left of it is stuck. Here a thread whose wait is not told in full goes
on only if it would in each case that fits what was seen. What is in neither could not be seen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from mpdiag.hang.graph import Graph, Index
from mpdiag.hang.waits import Kind, Wait

Key = tuple[int, int]
#: Those who could end a wait; None if it ends by itself, or something outside ends it.
Savers = Sequence[Wait] | None


def sure(graph: Graph) -> frozenset[Key]:
    """The threads that can go on in any case.

    Args:
        graph: the threads of a program, and who could end the wait of each.
    """
    index = Index(graph)
    cases = {(wait.pid, wait.native): list(possible(wait, graph, index)) for wait in graph.waits}
    return reached({key: [some for some in each if some is not None] for key, each in cases.items()})


def reached(cases: Mapping[Key, Sequence[Sequence[Wait]]]) -> frozenset[Key]:
    """Those for whom, in each of their cases, somebody goes on who could end their wait; at once those without any.

    Args:
        cases: for each thread, those who could end its wait, for each thing that this may be for.
    """
    waiting: dict[Key, list[tuple[Key, int]]] = defaultdict(list)
    left = {key: set(range(len(each))) for key, each in cases.items()}
    for key, each in cases.items():
        for number, savers in enumerate(each if all(each) else ()):  # where one case is hopeless, no other counts
            for saver in savers:
                waiting[saver.pid, saver.native].append((key, number))
    found: set[Key] = set()
    fresh = [key for key, each in left.items() if not each]
    while fresh:
        key = fresh.pop()
        if key not in found:
            found.add(key)
            for other, number in waiting[key]:
                left[other].discard(number)
                fresh += [] if left[other] else [other]
    return frozenset(found)


def possible(wait: Wait, graph: Graph, index: Index) -> Iterator[Savers]:
    """Who could end a wait, for each thing that it may be for; nobody where that may be anything."""
    if wait.known:
        yield graph.savers[wait.pid, wait.native]
    elif wait.doing == "lock":
        yield from locked(wait, graph, index)
    elif wait.doing in ("read", "write") and wait.objects:
        kind: Kind = "read" if wait.doing == "read" else "write"
        yield from (index.enders(replace(wait, kind=kind), each) for each in wait.objects)
    elif wait.doing == "several" and wait.objects:
        yield index.savers(replace(wait, limited=False))
    else:
        yield ()


def locked(wait: Wait, graph: Graph, index: Index) -> Iterator[Savers]:
    """Who could let a lock go: the threads of the process if it is its own; if it is shared, who shares memory."""
    own = [other for other in graph.of(wait.pid) if other.native != wait.native]
    yield own
    if own:  # else that alone is hopeless: hundreds may wait for one semaphore
        files = index.mapped.get(wait.pid, set())
        sharing = {pid for pid, others in index.mapped.items() if pid != wait.pid and not files.isdisjoint(others)}
        yield from [index.threads(wait, sharing)] if sharing else []
