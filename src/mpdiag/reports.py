"""Reports as JSON: written readably, read without trust."""

from __future__ import annotations

import codecs
import re
import textwrap
from dataclasses import fields

import msgspec

from mpdiag.errors import BadInput
from mpdiag.model import Measured
from mpdiag.report import SCHEMA, Report
from mpdiag.text.present import visible

#: What a measured value looks like; a fact that is merely called "median" does not.
_MEASURED = {each.name for each in fields(Measured)}
_MAJOR = int(SCHEMA.rpartition("/")[2])
#: Anything deeper is not ours; renderers recurse over it.
_MAX_DEPTH = 24
_LINE = 110
#: The most of a complaint that is shown.
_QUOTED = 160
_SAVE = "Give a file that was written with --json."


def encode(report: Report) -> str:
    r"""``report`` as JSON text: one short value a line, one row a line, so that it reads and diffs well.

    What JSON cannot say is spelt out: a lone surrogate (from an undecodable file name) as ``\udcXX``, an
    infinite or undefined number as null.
    """
    return written(msgspec.to_builtins(report))


def written(document: object) -> str:
    """``document`` (lists, dicts and plain values) as `encode` writes a report."""
    return _pretty(_writable(document), "") + "\n"


def decode(data: bytes, name: str) -> Report:
    """The report in ``data``.

    Args:
        data: the bytes of a file, from anyone.
        name: what to call the file in errors.

    Raises:
        BadInput: when it is no report of a version that this mpdiag reads.
    """
    data, name = data.removeprefix(codecs.BOM_UTF8), visible(name)
    _check_schema(data, name)
    try:
        report = msgspec.json.decode(data, type=Report)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(error, name) from None
    for key, value in msgspec.to_builtins(report).items():
        if not _plain(value, _MAX_DEPTH):
            raise BadInput(f"{name}: {key} holds lists too deep or a number too large for a report", _SAVE)
    return report


def json_schema() -> str:
    """The JSON Schema of a report."""
    schema = msgspec.json.schema(Report)
    described = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": SCHEMA, **schema}
    return msgspec.json.format(msgspec.json.encode(described), indent=2).decode() + "\n"


def _check_schema(data: bytes, name: str) -> None:
    if not data.strip():
        raise BadInput(f"{name} is empty: no report was written to it", _SAVE)
    try:
        head = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        schema = msgspec.json.decode(head.get("schema", b"null"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(error, name) from None
    found = re.fullmatch(r"mpdiag\.report/(\d{1,9})", schema) if isinstance(schema, str) else None
    if found is None:
        raise BadInput(f'{name} is not an mpdiag report: its "schema" is not "{SCHEMA}"', _SAVE)
    if int(found[1]) > _MAJOR:
        newer = f"{name} was written by a newer mpdiag ({schema}; this one reads {SCHEMA})"
        raise BadInput(newer, "Upgrade: `python -m pip install --upgrade mpdiag`.")


def _unreadable(error: Exception, name: str) -> BadInput:
    """One line for whatever the decoder met; it names the path in the document or the byte."""
    if isinstance(error, RecursionError):
        return BadInput(f"{name}: nested too deeply for a report", _SAVE)
    if isinstance(error, UnicodeDecodeError):
        return BadInput(f"{name}: not UTF-8 text (byte {error.start})", _SAVE)
    what, _, path = str(error).removeprefix("JSON is malformed: ").partition(" - at ")
    if not isinstance(error, msgspec.ValidationError):
        return BadInput(f"{name}: not JSON: {what[:1].lower()}{what[1:]}", _SAVE)
    where = path.strip("`").removeprefix("$.") if path else "the top"
    # The decoder quotes the value it did not expect, which may be anything.
    what = visible(textwrap.shorten(f"{what[:1].lower()}{what[1:]}", _QUOTED))
    return BadInput(
        f"{name}: not a report: {what} at {where.replace('`', '')}", "Write the report again, or correct that value."
    )


def _plain(value: object, depth: int) -> bool:
    """Whether ``value`` is shallow enough, and its integers small enough, for every renderer."""
    if depth == 0:
        return False
    if isinstance(value, dict):
        return all(_plain(inner, depth - 1) for inner in value.values())
    if isinstance(value, (list, tuple)):
        return all(_plain(inner, depth - 1) for inner in value)
    return not isinstance(value, int) or abs(value) < 2**64


def _writable(value: object) -> object:
    """``value`` without what JSON cannot say."""
    if isinstance(value, dict):
        if value.keys() == _MEASURED and not _finite(value["median"]):
            return None
        return {_writable(key): _writable(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_writable(inner) for inner in value]
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return value


def _finite(value: object) -> bool:
    return isinstance(value, (int, float)) and value - value == 0


def _pretty(value: object, margin: str) -> str:
    """JSON with containers of plain values, and whatever is short, on one line."""
    line = msgspec.json.encode(value).decode()
    if not isinstance(value, (dict, list)) or len(line) <= _LINE or _is_flat_list(value):
        return line
    inner = margin + "  "
    if isinstance(value, list):
        return "[\n" + ",\n".join(inner + _pretty(item, inner) for item in value) + f"\n{margin}]"
    items = (f"{inner}{msgspec.json.encode(key).decode()}: {_pretty(item, inner)}" for key, item in value.items())
    return "{\n" + ",\n".join(items) + f"\n{margin}}}"


def _is_flat_list(value: object) -> bool:
    return isinstance(value, list) and not any(isinstance(item, (dict, list, str)) for item in value)
