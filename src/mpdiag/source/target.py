"""What the code that is read will run on: Python versions, systems and start method."""

from __future__ import annotations

from dataclasses import dataclass

from mpdiag.advice import Level

Version = tuple[int, int]

OLDEST: Version = (3, 9)
NEWEST: Version = (3, 15)
SYSTEMS = ("macOS", "Windows", "Linux")
#: From here on the default on Linux is forkserver.
NO_FORK: Version = (3, 14)
#: The methods whose children begin with nothing and import the main module.
FRESH = frozenset({"spawn", "forkserver"})
#: A start method that the code chooses, but not by a literal.
CHOSEN = "?"


@dataclass(frozen=True)
class Target:
    """What the code has to run on.

    Args:
        versions: the lowest and the highest Python.
        start_method: the one that is used, whatever the default; None: the default of each system.
        systems: some of `SYSTEMS`.
    """

    versions: tuple[Version, Version] = (OLDEST, NEWEST)
    start_method: str | None = None
    systems: tuple[str, ...] = SYSTEMS

    def defaults(self, system: str) -> tuple[str, ...]:
        """The default start methods of a system, from the lowest to the highest version."""
        if system != "Linux":
            return ("spawn",)
        first, last = ("fork" if version < NO_FORK else "forkserver" for version in self.versions)
        return (first,) if first == last else (first, last)


@dataclass(frozen=True)
class Risk:
    """How grave it is that some start methods break the code, and a phrase that says when: ``under spawn``."""

    level: Level
    when: str


def risk(method: str | None, breaks: frozenset[str], target: Target) -> Risk | None:
    """What it means for the code that it breaks under some start methods.

    Args:
        method: the one in use; None: the default of each system; `CHOSEN`: unknown.
        breaks: the start methods that do not work.
        target: what the code has to run on.

    Returns:
        None when no method that may be in use is among them; an error when the method in use, or the default of the
        newest Python on every system, breaks; else a warning.
    """
    named = " and ".join(sorted(breaks, reverse=True))
    if method == CHOSEN:
        return Risk("warning", f"under {named}")
    if method is not None:
        return Risk("error", f"under {method}") if method in breaks else None
    broken = {system: [each in breaks for each in target.defaults(system)] for system in target.systems}
    if not any(any(each) for each in broken.values()):
        return None
    level: Level = "error" if all(each[-1] for each in broken.values()) else "warning"
    return Risk(level, f"under {named}, the default {_systems(broken)}")


def _systems(broken: dict[str, list[bool]]) -> str:
    always = [system for system, each in broken.items() if all(each)]
    border = f"{NO_FORK[0]}.{NO_FORK[1]}"
    parts = [f"on {' and '.join(always)}"] if always else []
    for system, each in broken.items():
        if each == [False, True]:
            parts.append(f"on {system} from Python {border} on")
        elif each == [True, False]:
            parts.append(f"on {system} before Python {border}")
    return " and ".join(parts)
