"""What a program may cost, in the user's words, held against the report on its run: each line passes or fails."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from mpdiag import units
from mpdiag.advice import LEVELS
from mpdiag.errors import BadInput
from mpdiag.model import Cell, Column
from mpdiag.registry import suggest
from mpdiag.report import Account, Efficiency, Report, Section
from mpdiag.text.buckets import BUCKETS

#: The section that says what passed, and how it says so.
TABLE: Final = "budgets"
PASS, FAIL, UNKNOWN = "pass", "FAIL", "not known"
COLUMNS: Final = (
    Column("result", "result"),
    Column("budget", "budget"),
    Column("seen", "seen"),
)
_HINT = 'Write it like "parallel efficiency >= 0.7", "peak PSS <= 2 GiB" or "no MP6xx".'
_SPELLINGS = {"≤": "<=", "≥": ">=", "at most": "<=", "at least": ">=", "=<": "<=", "=>": ">="}
_LIMIT = re.compile(
    r"(?P<what>.*?)\s*(?P<sign><=|>=|≤|≥|=<|=>|<|>|\bat most\b|\bat least\b)\s*(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>.*)"
)
_RULES = re.compile(r"mp\d{0,3}x*")
#: What units stand for, with the unit of the quantities that they fit.
_UNITS: Final[dict[str, tuple[str, float]]] = {
    **{name: ("s", size) for name, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("µs", 1e-6), ("min", 60.0))},
    **{f"{name}B": ("B", 1000.0**power) for power, name in enumerate(("", "k", "M", "G", "T"))},
    **{f"{name}iB": ("B", 1024.0**power) for power, name in enumerate(("K", "M", "G", "T"), 1)},
    "KB": ("B", 1e3),
    "%": ("fraction", 0.01),
}
_SIGNS: Final[dict[str, Callable[[float, float], bool]]] = {
    "<=": lambda seen, limit: seen <= limit,
    ">=": lambda seen, limit: seen >= limit,
    "<": lambda seen, limit: seen < limit,
    ">": lambda seen, limit: seen > limit,
}


@dataclass(frozen=True)
class Quantity:
    """Something that a report on a run tells; None where it does not."""

    unit: str
    read: Callable[[Report], float | None]


@dataclass(frozen=True)
class Budget:
    """One limit."""

    text: str
    quantity: Quantity
    sign: str
    limit: float

    def judge(self, report: Report) -> dict[str, Cell]:
        """Whether ``report`` keeps within it, as a row of the table."""
        seen = self.quantity.read(report)
        result = UNKNOWN if seen is None else PASS if _SIGNS[self.sign](seen, self.limit) else FAIL
        shown = None if seen is None else units.number(seen, self.quantity.unit)
        return {"result": result, "budget": self.text, "seen": shown, "value": seen, "limit": self.limit}


def parse(text: str) -> Budget:
    """The budget that ``text`` means: ``parallel efficiency >= 0.7``, ``peak PSS <= 2 GiB``, ``no MP6xx``.

    Raises:
        BadInput: it means none.
    """
    words = " ".join(text.split())
    what = words.removeprefix("no ") if words.startswith("no ") else words.removesuffix(" none")
    if what != words:
        return Budget(words, quantity(what, "1", text), "<=", 0.0)
    found = _LIMIT.fullmatch(words)
    if found is None:
        raise BadInput(f"the budget {text!r} has no limit", _HINT)
    unit, size = _UNITS.get(found["unit"], ("", 1.0))
    if found["unit"] and not unit:
        raise BadInput(f"the budget {text!r} has the unknown unit {found['unit']!r}", suggest(found["unit"], _UNITS))
    meant = quantity(found["what"], unit, text)
    if unit and unit != meant.unit:
        raise BadInput(f"the budget {text!r} has a limit in {found['unit']}, which is no unit of it", _HINT)
    sign = _SPELLINGS.get(found["sign"], found["sign"])
    return Budget(words, meant, sign, float(found["number"]) * size)


def quantity(name: str, unit: str, text: str) -> Quantity:
    """What is called ``name``; of what processes do, the time if the limit's ``unit`` is one of time, else its share.

    Raises:
        BadInput: nothing is.
    """
    words = name.strip().lower().replace("_", " ")
    if words in _QUANTITIES:
        return _QUANTITIES[words]
    if words in _BUCKETS:
        return Quantity("s", _spent(_BUCKETS[words])) if unit == "s" else Quantity("fraction", _share(_BUCKETS[words]))
    if words.rstrip("s") in (*LEVELS, "finding"):
        return Quantity("1", _findings(words.rstrip("s")))
    if _RULES.fullmatch(words):
        return Quantity("1", _findings(words.rstrip("x").upper()))
    raise BadInput(
        f"the budget {text!r} is about nothing that is known", suggest(words, [*_QUANTITIES, *_BUCKETS, "findings"])
    )


def tabled(report: Report, title: str, rows: Iterable[dict[str, Cell]]) -> Report:
    """``report`` with such a table; what failed comes first, and into the verdict."""
    order = (FAIL, UNKNOWN, PASS)
    ordered = tuple(sorted(rows, key=lambda row: order.index(str(row["result"]))))
    section = Section(TABLE, title, "ok", columns=COLUMNS, rows=ordered)
    shown = replace(report, sections=(section, *report.sections))
    failed = list(broken(shown))
    if not failed:
        return shown
    more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
    return replace(shown, verdict=f"Failed: {failed[0]['budget']} (seen: {failed[0]['seen']}){more}. {report.verdict}")


def broken(report: Report) -> Iterator[Mapping[str, Cell]]:
    """The rows of the table in ``report`` that failed."""
    for section in report.sections:
        if section.id == TABLE:
            yield from (row for row in section.rows if row.get("result") == FAIL)


# --- what can be limited


def _of_account(read: Callable[[Account], float | None]) -> Callable[[Report], float | None]:
    return lambda report: read(report.account) if report.account else None


def _efficiency(read: Callable[[Efficiency], float]) -> Quantity:
    return Quantity("fraction", _of_account(lambda account: read(account.efficiency) if account.efficiency else None))


def _cpu(account: Account) -> float | None:
    known = [one.cpu_s for one in account.processes if one.cpu_s is not None]
    return sum(known) if known else None


def _largest(part: str) -> Callable[[Report], float | None]:
    """The most that one process had."""

    def read(account: Account) -> float | None:
        known = [getattr(one.memory, part) for one in account.processes]
        return max((size for size in known if size), default=None)

    return _of_account(read)


def _cells(report: Report, table: str, *keys: str) -> Iterator[float]:
    """The sums of the numbers in ``keys`` of each row of a table."""
    for section in report.sections:
        if section.id == table:
            for row in section.rows:
                found = [cell for key in keys if isinstance(cell := row.get(key), (int, float))]
                if found:
                    yield float(sum(found))


def _most(table: str, *keys: str) -> Callable[[Report], float | None]:
    return lambda report: max(_cells(report, table, *keys), default=None)


def _spent(bucket: str) -> Callable[[Report], float | None]:
    return _of_account(lambda account: account.total.get(bucket, 0.0))


def _share(bucket: str) -> Callable[[Report], float | None]:
    def read(account: Account) -> float | None:
        lived = sum(max(one.ended_s - one.born_s, 0.0) for one in account.processes)
        return account.total.get(bucket, 0.0) / lived if lived else None

    return _of_account(read)


def _findings(pattern: str) -> Callable[[Report], float]:
    """How many there are of a level, a rule or a hundred of rules; of any, for ``finding``."""
    return lambda report: float(
        sum(pattern in ("finding", one.level) or one.rule.startswith(pattern) for one in report.findings)
    )


def _gain(report: Report) -> float:
    return max((one.gain.ceiling_fraction for one in report.findings if one.gain), default=0.0)


_BUCKETS: Final = {name.lower(): bucket.key for bucket in BUCKETS.values() for name in (bucket.words, bucket.key)}
_QUANTITIES: Final[dict[str, Quantity]] = {
    "wall time": Quantity("s", _of_account(lambda account: account.wall_s)),
    "cpu time": Quantity("s", _of_account(_cpu)),
    "processes": Quantity("1", _of_account(lambda account: len(account.processes))),
    "parallel efficiency": _efficiency(lambda known: known.parallel),
    "load balance": _efficiency(lambda known: known.load_balance),
    "communication": _efficiency(lambda known: known.communication),
    "not accounted for": Quantity("fraction", _of_account(lambda account: account.unaccounted_fraction)),
    "possible gain": Quantity("fraction", _gain),
    "pickled bytes per task": Quantity("B", _most("pools", "args_b", "result_b")),
    "peak rss": Quantity("B", _largest("rss_peak")),
    "peak uss": Quantity("B", _largest("uss_peak")),
    "peak pss": Quantity("B", _most("memory", "peak")),
    "segments left": Quantity("1", _most("memory", "shm_left")),
}
