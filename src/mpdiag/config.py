"""Defaults from ``[tool.mpdiag]`` of the nearest pyproject.toml; environment and options come before them."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mpdiag.errors import BadInput

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def find(start: Path) -> Path | None:
    """The pyproject.toml in ``start`` or the nearest folder above it."""
    return next((path for folder in (start, *start.parents) if (path := folder / "pyproject.toml").is_file()), None)


def read(path: Path) -> dict[str, Any]:
    """The table ``[tool.mpdiag]`` of ``path``; empty when it has none.

    Raises:
        BadInput: the file cannot be read or is not TOML.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"{path} cannot be read: {error}", "Mend it, or run mpdiag elsewhere.") from error
    return subtable(subtable(found, "tool"), "mpdiag", "tool.")


def subtable(table: dict[str, Any], key: str, above: str = "") -> dict[str, Any]:
    """The table ``key`` of ``table``, empty when there is none; ``above`` is what to put before its name in errors."""
    inner = table.get(key, {})
    if not isinstance(inner, dict):
        raise BadInput(f"pyproject.toml: {above}{key} is not a table", f"Write [{above}{key}].")
    return inner


def defaults(table: dict[str, Any], command: str, options: Iterable[str], commands: Iterable[str]) -> dict[str, Any]:
    """What ``table`` says for ``command``: its own table ``[tool.mpdiag.COMMAND]`` before the common keys.

    Args:
        table: from `read`.
        command: the command that is about to run.
        options: the names of its options, with underscores.
        commands: all commands: their tables are no mistakes.

    Raises:
        BadInput: a key of the command's own table is no option of it.
    """
    options = set(options)
    common = {key.replace("-", "_"): value for key, value in table.items() if key not in commands}
    own = {key.replace("-", "_"): value for key, value in subtable(table, command, "tool.mpdiag.").items()}
    for key in own:
        if key not in options:
            known = ", ".join(sorted(options))
            raise BadInput(f"[tool.mpdiag.{command}] has an unknown key {key!r}", f"Known: {known}.")
    return {key: value for key, value in {**common, **own}.items() if key in options}
