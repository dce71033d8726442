"""The sections about an observed program, made of the facts that rules judge.

The rows keep every fact, for JSON; the columns are those worth a reader's time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import PurePath

from mpdiag.advice import Facts
from mpdiag.report import Section
from mpdiag.watch.views import VIEWS, Row, View, number

#: Waits that come to less than this share of the wall time are no reader's concern.
LEAST = 0.01


def sections(facts: Mapping[str, Facts]) -> tuple[Section, ...]:
    """A section for each table that has something to show.

    Args:
        facts: what was observed, by the names under which rules ask for it.
    """
    tables = {name: found.all() for name, found in facts.items()}
    places = short_names(str(row["file"]) for rows in tables.values() for row in rows if row.get("file"))
    least_s = LEAST * max((number(row, "wall_s") for row in tables.get("run", [])), default=0.0)
    made = (_section(view, tables.get(view.table, []), places, least_s) for view in VIEWS)
    return tuple(section for section in made if section.rows)


def _section(view: View, rows: Iterable[Row], places: Mapping[str, str], least_s: float) -> Section:
    """The table of ``view``; one about times that come to less than ``least_s`` is mere detail."""
    kept = sorted(filter(view.keep, rows), key=view.weight, reverse=True)
    full = tuple({**row, "where": where(row, places), **{key: make(row) for key, make in view.made}} for row in kept)
    columns = tuple(column for column in view.columns if any(row.get(column.key) is not None for row in full))
    little = view.costs and sum(map(view.weight, kept)) < least_s
    return Section(view.id, view.title, "ok", columns=columns, rows=full, detail=view.detail or little)


def where(row: Row, places: Mapping[str, str]) -> str | None:
    """The place of ``row``, short: ``app.py:31``."""
    file, line = row.get("file"), row.get("line")
    if not isinstance(file, str):
        return None
    return f"{places.get(file, file)}:{line}" if line is not None else places.get(file, file)


def short_names(files: Iterable[str]) -> dict[str, str]:
    """The shortest ends of paths that tell ``files`` apart: ``app.py``, ``shop/__init__.py``."""
    left = set(files)
    names: dict[str, str] = {}
    length = 1
    while left:
        ends = {file: PurePath(file).parts[-length:] for file in left}
        alike = Counter(ends.values())
        telling = {file for file, end in ends.items() if alike[end] == 1 and not "".join(end).startswith("__")}
        settled = telling | {file for file in left if length >= len(PurePath(file).parts)}
        names.update({file: str(PurePath(*ends[file])) for file in settled})
        left -= settled
        length += 1
    return names
