"""Names of multiprocessing and concurrent.futures that do not exist."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source, literal, names
from mpdiag.source.names import STANDARD

CHILD = "_called_from_multiprocessing"
CONTEXTS = frozenset({"_ForkContext", "_ForkServerContext", "_SpawnContext"})
#: What modules and objects of the standard library offer, from Python 3.9 to 3.15.
MODULE = """
    Array AuthenticationError Barrier BoundedSemaphore BufferTooShort Condition Event JoinableQueue Lock Manager Pipe
    Pool Process ProcessError Queue RLock RawArray RawValue SUBDEBUG SUBWARNING Semaphore SimpleQueue TimeoutError Value
    active_children allow_connection_pickling connection context cpu_count current_process dummy forkserver
    freeze_support get_all_start_methods get_context get_logger get_start_method heap log_to_stderr managers
    parent_process pool popen_fork popen_forkserver popen_spawn_posix popen_spawn_win32 process queues reducer reduction
    resource_sharer resource_tracker set_executable set_forkserver_preload set_start_method shared_memory sharedctypes
    spawn synchronize sys util
"""
_POOL = "apply apply_async close imap imap_unordered join map map_async starmap starmap_async terminate Process"
_QUEUE = "cancel_join_thread close empty full get get_nowait join_thread put put_nowait qsize"
_LOCK = "acquire release locked"
MEMBERS = {
    "multiprocessing": MODULE,
    names.POOL: _POOL,
    names.THREAD_POOL: _POOL,
    names.EXECUTOR: "kill_workers map shutdown submit terminate_workers",
    names.THREAD_EXECUTOR: "map shutdown submit",
    names.PROCESS: """
        authkey close daemon exitcode ident interrupt is_alive join kill name pid run sentinel start terminate
    """,
    "multiprocessing.Queue": _QUEUE,
    "multiprocessing.JoinableQueue": f"{_QUEUE} join task_done",
    "multiprocessing.SimpleQueue": "close empty get put",
    names.CONNECTION: "close closed fileno poll readable recv recv_bytes recv_bytes_into send send_bytes writable",
    names.FUTURE: """
        add_done_callback cancel cancelled done exception result running set_exception set_result
        set_running_or_notify_cancel
    """,
    names.ASYNC_RESULT: "get ready successful wait",
    "multiprocessing.Lock": _LOCK,
    "multiprocessing.RLock": _LOCK,
    "multiprocessing.Semaphore": f"{_LOCK} get_value",
    "multiprocessing.Event": "clear is_set set wait",
}
PACKAGES = frozenset({"context", "multiprocessing"})
#: What is meant by names that are often taken for one of the library's.
INSTEAD = {
    (names.POOL, "shutdown"): "close() and then join(), or terminate()",
    (names.POOL, "submit"): "apply_async()",
    (names.EXECUTOR, "apply_async"): "submit()",
    (names.EXECUTOR, "close"): "shutdown()",
    (names.EXECUTOR, "imap"): "map()",
    (names.EXECUTOR, "join"): "shutdown(wait=True)",
    (names.EXECUTOR, "starmap"): "map(), which takes several iterables",
    (names.EXECUTOR, "terminate"): "shutdown(cancel_futures=True); from Python 3.14 on terminate_workers()",
    (names.FUTURE, "get"): "result()",
    (names.ASYNC_RESULT, "result"): "get()",
    (names.PROCESS, "stop"): "terminate()",
    (names.PROCESS, "result"): "a Queue or a Pipe to send the result, or an executor",
    (names.PROCESS, "poll"): "exitcode, which is None while it runs",
    (names.PROCESS, "returncode"): "exitcode",
    (names.PROCESS, "send_signal"): "os.kill(process.pid, …)",
    (names.PROCESS, "wait"): "join()",
    ("multiprocessing.Queue", "join"): "a JoinableQueue",
    ("multiprocessing.Queue", "task_done"): "a JoinableQueue",
    ("multiprocessing.SimpleQueue", "get_nowait"): "empty() and get(), or a Queue",
    ("multiprocessing.Event", "isSet"): "is_set()",
}


def inspect(source: Source) -> Iterator[Finding]:
    """Find what never existed, and members that modules and objects of the standard library do not have."""
    for node in tests_for_child(source):
        yield LINT.finding(
            source.place(node),
            level="error",
            seen=f"No Python has ever set `sys.{CHILD}`: this says the same in the parent and in every child.",
            do="Ask `multiprocessing.parent_process() is not None`, or keep what children must not run under "
            '`if __name__ == "__main__":`.',
        )
    asked_for = {literal(call.args[1]) for call in source.calls("hasattr", "getattr") if len(call.args) > 1}
    for member, nodes in list(source.tree.attributes.items()):
        loads = [each for each in nodes if isinstance(each.ctx, ast.Load)]
        if len(loads) == len(nodes) and member not in asked_for:
            for node in loads:
                owner = owner_without(source, node)
                if owner is not None and not source.order.handled(node) & {"AttributeError", "Exception"}:
                    yield LINT.finding(
                        source.place(node), level="error", seen=seen(owner, node), do=remedy(owner, node)
                    )


def tests_for_child(source: Source) -> Iterator[ast.expr]:
    """Where the flag is asked for that was never there."""
    yield from source.tree.attributes[CHILD]
    for call in source.calls("hasattr", "getattr"):
        if len(call.args) > 1 and literal(call.args[1]) == CHILD:
            yield call


def owner_without(source: Source, node: ast.Attribute) -> str | None:
    """What has no such member: the package, or the kind of an object; None if it has one or is not known."""
    word = node.value.id if isinstance(node.value, ast.Name) else ""
    concept = source.concept(node.value) if word in PACKAGES or word in source.tree.aliases else ""
    if concept in ("multiprocessing", "multiprocessing.context"):
        named = source.things.name(node.value)
        standard = named is not None and named.library is STANDARD
        if node.attr in CONTEXTS and standard:
            return "multiprocessing"
        owner = concept if concept == "multiprocessing" and standard and not node.attr.startswith("_") else ""
    elif MEMBERS.keys().isdisjoint(source.made):
        owner = ""
    else:
        thing = source.things.thing(node.value)
        made = thing is not None and thing.library is STANDARD and thing.subclass is None and not thing.declared
        owner = thing.kind if made and thing is not None and not node.attr.startswith("_") else ""
    return owner if owner in MEMBERS and node.attr not in MEMBERS[owner].split() else None


def seen(owner: str, node: ast.Attribute) -> str:
    """What is missing."""
    what = "multiprocessing" if owner == "multiprocessing" else f"A{names.described(owner)[1:]}"
    return f"{what} has no `{node.attr}`: this raises AttributeError."


def remedy(owner: str, node: ast.Attribute) -> str:
    """What to use."""
    if node.attr in CONTEXTS:
        return 'Use `multiprocessing.get_context("fork")`, which is public, or "spawn" or "forkserver".'
    kinds = {names.THREAD_POOL: names.POOL, names.THREAD_EXECUTOR: names.EXECUTOR}
    found = INSTEAD.get((kinds.get(owner, owner), node.attr))
    return f"Use {found}." if found else "Look it up in the documentation; the name may belong to another class."


LINT: Final = Lint(
    module=__name__,
    id="MP705",
    inspect=inspect,
    doc=Doc(
        title="A name that the library does not have",
        why="`sys._called_from_multiprocessing` is handed on as a test for being a child, but no Python ever set it: "
        "what it should keep from the children runs in all of them. Pools, executors, queues and futures have similar "
        "methods of different names; the wrong one raises AttributeError, often only where the program ends.",
        how="The flag, also in hasattr() and getattr(); `_ForkContext` and its kin; members that neither the package "
        "nor its objects have in any version from 3.9 on. Silent for subclasses, for other libraries, for what "
        "only an annotation tells of, for names that the file assigns or asks hasattr() for, and where AttributeError "
        "is caught.",
        bad="""
            from concurrent.futures import ProcessPoolExecutor

            if __name__ == "__main__":
                executor = ProcessPoolExecutor()
                print(executor.submit(abs, -1).get())
        """,
        good="""
            from concurrent.futures import ProcessPoolExecutor

            if __name__ == "__main__":
                executor = ProcessPoolExecutor()
                print(executor.submit(abs, -1).result())
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.parent_process",),
    ),
)
