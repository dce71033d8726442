"""A loop that waits for each task before it submits the next."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Loop, Source, Task, argument

#: Method that hands out a task → method that waits for it.
WAITS = {"submit": "result()", "apply_async": "get()", "apply": "apply()", "run_in_executor": "await"}
INSTEAD = {"submit": "executor.map(…)", "run_in_executor": "`await asyncio.gather(*tasks)`"}
IN_ORDER = "pool.map(…) or pool.imap_unordered(…)"


def inspect(source: Source) -> Iterator[Finding]:
    """Find tasks in loops that are awaited where they are handed out."""
    if source.is_test:
        return
    for task in source.tasks:
        loop = source.tree.loop(task.call) if task.how in WAITS else None
        wait = awaited(source, task) if loop is not None else None
        if loop is not None and wait is not None and not one_by_one(source, task, wait, loop):
            yield LINT.finding(
                source.place(wait),
                level="warning",
                seen=f"{WAITS[task.how]} waits for this task before the loop hands out the next one: one worker works, "
                "the others wait.",
                do=f"Hand out all tasks first and take the results afterwards: {INSTEAD.get(task.how, IN_ORDER)} gives "
                "them in order; a list of what was handed out keeps everything else as it is.",
            )


def awaited(source: Source, task: Task) -> ast.expr | None:
    """What waits for a task, without a limit, on the same or on the next line."""
    if task.how == "apply":
        return task.call
    method, outer = WAITS[task.how].removesuffix("()"), source.tree.parents.get(task.call)
    if task.how == "run_in_executor":
        return outer if isinstance(outer, ast.Await) else None
    if isinstance(outer, ast.Attribute) and outer.attr == method:
        wait = source.tree.parents.get(outer)
        return wait if isinstance(wait, ast.Call) and not wait.args and not wait.keywords else None
    if isinstance(outer, ast.Assign) and isinstance(outer.targets[0], ast.Name):
        following = source.tree.following(outer)
        for wait in source.calls(method):
            on = wait.func.value if isinstance(wait.func, ast.Attribute) else None
            same = isinstance(on, ast.Name) and on.id == outer.targets[0].id
            if same and not wait.args and not wait.keywords and source.tree.statement(wait) is following:
                return wait
    return None


def one_by_one(source: Source, task: Task, wait: ast.expr, loop: Loop) -> bool:
    """Whether tasks cannot overlap anyway: one worker, a loop that may end early, a task that needs the one before."""
    if isinstance(loop, ast.AsyncFor) or (isinstance(loop, ast.While) and isinstance(loop.test, ast.Constant)):
        return True  # each round answers to something that has come
    made = task.to.made
    workers = argument(made, 0, "max_workers" if task.how == "submit" else "processes") if made else None
    if isinstance(workers, ast.Constant) and workers.value == 1:
        return True
    if made is not None and source.tree.loop(made) is loop:
        return True
    if any(isinstance(each, (ast.Break, ast.Return)) for each in ast.walk(loop)):
        return True
    statement = source.tree.statement(wait)
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    results = {each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)}
    needed = {each.id for each in ast.walk(task.call) if isinstance(each, ast.Name)}
    return bool(results & needed)


LINT: Final = Lint(
    module=__name__,
    id="MP401",
    inspect=inspect,
    aliases=("serial-submit-result",),
    doc=Doc(
        title="Each task awaited before the next is submitted",
        why="submit(...).result() in a loop keeps one task in flight: the pool works like a loop, and adds the cost "
        "of a round trip to every task.",
        how="submit(…).result() and apply_async(…).get() in a loop, in one expression or on the next line; apply() "
        "and `await loop.run_in_executor(…)` in a loop. Silent when the pool has one worker, when a wait has a "
        "timeout, when the loop may end early or answers to what comes, when a task needs the result of the one "
        "before, and in tests.",
        bad="""
            from concurrent.futures import ProcessPoolExecutor

            def extract(page):
                return page.upper()

            def texts(pages):
                with ProcessPoolExecutor() as pool:
                    return [pool.submit(extract, page).result() for page in pages]
        """,
        good="""
            from concurrent.futures import ProcessPoolExecutor

            def extract(page):
                return page.upper()

            def texts(pages):
                with ProcessPoolExecutor() as pool:
                    return list(pool.map(extract, pages))
        """,
        applies="executors of processes, threads and interpreters; Pool.apply() and apply_async().get() alike",
        links=("https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.as_completed",),
    ),
)
