"""The sources that a host needs to gather facts without mpdiag, as bytes."""

from __future__ import annotations

import io
import zipfile
from functools import cache
from pathlib import Path
from typing import Final

from mpdiag import launcher

#: What `there` imports, beside what a measuring process needs.
MODULES: Final = (
    *launcher.STAGED, "advice.py", "confidential.py", "errors.py", "gathering.py", "interpreters.py", "launcher.py",
    "redact.py", "registry.py", "report.py", "signals.py", "vitals.py", "fleet/__init__.py", "fleet/there.py",
)  # fmt: skip
FOLDERS: Final = (*launcher.FOLDERS, "machine")
MAIN: Final = """\
import os, sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # PYTHONSAFEPATH keeps it out
sys.path += sys.argv[1:]
from mpdiag.fleet.there import main

main()
"""


@cache
def archive() -> bytes:
    """A zip file with ``main.py`` and the modules it needs."""
    package = launcher.PACKAGE
    inside = [path for folder in FOLDERS for path in sorted((package / folder).glob("*.py"))]
    filled = io.BytesIO()
    with zipfile.ZipFile(filled, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("main.py", MAIN)
        for path in (*(package / name for name in MODULES), *inside):
            made.writestr(str(Path("mpdiag") / path.relative_to(package)), path.read_bytes())
    return filled.getvalue()


@cache
def errand() -> str:
    """The source of what runs in a worker."""
    return (launcher.PACKAGE / "fleet" / "errand.py").read_text(encoding="utf-8")
