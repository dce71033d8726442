"""Advice for interpreters frozen into an executable, which need freeze_support()."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mpdiag.advice import Evidence, Finding, Rule, known
from mpdiag.model import Doc


def judge(python: Mapping[str, Any]) -> Iterator[Finding]:
    """Fire for a frozen program whose start method launches the executable again."""
    if not known(python, "frozen"):
        return
    method = python.get("start_method_set") or known(python, "default_start_method")
    if method == "fork":
        return
    yield RULE.finding(
        level="warning",
        seen=f"This interpreter is frozen into an executable and starts processes by {method}, which runs the "
        "executable again.",
        do='Call multiprocessing.freeze_support() first under if __name__ == "__main__":, on every system.',
        concern=1.0,
        evidence=(Evidence("start method", method), Evidence("reference: needs nothing", "fork")),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP111",
    judge=judge,
    doc=Doc(
        title="A frozen program needs freeze_support()",
        why="spawn starts sys.executable again with arguments for the child. In a frozen program that is the program "
        "itself: unless freeze_support() takes the arguments, every child starts the whole program, which starts "
        "children.",
        how="sys.frozen and the start method of the measured interpreter; whether the program calls freeze_support() "
        "is for the source to tell.",
        claim='"Under PyInstaller fork fails, use spawn" has it backwards: fork needs nothing; spawn and forkserver '
        "need freeze_support(). In CPython it acts on Windows only up to 3.13 and wherever spawn is the method from "
        "3.14; PyInstaller adds its own for other systems.",
        bad="""\
if __name__ == "__main__":
    main()                       # starts a Pool
""",
        good="""\
if __name__ == "__main__":
    multiprocessing.freeze_support()
    main()
""",
        applies="programs frozen by PyInstaller, cx_Freeze, Nuitka or py2exe, under spawn or forkserver",
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.freeze_support",),
    ),
)
