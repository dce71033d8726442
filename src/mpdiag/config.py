"""Defaults from ``[tool.mpdiag]`` of the nearest pyproject.toml; environment and options come before them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from mpdiag.errors import BadInput
from mpdiag.registry import suggest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

#: How many values an option takes that may be a table.
_PAIR = 2


def find(start: Path) -> Path | None:
    """The pyproject.toml in ``start`` or the nearest folder above it; folders that may not be searched have none."""
    return next((path for folder in (start, *start.parents) if is_file(path := folder / "pyproject.toml")), None)


def is_file(path: Path) -> bool:
    """Whether ``path`` can be seen to be a file; up to Python 3.13, the method raises where it may not look."""
    try:
        return path.is_file()
    except OSError:
        return False


def read(path: Path) -> dict[str, Any]:
    """The table ``[tool.mpdiag]`` of ``path``; empty when it has none.

    Raises:
        BadInput: the file cannot be read or is not TOML.
    """
    return subtable(subtable(load(path), "tool"), "mpdiag", "tool.")


def load(path: Path) -> dict[str, Any]:
    """All that the TOML file ``path`` holds.

    Raises:
        BadInput: it cannot be read or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"{path} cannot be read: {error}", "Mend it, or run mpdiag elsewhere.") from error


def subtable(table: dict[str, Any], key: str, above: str = "") -> dict[str, Any]:
    """The table ``key`` of ``table``, empty when there is none; ``above`` is what to put before its name in errors."""
    inner = table.get(key, {})
    if not isinstance(inner, dict):
        raise BadInput(f"pyproject.toml: {above}{key} is not a table", f"Write [{above}{key}].")
    return inner


def defaults(table: dict[str, Any], command: str, options: Mapping[str, Mapping[str, click.Option]]) -> dict[str, Any]:
    """What ``table`` says for ``command``, by parameter: ``[tool.mpdiag.COMMAND]`` before the common keys.

    A common key is passed over when only other commands have that option, or that choice of it.

    Args:
        table: from `read`.
        command: the command that is about to run.
        options: for every command its options, by key.

    Raises:
        BadInput: a key is no option of the command whose table it stands in, or of any.
    """
    common = {key.replace("-", "_"): value for key, value in table.items() if key not in options}
    own = {key.replace("-", "_"): value for key, value in subtable(table, command, "tool.mpdiag.").items()}
    mine = options[command]
    complain(own.keys() - mine.keys(), f"[tool.mpdiag.{command}]", mine)
    if foreign := common.keys() - mine.keys():
        everything = {key for name in options for key in options[name]}
        complain(foreign - everything, "[tool.mpdiag]", everything)
    usable = {
        key: value for key, value in common.items() if key in mine and not elsewhere(key, value, command, options)
    }
    named = {mine[key]: value for key, value in {**usable, **own}.items()}
    return {option.name: value for option, value in chosen(named) if option.name}


def elsewhere(key: str, value: Any, command: str, options: Mapping[str, Mapping[str, click.Option]]) -> bool:
    """Whether ``value`` is a choice that other commands have for ``key``, and ``command`` lacks."""
    if takes(options[command][key], value):
        return False
    return any(key in options[name] and takes(options[name][key], value) for name in options)


def takes(option: click.Option, value: Any) -> bool:
    """Whether ``value`` is among the choices of ``option``, if it has any."""
    return option.is_flag or not isinstance(option.type, click.Choice) or value in option.type.choices


def complain(strangers: Collection[str], where: str, known: Iterable[str]) -> None:
    """Refuse keys that name no option."""
    for key in sorted(strangers):
        raise BadInput(f"{where} has an unknown key {key!r}", suggest(key, sorted(known)))


def chosen(named: Mapping[click.Option, Any]) -> Iterator[tuple[click.Option, Any]]:
    """The options with their values, as click takes them.

    ``quick = true`` chooses what --quick stands for, ``quick = false`` nothing; ``ignore = "MP704"`` is a list of one;
    a table is a list of pairs, each with a value or a list of them, or of sentences.
    """
    for option, value in named.items():
        if option.is_flag and not option.is_bool_flag:
            if value:
                yield option, option.flag_value
        elif option.nargs == _PAIR and isinstance(value, dict):
            yield option, [(key, listed(key, inner)) for key, inner in value.items()]
        elif option.multiple and isinstance(value, dict):
            yield option, [f"{key} {listed(key, inner)}" for key, inner in value.items()]
        elif option.multiple and isinstance(value, str):
            yield option, [value]
        else:
            yield option, value


def listed(key: str, value: Any) -> str:
    """The names that stand in a table behind ``key``, one or a list of them, as the command line has them."""
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise BadInput(f"pyproject.toml: {key!r} has {value!r} for a list of names", f'Write "{key}" = ["MP401"].')
    return ",".join(names)


class Options(Mapping[str, Mapping[str, click.Option]]):
    """The options of commands by their keys (``fail_on`` for ``--fail-on``); a command is loaded when asked for."""

    def __init__(self, commands: Iterable[str], load: Callable[[str], click.Command]) -> None:
        self._commands = tuple(commands)
        self._load = load

    def __getitem__(self, command: str) -> dict[str, click.Option]:
        loaded = self._load(command)
        commands = loaded.commands.values() if isinstance(loaded, click.Group) else (loaded,)
        options = [each for one in commands for each in one.params if isinstance(each, click.Option)]
        return {max(each.opts, key=len).lstrip("-").replace("-", "_"): each for each in options}

    def __iter__(self) -> Iterator[str]:
        return iter(self._commands)

    def __len__(self) -> int:
        return len(self._commands)

    def __contains__(self, command: object) -> bool:
        return command in self._commands
