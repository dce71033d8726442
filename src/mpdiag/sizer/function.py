"""The measurement behind ``mpdiag size``: a function alone, then on workers of every kind."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final, Optional

from mpdiag import stats
from mpdiag.bench import Bench, Skip
from mpdiag.model import Doc, Probe, Row, Table
from mpdiag.sizer import alone as one
from mpdiag.sizer.clocks import resident, threads
from mpdiag.sizer.crews import Crews, kinds
from mpdiag.sizer.outlook import MOST_ITEMS, MOST_PROCESSES, Outlook
from mpdiag.sizer.search import Search
from mpdiag.sizer.settings import Batch, Setting
from mpdiag.sizer.subject import Subject, Trouble, load
from mpdiag.sizer.watch import NAME, Watch

#: Seconds that importing or one call may take before it counts as never ending; with a larger budget, that.
PATIENCE = 10.0
#: The part of the calls allowed for those one after the other.
ALONE = 0.25
#: The part of the memory at hand that workers may fill while they are tried.
FILL = 0.5


def run(bench: Bench) -> Iterator[Row]:
    """Yield what a call takes, every batch, what workers cost to have, and what could not be had."""
    order = bench.plan.size or {}
    if bench.plan.cwd:
        sys.path.insert(1, bench.plan.cwd)  # as `python -m` does; what was staged here stays first
    # Standard input is mpdiag's lifeline: whoever reads shall find nothing there.
    with Path(os.devnull).open() as sys.stdin, (Path(sys.path[0]) / NAME).open("w", encoding="utf-8") as file:
        watch, patience = Watch(file), max(PATIENCE, bench.plan.budget_s)
        try:
            watch("importing it", patience)
            before = threads()
            subject = load(order)
            calls = order.get("calls_most") or math.inf
            alone = one.measure(bench, subject, max(1, calls * ALONE), partial(watch, patience=patience))
            alone.native_threads = brought(before, threads())
            yield Row(one.cells(alone, subject), "task")
            yield from sweep(bench, subject, alone, watch, calls - alone.calls)
        except Trouble as trouble:
            yield Row({"text": str(trouble), "hint": trouble.hint}, "trouble")
            raise Skip(str(trouble)) from trouble
        finally:
            watch.over()


def brought(before: Optional[int], after: Optional[int]) -> Optional[int]:
    """How many threads that are none of Python's importing and calling it has started."""
    return None if before is None or after is None else max(after - before, 0)


def sweep(bench: Bench, subject: Subject, alone: one.Alone, watch: Watch, calls: float) -> Iterator[Row]:
    """Try settings until it is clear which does best, or the budget is spent."""
    with Crews(bench, subject, alone, watch) as crews:
        search = Search(outlook(bench, subject, alone, calls), crews.run, crews.close, bench.clock)
        for batch in search.run():
            yield Row(batch_cells(batch), "batches")
            crew = batch.setting.crew
            if crew in crews.costs:  # the last one counts: an interruption may come at any time
                yield Row({**crew_cells(batch.setting), **vars(crews.costs[crew])}, "crews")
        bench.stops.append(search.stopped)
    for setting, reason in search.denied.items():
        yield Row({**crew_cells(setting), "reason": reason}, "denied")


def outlook(bench: Bench, subject: Subject, alone: one.Alone, calls: float) -> Outlook:
    """What the search is to know."""
    item = stats.median(alone.reference)
    sending = sum(stats.median(each) for each in (alone.pickle_args, alone.pickle_result) if each)
    own, held = resident(), sum(stats.median(each) for each in (alone.args_b, alone.result_b) if each)
    return Outlook(
        item=item,
        waiting=one.waiting(alone),
        sending=sending,
        items=len(subject.items) if subject.whole else None,
        cpus=bench.cpus,
        kinds=kinds(bench, not alone.denied),
        most_processes=max(1, int(FILL * 4 * bench.plan.memory / own)) if own else MOST_PROCESSES,
        gil=one.takes_turns(alone),
        budget=max(bench.left(), 0.0),
        calls=calls,
        most_items=max(1, min(MOST_ITEMS, int(bench.plan.memory / held))) if held else MOST_ITEMS,
        native=one.has_company(alone),
        curve=bool((bench.plan.size or {}).get("curve")),
    )


def batch_cells(batch: Batch) -> dict[str, Any]:
    """A batch as a row."""
    setting = batch.setting
    cells = {key: value for key, value in vars(batch).items() if key != "setting"}
    return {**cells, **crew_cells(setting), "chunk": setting.chunk}


def crew_cells(setting: Setting) -> dict[str, Any]:
    """On which workers, as part of a row."""
    return dict(zip(("kind", "workers", "native"), setting.crew))


PROBE: Final = Probe(
    module=__name__,
    run=run,
    tables=tuple(Table(name, "", ()) for name in ("", "task", "batches", "crews", "denied", "trouble")),
    doc=Doc(title="A function of yours", why="", how=""),
)
