"""Mends files: edits are put in, what comes of them is checked, and only then written."""

from __future__ import annotations

import io
import os
import re
import shutil
import tempfile
import tokenize
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mpdiag.advice import Finding, Fix
from mpdiag.linting.examining import Examined, Examiner
from mpdiag.linting.searching import File

_NEWLINE = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Mended:
    """A file after it was mended.

    Args:
        data: what it is to hold.
        examined: what is still to be said of it.
        fixed: the findings that are gone.
    """

    data: bytes
    examined: Examined
    fixed: list[Finding]


def mend(examiner: Examiner, file: File, data: bytes, wanted: Sequence[Finding]) -> Mended | None:
    """Mend what can be mended safely; None, where that is nothing, or where the mistakes would not be gone.

    Args:
        examiner: knows the edits.
        file: which.
        data: what it holds.
        wanted: those of its findings that are to be mended.
    """
    chosen = apart(examiner.fixes(file, data, wanted))
    if not chosen:
        return None
    fixed = [finding for finding, _ in chosen]
    changed = edited(data, [fix for _, fix in chosen])
    before, after = examiner.examine(file, data), examiner.examine(file, changed)
    counts = [Counter(finding.rule for finding in findings) for findings in (before.findings, fixed, after.findings)]
    if after.failed or any(counts[0][rule] - counts[1][rule] < counts[2][rule] for rule in counts[1]):
        return None
    return Mended(changed, after, fixed)


def edited(data: bytes, fixes: Sequence[Fix]) -> bytes:
    """``data``, a Python file, with ``fixes`` put in; encoding, byte order mark and ends of lines stay."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    text = data.decode(encoding)
    ends = _NEWLINE.findall(text)
    starts = [0, *(found.end() for found in _NEWLINE.finditer(text))]
    for fix in sorted(fixes, key=lambda each: (each.line, each.column), reverse=True):
        first, last = starts[fix.line - 1] + fix.column - 1, starts[fix.end_line - 1] + fix.end_column - 1
        text = text[:first] + fix.replacement.replace("\n", ends[0] if ends else "\n") + text[last:]
    return text.encode(encoding)


def apart(fixes: Sequence[tuple[Finding, Fix]]) -> list[tuple[Finding, Fix]]:
    """Those of ``fixes`` that can be put in together: of two that overlap, the first."""
    left: list[tuple[Finding, Fix]] = []
    for finding, fix in sorted(fixes, key=lambda each: (each[1].line, each[1].column)):
        before = left[-1][1] if left else None
        if before is None or (before.end_line, before.end_column) <= (fix.line, fix.column):
            left.append((finding, fix))
    return left


def write(path: str, data: bytes) -> None:
    """Put ``data`` in the place of what the file at ``path`` (without links) holds: whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    handle, name = tempfile.mkstemp(prefix=".mpdiag-", dir=Path(path).parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        shutil.copymode(path, temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
