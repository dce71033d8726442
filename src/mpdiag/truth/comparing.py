"""Reported against true, bucket by bucket."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mpdiag.model import Cell, Column
from mpdiag.report import Account, Section

#: How far a bucket may be off, as a fraction of the process's lifetime.
TOLERANCE = 0.05
#: Buckets of which there was less, and as little was reported, are not worth a line.
LITTLE = 0.005

COLUMNS = (
    Column("program", "program"),
    Column("process", "process"),
    Column("bucket", "bucket"),
    Column("true", "true", "s"),
    Column("reported", "reported", "s"),
    Column("difference", "of lifetime", "fraction"),
    Column("ok", "within 5 points"),
)


@dataclass(frozen=True)
class Compared:
    """One bucket of one process; seconds."""

    program: str
    method: str
    process: str
    bucket: str
    life_s: float
    true_s: float
    #: None: the process is not in the account.
    reported_s: float | None

    @property
    def difference(self) -> float | None:
        """Reported minus true, as a fraction of the process's true lifetime."""
        return None if self.reported_s is None else (self.reported_s - self.true_s) / self.life_s

    @property
    def ok(self) -> bool:
        """Whether the bucket is near enough to the truth."""
        return self.difference is not None and abs(self.difference) <= TOLERANCE

    @property
    def row(self) -> dict[str, Cell]:
        """Its line in the table."""
        return {
            "program": self.program,
            "process": self.process,
            "bucket": self.bucket,
            "true": self.true_s,
            "reported": self.reported_s,
            "difference": self.difference,
            "ok": self.ok,
        }


def compare(program: str, method: str, truth: Iterable[Mapping[str, Any]], account: Account | None) -> list[Compared]:
    """Every bucket whose truth is known.

    Args:
        program: the kind of program.
        method: the start method of its workers.
        truth: what `mpdiag.truth.program` has written.
        account: what was reported; None when there was no account at all.
    """
    reported = {process.pid: process.buckets for process in account.processes} if account else {}
    compared = []
    for process in truth:
        buckets = reported.get(process["pid"])
        for bucket, seconds in process["buckets"].items():
            found = None if buckets is None else buckets.get(bucket, 0.0)
            compared.append(Compared(program, method, process["role"], bucket, process["life"], seconds, found))
    return compared


def sections(compared: Iterable[Compared], missing: Mapping[str, str]) -> Iterator[Section]:
    """A table per start method, or the reason why there is none; what is furthest from the truth comes first.

    Args:
        compared: all buckets.
        missing: start methods without any, and why.
    """
    tables: dict[str, list[Compared]] = {}
    for one in compared:
        tables.setdefault(one.method, []).append(one)
    for method in {**tables, **missing}:
        kept = sorted((one for one in tables.get(method, []) if not negligible(one)), key=distance, reverse=True)
        reason = missing.get(method)
        yield Section(
            id=f"selftest.{method}",
            title=f"Reported against true, {method}",
            status="failed" if reason else "ok",
            reason=reason,
            columns=COLUMNS,
            rows=tuple(one.row for one in kept),
        )


def distance(one: Compared) -> float:
    """How far a bucket is off; one that was not reported is further than any."""
    return 2.0 if one.difference is None else abs(one.difference)


def negligible(one: Compared) -> bool:
    """Whether there is next to nothing to compare."""
    return one.ok and max(one.true_s, one.reported_s or 0.0) < LITTLE * one.life_s


def verdict(compared: Iterable[Compared], missing: Mapping[str, str]) -> str:
    """The result in one sentence."""
    every = list(compared)
    if missing or not every:
        return f"not checked: {'; '.join(f'{method}: {why}' for method, why in missing.items()) or 'nothing ran'}"
    wrong = [one for one in every if not one.ok]
    worst = max(every, key=distance)
    where = f"{worst.bucket} of the {worst.process} process, {worst.program} by {worst.method}"
    off = "not reported" if worst.difference is None else f"{worst.difference * 100:+.1f} points"
    if wrong:
        return f"{len(wrong)} of {len(every)} buckets are off by more than 5 points; the worst: {off} ({where})"
    return f"every bucket is within 5 points of the truth; the worst: {off} ({where})"
