"""A report as it leaves mpdiag, with what formats may know beside it."""

from __future__ import annotations

import contextlib
from pathlib import Path

from mpdiag import registry
from mpdiag.redact import Identity, redact, redact_values
from mpdiag.report import Report, Style


def leaving(report: Report, hide: bool) -> tuple[Report, Style]:
    """``report`` as others may see it, and the style for it.

    Args:
        report: what there is to tell.
        hide: take out who ran it, where, and secrets.
    """
    folder = ""
    with contextlib.suppress(OSError):  # it may be gone
        folder = str(Path.cwd())
    rules = registry.behind(report)
    if not hide:
        return report, Style(folder=folder, rules=rules)
    who = Identity.here()
    return redact(report, who), Style(folder=str(redact_values(folder, who)), rules=rules)
