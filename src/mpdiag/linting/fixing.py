"""Mends files: edits are put in, what comes of them is checked, and only then written."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
import tokenize
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mpdiag.advice import Finding
from mpdiag.linting.editing import apart, patched
from mpdiag.linting.examining import Examined, Examiner
from mpdiag.linting.searching import File


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

    Raises:
        Unreadable: a notebook of which not all else would stay as it is.
    """
    before = examiner.examine(file, data)
    fixed = apart(each for each in before.findings if each in wanted)
    if not fixed:
        return None
    changed = edited(file, data, fixed)
    after = examiner.examine(file, changed)
    counts = [Counter(finding.rule for finding in findings) for findings in (before.findings, fixed, after.findings)]
    if after.failed or any(counts[0][rule] - counts[1][rule] < counts[2][rule] for rule in counts[1]):
        return None
    return Mended(changed, after, fixed)


def edited(file: File, data: bytes, findings: Sequence[Finding]) -> bytes:
    """``data`` of a file with the edits of ``findings``; encoding, byte order mark and ends of lines stay.

    Raises:
        Unreadable: a notebook of which not all else would stay as it is.
    """
    if file.is_notebook:
        from mpdiag.linting import notebooks

        return notebooks.edited(data, findings)
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return patched(data.decode(encoding), [each.fix for each in findings if each.fix]).encode(encoding)


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
