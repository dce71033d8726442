"""``mpdiag lint``: multiprocessing mistakes found in source code, before it runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from mpdiag import config, errors
from mpdiag.errors import BadInput
from mpdiag.linting.job import STDIN, Job
from mpdiag.linting.reading import MOST_BYTES
from mpdiag.linting.reporting import report
from mpdiag.linting.settings import Request
from mpdiag.linting.targets import START_METHODS
from mpdiag.options import Target, comma_separated, emit, option, report_options, say
from mpdiag.report import Report


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@option("--select", multiple=True, callback=comma_separated, metavar="ID,...", help="Only these rules.")
@option("--extend-select", multiple=True, callback=comma_separated, metavar="ID,...", help="These rules, too.")
@option("--ignore", multiple=True, callback=comma_separated, metavar="ID,...", help="Not these rules.")
@option(
    "--per-file-ignores",
    multiple=True,
    nargs=2,
    metavar="PATTERN ID,...",
    help="Not these rules in files that the pattern fits.",
)
@option("--exclude", multiple=True, metavar="PATTERN", help="Not these files and folders; as in a .gitignore.")
@option(
    "--target-version",
    multiple=True,
    callback=comma_separated,
    metavar="VERSION,...",
    help="The Python that the code runs on; as requires-python says, otherwise.",
)
@option("--start-method", type=click.Choice(START_METHODS), help="The start method that is used, if not the default.")
@option("--statistics", is_flag=True, help="Also count the findings of each rule.")
@option("--diff", metavar="REV", help="Only what is found on lines that changed since this git revision.")
@option("--baseline", metavar="FILE", help="Not what is found in FILE already, which was written with --json.")
@option("--fix", is_flag=True, help="Mend what can be mended safely.")
@option("--huge", is_flag=True, help=f"Read files above {MOST_BYTES // 2**20} MiB, too.")
@option("--stdin-filename", metavar="NAME", help="What file standard input is.")
@report_options(fail_on="warning")
def lint(target: Target, paths: tuple[str, ...], baseline: str | None, **wishes: Any) -> int:
    """Find multiprocessing mistakes in source code, before it runs.

    PATH is a file, a notebook, a folder, a glob, or - for standard input; without one, the current folder is searched.
    What .gitignore names is passed over. Nothing of what is read is imported or executed.
    """
    paths = paths or ((STDIN,) if wishes["stdin_filename"] else (".",))
    request = Request(paths, patterns_from("exclude"), patterns_from("per_file_ignores"), **wishes)
    stdin = standard_input(request.huge) if STDIN in paths else None
    job = Job(request, known(baseline) if baseline else None, stdin)
    outcome = job.run()
    if outcome.mended is not None and request.fix:
        say(outcome.mended)
    code = emit(report(job), target, err=request.fix and stdin is not None)
    if outcome.interrupted:
        return errors.INTERRUPTED
    if job.stumbled:
        return code or errors.FAILED
    return code if job.came_to_something else errors.USAGE


def known(file: str) -> Report:
    """The report in ``file``."""
    from mpdiag import saved

    return saved.load(file)


def patterns_from(parameter: str) -> str:
    """The folder that the patterns of an option are relative to: that of pyproject.toml, if they stand there.

    Raises:
        BadInput: there is no working directory.
    """
    try:
        here = Path.cwd()
    except OSError:
        raise BadInput("the working directory is gone", "Change to one that is there.") from None
    source = click.get_current_context().get_parameter_source(parameter)
    project = config.find(here) if source == ParameterSource.DEFAULT_MAP else None
    return str((project.parent if project else here).resolve())


def standard_input(huge: bool) -> bytes:
    """All that comes by standard input.

    Raises:
        BadInput: it is closed, or too large.
    """
    if sys.stdin is None:
        raise BadInput("standard input is closed", "Give a file.")
    data = sys.stdin.buffer.read(-1 if huge else MOST_BYTES + 1)
    if not huge and len(data) > MOST_BYTES:
        raise BadInput(f"standard input is larger than {MOST_BYTES // 2**20} MiB", "--huge reads it all.")
    return data
