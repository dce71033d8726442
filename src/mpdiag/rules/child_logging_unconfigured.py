"""Advice when records logged in children were dropped that the parent would have kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc


def observed(failures: Facts) -> Iterator[Finding]:
    """Find records that nobody handled in the children."""
    for row in failures.all(kind="log"):
        count = ideals.at_least(row, "count")
        if not count:
            continue
        place = Place.of(row)
        example = f", such as '{row['example']}'" if row.get("example") else ""
        yield RULE.finding(
            level="error",
            place=place,
            concern=10.0,
            seen=f"Children dropped {ideals.counted(count, 'record')} logged there{ideals.where(place)}{example}: "
            "their levels and handlers are not configured there, while the parent's are.",
            do="Configure logging in each child: by the pool's initializer (initializer=configure_logging), or at the "
            "start of the process's target. To write one file from several processes, use a QueueHandler there and a "
            "QueueListener in the parent.",
            evidence=(Evidence("records dropped", count, "1"), Evidence("reference", 0, "1")),
        )


RULE: Final = Rule(
    module=__name__,
    id="MP608",
    run=observed,
    doc=Doc(
        title="Logging is configured in the parent only",
        why="Children by spawn and forkserver begin with logging as Python ships it: records below WARNING are "
        "dropped, handlers and formats of the parent do not exist there. Nothing says so, and the same program logs "
        "under fork.",
        how="In an observed program: records that were logged in children and handled by nobody, though the parent had "
        "a handler for their level.",
        claim="Often read: without basicConfig in the initializer the output of children is lost. Not so: they inherit "
        "stdout and stderr, and print(), tracebacks and WARNING records appear. What is lost under spawn and "
        "forkserver are levels, handlers and formats.",
        bad="""\
logging.basicConfig(filename="audit.log", level=logging.INFO)
with get_context("spawn").Pool() as pool:
    pool.map(decide, applications)              # log.info() in decide() goes nowhere
""",
        good="""\
def configure():
    logging.basicConfig(filename="audit.log", level=logging.INFO)

configure()
with get_context("spawn").Pool(initializer=configure) as pool:
    pool.map(decide, applications)
""",
        applies="spawn and forkserver: the defaults on Windows and macOS, and on Linux from Python 3.14",
        links=(
            "https://docs.python.org/3/howto/logging-cookbook.html#logging-to-a-single-file-from-multiple-processes",
        ),
    ),
)
