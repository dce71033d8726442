"""What Python code and notebooks use: measure, observe a block, show the report."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from html import escape
from typing import Literal

from mpdiag import engine, gathering, inside, observing, presenting, registry, report
from mpdiag.advice import Finding
from mpdiag.beside import Beside
from mpdiag.errors import CannotWork
from mpdiag.inside import Taps
from mpdiag.interpreters import Chosen, choose
from mpdiag.progress import progress

#: Lines of a notebook that a report takes; it scrolls.
_HEIGHT = "42em"


class Report:
    """What mpdiag tells: a verdict, findings, and all of it in any format.

    Args:
        value: the report itself; None while it is being made.
        redact: take out user, host, home and temporary folders, the hour and secrets wherever it is shown.
    """

    def __init__(self, value: report.Report | None = None, *, redact: bool = True) -> None:
        self._value = value
        self._redact = redact

    @property
    def value(self) -> report.Report:
        """The report, field by field as in JSON; nothing is taken out.

        Raises:
            CannotWork: the block that it is of has not ended.
        """
        if self._value is None:
            raise CannotWork("the report is made when the block ends", "Use it below the block.")
        return self._value

    @property
    def verdict(self) -> str:
        """What there is to say, in a sentence."""
        return self.value.verdict

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The mistakes that were found, those that cost most first."""
        return self.value.findings

    def to(self, format: str) -> str:  # noqa: A002 - as the command line calls it
        """The report in a format of the command line: ``"markdown"``, ``"json"``, ``"html"``, ``"terminal"``, ….

        Raises:
            BadInput: there is no such format.
            CannotWork: the block that it is of has not ended.
        """
        shown, style = presenting.leaving(self.value, self._redact)
        return registry.renderer(format).render(shown, replace(style, width=100))

    def _repr_html_(self) -> str | None:
        """For notebooks: the page of ``to("html")``, in a frame that can do nothing to the notebook."""
        if self._value is None:
            return None
        style = f"width: 100%; height: {_HEIGHT}; border: 0"
        page = escape(self.to("html"))
        return f'<iframe sandbox="allow-scripts" title="mpdiag" style="{style}" srcdoc="{page}"></iframe>'

    def __repr__(self) -> str:
        return f"<mpdiag report: {self._value.verdict if self._value else 'not yet made'}>"


def probe(
    *names: str,
    level: Literal["quick", "default", "thorough"] = "default",
    budget_s: float | None = None,
    python: str | None = None,
    imports: Sequence[str] = (),
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    redact: bool = True,
) -> Report:
    """Measure what multiprocessing costs on this machine, as ``mpdiag probe`` does.

    Args:
        names: the probes; all, if none is named.
        level: how thoroughly.
        budget_s: seconds for everything, instead of those of the level.
        python: the interpreter to measure; the one that ``mpdiag probe`` would choose, if not given.
        imports: modules that workers import.
        select: ids of the rules to judge; all, if none is named.
        ignore: ids of rules not to judge.
        redact: as for `Report`.

    Raises:
        BadInput: an unknown probe, rule or interpreter.
        CannotWork: the interpreter cannot be run.
        KeyboardInterrupt: it was interrupted.
    """
    request = gathering.Request(names, level, budget_s, tuple(imports), None, tuple(select), tuple(ignore))
    with progress(False, len(gathering.pick_probes(names))) as shown:
        made, interrupted = engine.probe(request, choose(python), shown)
    if interrupted:
        raise KeyboardInterrupt
    return Report(replace(made, command=("mpdiag.probe()",)), redact=redact)


@contextmanager
def observe(*, select: Sequence[str] = (), ignore: Sequence[str] = (), redact: bool = True) -> Iterator[Report]:
    """Observe what this process and those that it starts do in a block, as ``mpdiag run`` does with a program.

    The taps are woven into this process when the block begins and are taken out when it ends. Pools, locks and fork
    servers that were there before are seen from outside alone.

    Args:
        select: ids of the rules to judge; all, if none is named.
        ignore: ids of rules not to judge.
        redact: as for `Report`.

    Yields:
        The report; it can be used when the block has ended, also by an exception.

    Raises:
        BadInput: an unknown rule.
        CannotWork: this process is observed already, or there is nowhere to write.
    """
    if sys.platform == "win32":
        raise CannotWork("a block can be observed on POSIX systems alone", "Use `mpdiag run`.")
    if inside.observed():
        raise CannotWork("this process is observed already", "Observe one block at a time, and not under `mpdiag run`.")
    registry.select(select, ignore)  # a wrong name shall not cost the block
    this = Chosen(sys.executable, "the one that runs this")
    request = observing.Request((), this, select=tuple(select), ignore=tuple(ignore))
    told, begun = Report(redact=redact), time.monotonic()
    with observing.private_folder() as folder, Beside(folder) as beside:
        head = replace(observing.look_around(request, folder), command=("mpdiag.observe()",))
        beside.begin()
        taps = Taps(folder)
        try:
            yield told
        finally:
            run = taps.end()
            taps.close()
            told._value = observing.tell(request, head, replace(run, outside=beside.end()), begun)
