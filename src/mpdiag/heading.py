"""What stands at the head of every report: who makes it, since when and by which command."""

from __future__ import annotations

import sys
from datetime import datetime, timezone

from mpdiag import __version__
from mpdiag.report import SCHEMA, Kind, Report, Tool


def begin(kind: Kind) -> Report:
    """A report of ``kind`` that is begun now, with nothing in it yet."""
    return Report(
        schema=SCHEMA,
        kind=kind,
        tool=Tool("mpdiag", __version__),
        started_at=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        duration_s=0.0,
        command=("mpdiag", *sys.argv[1:]),
        machine={},
        python={},
        verdict="",
    )
