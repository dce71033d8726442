"""What the formats for people have in common: what they show first, and foreign text made harmless."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from mpdiag import units
from mpdiag.advice import LEVELS, Evidence, Finding, Gain, Place
from mpdiag.model import Cell, Column, Measured
from mpdiag.report import Report, Section, Style

#: Findings told in full; the louder ones always are, and at least one more is.
_FULL = 4
#: Facts that are amounts of memory.
_BYTES = re.compile(
    r"(usable_)?memory(_\w+)?|swap_(total|used)|page_size|shm_(total|free)|address_space_\w+|\w*[rup]ss(_peak)?"
)
#: Lines about the quality of the figures, before they would hide the findings.
_DOUBTS = 4
#: Likewise of a lint, where each is of a file.
_REMARKS = 20
_CODE = re.compile(r"(?<!`)(`[^`]+`)(?!`)")
#: What marks up text: some characters anywhere (an underscore only outside words, a bracket only where a link would
#: follow it), others at the beginning of a line.
_MARKUP = re.compile(
    r"[\\`*<|~&]|](?=[(\[:])|(?<![^\W_])_|_(?![^\W_])|^(?:>|#+(?=\s|$)|[-+=](?![\d.]))|(?<=^\d)[.)](?=\s|$)"
)
_ENTITIES = {"&": "&amp;", "<": "&lt;"}
#: Mentions, issue numbers and addresses, which GitHub links in plain text.
_LINKED = re.compile(r"@(?=\w)|#(?=\d)|:(?=//)|www(?=\.)", re.IGNORECASE)
#: ``::error::`` at the beginning of a line, ``##[error]`` anywhere.
_COMMANDS = re.compile(r"^([^\S\n]*):(?=:)|#(?=#\w*\[)", re.MULTILINE)
_ASCII = str.maketrans(
    {"×": "x", "–": "-", "—": "-", "−": "-", "µ": "u", "…": "...", "→": "->", "·": "-", "≥": ">=", "≤": "<=", "≈": "~"}
    | {"’": "'", "‘": "'", "“": '"', "”": '"', "±": "+/-", "½": "1/2"}
)
#: A report of more probes than this shows an overview: one table of each.
FEW = 3
#: Rows of a table about a program, before the rest waits for -v.
_ROWS = 8
#: Tables that are trees, with what their rows weigh, and the rows shown of them: the heaviest, where they stand.
_TREES = {"stacks": "share"}
_TREE_ROWS = 24
#: Kinds whose sections are few and made to be read, with rows ordered by weight.
READ_WHOLE = frozenset({"run", "hang", "compare", "size"})
#: Kinds whose table tells of machine and interpreter, and of which notes there are.
LOOKED_AT = frozenset({"doctor"})


def visible(text: str) -> str:
    r"""``text`` on one line, its control, format and other unprintable characters written as escapes (``\x1b``)."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def plain(text: str, style: Style) -> str:
    """As `visible`, and in ASCII when the style asks for it."""
    shown = visible(text)
    return shown if style.unicode else shown.translate(_ASCII).encode("ascii", "backslashreplace").decode()


def inert(lines: str) -> str:
    """``lines`` without what the log of a build service takes for a command."""
    return _COMMANDS.sub(lambda found: r"\x23" if found[0] == "#" else rf"{found[1]}\x3a", lines)


def markdown(text: str) -> str:
    """``text`` as it stands, in Markdown: only `code` in backticks stays code, where nothing else has a meaning."""
    return "".join(
        part.replace("|", "\\|") if code else unlinked(_MARKUP.sub(_escaped, part)).replace("$", "<span>$</span>")
        for part, code in coded(visible(text.strip()))
    )


def coded(text: str) -> list[tuple[str, bool]]:
    """``text`` in parts; those in backticks, which they keep, are code."""
    return [(part, place % 2 == 1) for place, part in enumerate(_CODE.split(text))]


def unlinked(text: str) -> str:
    """``text`` with a comment inside whatever GitHub would link or notify, escaped or not."""
    return _LINKED.sub(r"\g<0><!-- -->", text)


def _escaped(found: re.Match[str]) -> str:
    return _ENTITIES.get(found[0], f"\\{found[0]}")


def split_findings(report: Report, style: Style) -> tuple[list[Finding], list[Finding]]:
    """The findings to tell in full, and those for which one line will do; the report's order is kept."""
    loud = sum(finding.level != "note" for finding in report.findings)
    least = 0 if report.kind in LOOKED_AT else max(1, _FULL - loud)
    notes = len(report.findings) if style.verbose else least
    full: list[Finding] = []
    brief: list[Finding] = []
    for finding in report.findings:
        if finding.level != "note":
            full.append(finding)
        elif notes > 0:
            full.append(finding)
            notes -= 1
        else:
            brief.append(finding)
    return full, brief


def doubts(report: Report, style: Style) -> list[str]:
    """What limits the trust in the report, a line each; unless verbose, many of them end in a count."""
    lines = [f"{one.text} ({', '.join(one.affects)})" if one.affects else one.text for one in report.quality]
    most = _REMARKS if report.kind == "lint" else _DOUBTS
    if style.verbose or len(lines) <= most:
        return lines
    rest = lines[most - 1 :]
    return [*lines[: most - 1], f"{len(rest)} more such remarks, shown by -v"]


def headline(report: Report) -> str:
    """What the list of findings is called: a comparison has only those that came."""
    return "New findings" if report.kind == "compare" else "Findings"


def judged(report: Report) -> bool:
    """Whether there is anything to say of findings: while a program runs nothing is, and a change may bring none."""
    return report.kind not in ("run", "compare") or bool(report.findings or report.passed or report.not_judged)


def levels(findings: Iterable[Finding]) -> str:
    """How many ``findings`` there are of each level, the loudest first; empty for none: ``1 warning, 3 notes``."""
    found = [finding.level for finding in findings]
    numbers = [(found.count(level), level) for level in reversed(LEVELS)]
    return ", ".join(f"{number} {level}{'s' * (number != 1)}" for number, level in numbers if number)


def counts(report: Report) -> str:
    """How many findings of each level, and what became of the other rules: ``1 warning, 3 notes; 12 passed``."""
    rest = [
        f"{len(some)} {what}" for some, what in ((report.passed, "passed"), (report.not_judged, "not judged")) if some
    ]
    return "; ".join(filter(None, (levels(report.findings) or "none", ", ".join(rest))))


def shown_sections(report: Report, style: Style) -> list[Section]:
    """The sections to show: raw detail only when asked for; of many probes only the first table of each."""
    if style.verbose:
        return list(report.sections)
    few = report.kind in READ_WHOLE or len({section.id.partition(".")[0] for section in report.sections}) <= FEW
    return [section for section in report.sections if not section.detail and (few or "." not in section.id)]


def shown_rows(report: Report, section: Section, style: Style) -> tuple[Section, int]:
    """``section`` with the rows to show, and how many are left out."""
    weight = _TREES.get(section.id)
    most = _TREE_ROWS if weight else _ROWS
    whole = style.verbose or source(section) is not None
    if whole or report.kind not in READ_WHOLE or len(section.rows) <= most + 1:
        return section, 0
    return replace(section, rows=heaviest(section.rows, weight, most)), len(section.rows) - most


def heaviest(rows: tuple[dict[str, Cell], ...], weight: str | None, most: int) -> tuple[dict[str, Cell], ...]:
    """``most`` of the rows, in their order: the first, or the heaviest if they have a ``weight``."""
    if weight is None:
        return rows[:most]

    def heavy(place: int) -> float:
        cell = rows[place].get(weight)
        return float(cell) if isinstance(cell, (int, float)) else 0.0

    kept = sorted(range(len(rows)), key=lambda place: -heavy(place))[:most]  # what is called first stays first
    return tuple(rows[place] for place in sorted(kept))


def source(section: Section) -> list[str] | None:
    """The lines of a section that holds code to paste; None of a table."""
    units_ = [column.unit for column in section.columns]
    return [str(row.get(section.columns[0].key, "")) for row in section.rows] if units_ == ["code"] else None


def is_number(column: Column, rows: Iterable[Mapping[str, Cell]]) -> bool:
    """Whether ``column`` is to be aligned as numbers."""
    cells = [row.get(column.key) for row in rows]
    return column.unit is not None or any(isinstance(cell, (int, float)) and cell is not True for cell in cells)


def evidence(item: Evidence) -> str:
    """One piece of evidence: ``Queue : Pipe at 64 B = 2.70× [2.50–2.90]``."""
    value = item.value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{item.label} = {units.between(value, item.low, item.high, item.unit)}"
    return f"{item.label} = {units.cell(value, item.unit)}"


def place(where: Place) -> str:
    """Where a finding points: ``app.py:31:5 in main (Worker-1)``."""
    spot = ":".join(str(part) for part in (where.file, where.line, where.column) if part is not None)
    function = f" in {where.function}" if where.function else ""
    process = f" ({where.process})" if where.process else ""
    return f"{spot}{function}{process}"


def ceiling(best: Gain) -> str:
    """The most a fix can win back: ``3.2 s (41 %)``."""
    return f"{units.rough(best.ceiling_s, 's')} ({units.rough(best.ceiling_fraction, 'fraction')})"


def gain(best: Gain, report: Report) -> str:
    """The most a fix can win back, of how much, and why no more."""
    whole = f" of {units.seconds(report.account.wall_s)}" if report.account else ""
    return f"gain: at most {ceiling(best)}{whole}: {best.basis}"


def trouble(section: Section) -> str:
    """Why a section has no (whole) table."""
    return f"{section.title}: {section.status}{', ' + section.reason if section.reason else ''}"


def cell(value: Cell, unit: str | None) -> str:
    """A table's cell; a measured value with its interval."""
    return units.interval(value, unit) if isinstance(value, Measured) else units.cell(value, unit)


def pairs(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Free-form facts as lines: nested keys joined by dots, numbers in the unit that their key's ending names.

    A fact that could not be learned stands with the reason given under ``unknown``; any other null means "none".
    """
    unknown = facts.get("unknown")
    reasons: Mapping[str, Any] = unknown if isinstance(unknown, Mapping) else {}
    lines: list[tuple[str, str]] = []
    for key, value in facts.items():
        if value is reasons:
            continue
        if value is None and key in reasons:
            lines.append((str(key), f"– ({reasons[key]})"))
        elif isinstance(value, Mapping):
            lines += [(f"{key}.{inner}", text) for inner, text in pairs(value)]
        else:
            lines.append((str(key), _fact(str(key), value)))
    return lines


def machine(report: Report) -> str:
    """The machine in one line; empty when nothing is known."""
    facts = {} if report.kind in LOOKED_AT else report.machine
    parts = [_known(facts, "cpu_model"), _cpus(facts)]
    for text, key in (("{} of memory", "usable_memory"), ("{} of shared memory", "shm_total")):
        if known := _known(facts, key):
            parts.append(text.format(known))
    parts.append(_known(facts, "os_release") or _known(facts, "os"))
    if kernel := _known(facts, "kernel"):
        parts.append(f"kernel {kernel}")
    if container := _known(facts, "container"):
        parts.append(f"in a container ({container})")
    return ", ".join(filter(None, parts))


def _cpus(facts: Mapping[str, Any]) -> str:
    usable, logical = _known(facts, "usable_cpus"), _known(facts, "logical_cpus")
    if not usable:
        return f"{logical} CPUs" if logical else ""
    return f"{usable} usable CPUs" + (f" of {logical}" if logical and logical != usable else "")


def python(report: Report) -> str:
    """The measured interpreter in one line, with why it was chosen; empty when nothing is known."""
    facts = {} if report.kind in LOOKED_AT else report.python
    name = " ".join(filter(None, (_known(facts, "implementation"), _known(facts, "version"))))
    if facts.get("free_threaded") is True:
        name += " free-threaded"
    parts = [f"{name} ({chosen})" if (chosen := _known(facts, "chosen")) else name]
    if method := _known(facts, "default_start_method"):
        parts.append(f"starts workers by {method}")
    if workers := _known(facts, "pool_workers"):
        parts.append(f"pools default to {workers} worker{'s' * (workers != '1')}")
    return ", ".join(filter(None, parts))


def _known(facts: Mapping[str, Any], key: str) -> str:
    """The fact ``key`` as text; empty when it is missing or unknown."""
    return "" if facts.get(key) in (None, "", False) else _fact(key, facts[key])


def _fact(key: str, value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, Mapping):
        return " ".join(f"{inner} {_fact(str(inner), item)}" for inner, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_fact(key, item) for item in value) or "none"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return units.number(value, _unit(key))
    return units.cell(value if isinstance(value, (bool, str)) else str(value), None)


def _unit(key: str) -> str:
    """The unit that the name of a fact tells."""
    if key.endswith("_s"):
        return "s"
    if key.endswith("_fraction"):
        return "fraction"
    return "B" if _BYTES.fullmatch(key) else "1"
