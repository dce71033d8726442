"""Notebooks: their cells as one module, and the way back from its lines to cell and line."""

from __future__ import annotations

import ast
import json
import re
import warnings
from bisect import bisect_right
from codecs import BOM_UTF8
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate

import msgspec

from mpdiag.advice import Finding, Fix
from mpdiag.linting.editing import patched
from mpdiag.linting.reading import Unreadable, unparsed

#: The first format whose cells stand in one list.
_FORMAT = 4
#: Cell magics whose cell is Python all the same.
_PYTHON_CELLS = frozenset({"capture", "prun", "time", "timeit"})
_CELL_MAGIC = re.compile(r"\s*%%(\w*)")
#: A line for IPython or a shell: a magic, a command or a question, alone or assigned to a name.
_FOR_IPYTHON = re.compile(
    r"(?P<margin>\s*)(?:(?P<name>[\w.,\[\] ]+?\s*=\s*)?(?:%{1,2}[A-Za-z_]|!{1,2}\S)|\?|[\w.]+\?{1,2}\s*$)"
)
#: How Jupyter and editors write a notebook.
_WRITERS = [
    partial(json.dumps, ensure_ascii=escaped, indent=indent, separators=separators)
    for escaped in (False, True)
    for indent, separators in ((1, None), (2, None), (4, None), (None, None), (None, (",", ":")))
]


class _Cell(msgspec.Struct):
    cell_type: str
    source: str | list[str] = ""


class _Language(msgspec.Struct):
    name: str = ""


class _Metadata(msgspec.Struct):
    language_info: _Language | None = None


class _File(msgspec.Struct):
    nbformat: int
    cells: list[_Cell] = []
    metadata: _Metadata | None = None


@dataclass(frozen=True)
class Notebook:
    """The code of a notebook as one module.

    Args:
        cells: the code by the number of its cell, counted from 1 among all cells, text included.
        broken: what is wrong with the cells that are no Python, a line each.
    """

    cells: dict[int, str]
    broken: tuple[str, ...] = ()

    @property
    def source(self) -> bytes:
        """The cells, one after the other."""
        return "".join(f"{text}\n" for text in self.cells.values()).encode("utf-8", "surrogatepass")

    def at(self, line: int) -> tuple[int, int]:
        """The number of the cell that holds ``line`` of the source, and the line within it."""
        starts = list(accumulate((text.count("\n") + 1 for text in self.cells.values()), initial=1))
        position = min(bisect_right(starts, line), len(self.cells)) - 1
        return list(self.cells)[position], line - starts[position] + 1

    def located(self, finding: Finding) -> Finding:
        """``finding`` as users see it: in the file ``nb.ipynb:cell 3``, on the line of that cell."""
        place = finding.place
        if place is None or place.line is None:
            return finding
        cell, line = self.at(place.line)
        above, fix = place.line - line, finding.fix
        end = place.end_line and place.end_line - above
        return replace(
            finding,
            place=replace(place, file=f"{place.file}:cell {cell}", line=line, end_line=end),
            fix=fix and replace(fix, line=fix.line - above, end_line=fix.end_line - above),
        )

    def python(self) -> Notebook:
        """The same without lines for IPython; a cell that is no Python even so is empty, and told of."""
        cells: dict[int, str] = {}
        broken = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the code that is read
            for number, text in self.cells.items():
                try:
                    cells[number] = _python(text)
                except (SyntaxError, ValueError) as error:
                    cells[number] = "\n" * text.count("\n")
                    broken.append(f"cell {number}{unparsed(error)}")
        return Notebook(cells, tuple(broken))


def read(data: bytes) -> Notebook:
    """The code of the notebook in ``data``, as it stands; none, when it is in another language than Python.

    Raises:
        Unreadable: it is none, or of an old format.
    """
    try:
        found = msgspec.json.decode(data.removeprefix(BOM_UTF8), type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"no notebook: {str(error)[:1].lower()}{str(error)[1:]}") from None
    if found.nbformat < _FORMAT:
        raise Unreadable(f"a notebook of format {found.nbformat}: `jupyter nbconvert --to notebook` renews it")
    language = found.metadata and found.metadata.language_info and found.metadata.language_info.name
    if language and language.lower() not in ("python", "ipython"):
        return Notebook({})
    return Notebook({number: _text(cell) for number, cell in enumerate(found.cells, 1) if cell.cell_type == "code"})


def edited(data: bytes, findings: Sequence[Finding]) -> bytes:
    """``data``, a notebook, with the edits of ``findings`` in its cells.

    Raises:
        Unreadable: it is written in a way that something else would change too.
    """
    text = data.decode("utf-8-sig")
    content = json.loads(text)
    written = next((each for each in _WRITERS if each(content) == text.rstrip()), None)
    if written is None:
        raise Unreadable("it is not written as Jupyter does, and more would change than its cells")
    fixes: dict[int, list[Fix]] = defaultdict(list)
    for finding in findings:
        if finding.fix and finding.place and finding.place.cell:
            fixes[finding.place.cell].append(finding.fix)
    for number, edits in fixes.items():
        cell = content["cells"][number - 1]
        lines = cell["source"]
        changed = patched(lines if isinstance(lines, str) else "".join(lines), edits)
        cell["source"] = changed if isinstance(lines, str) else changed.splitlines(keepends=True)
    before, after = data[: len(data) - len(data.removeprefix(BOM_UTF8))], text[len(text.rstrip()) :]
    return before + f"{written(content)}{after}".encode()


def _text(cell: _Cell) -> str:
    text = cell.source if isinstance(cell.source, str) else "".join(cell.source)
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


def _python(text: str) -> str:
    """The code of a cell, line for line, in which Python can read everything.

    Raises:
        SyntaxError, ValueError: that cannot be done.
    """
    if magic := _CELL_MAGIC.match(text):
        rest = text.partition("\n")[2]
        text = f"\n{rest}" if magic[1] in _PYTHON_CELLS else "\n" * text.count("\n")
    try:
        ast.parse(text)
    except SyntaxError:  # only now: `%` may begin a line of Python too
        text = "\n".join(_without_ipython(text.split("\n")))
        ast.parse(text)
    return text


def _without_ipython(lines: list[str]) -> Iterator[str]:
    """The lines with ``pass`` or ``None`` for what is not Python, and nothing where such a line goes on."""
    goes_on = False
    for line in lines:
        found = None if goes_on else _FOR_IPYTHON.match(line)
        if goes_on:
            yield ""
        elif found:
            yield found["margin"] + (f"{found['name']}None" if found["name"] else "pass")
        else:
            yield line
        goes_on = (goes_on or found is not None) and line.endswith("\\")
