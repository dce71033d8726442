"""Takes out of a report what says who ran it, where and at what hour, and secrets that stood on a command line."""

from __future__ import annotations

import getpass
import os
import re
import socket
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import partial
from pathlib import Path
from typing import Union, cast

from mpdiag.advice import Fix, Place
from mpdiag.confidential import HIDDEN, PATTERNS, named_so, without_secrets
from mpdiag.model import Column
from mpdiag.report import Report, Visited

#: Names that many machines share: they tell nothing, and replacing them would garble ordinary text.
_COMMON_HOSTS = frozenset(
    {"localhost", "localdomain", "local", "host", "linux", "windows", "darwin", "python", "ubuntu", "debian", "fedora"}
)
_COMMON_USERS = frozenset(
    {"root", "user", "admin", "runner", "guest", "nobody", "ubuntu", "vagrant", "docker", "jenkins", "jovyan", "python"}
)
#: Words of any report, which a user may be called by too: taken out of paths alone.
_PROSE = frozenset({"and", "art", "bill", "for", "grant", "mark", "max", "may", "min", "not", "rich", "the", "will"})
_TERMS = frozenset(
    {"fork", "spawn", "forkserver", "thread", "process", "worker", "pool", "queue", "pipe", "lock", "task", "memory"}
    | {"machine", "method", "start", "default", "probe", "mpdiag", "measured", "warning", "error", "note", "linux"}
)
_SHORTEST = 3
#: An environment value shorter than that may be a word.
_SHORTEST_VALUE = 6
#: Where temporary files are for all, whatever TMPDIR says.
_TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108 - nothing is written there
#: What `tempfile` and its like make up, behind a prefix.
_RANDOM = re.compile(
    r"(?:(?:(?<=tmp)|(?<=tmp\.)|(?<=mpdiag-))\w{6,40}|(?<=[-_./\\])(?!tmp)(?=[A-Za-z_]*\d)(?=\d*[A-Za-z_])\w{8,40})(?![\w<])"
)
#: What replaces a name, or makes what does.
_Instead = Union[str, Callable[[re.Match[str]], str]]
_Names = Iterator[tuple[re.Pattern[str], _Instead]]
#: A path that neither starts at a root or a home folder nor climbs.
_BELOW = re.compile(r"(?![/\\~]|[A-Za-z]:)(?!.*\.\.(?:[/\\]|$))", re.DOTALL)
#: The report's own vocabulary: a host called ``probe`` must not change it.
_OURS = frozenset({"schema", "kind", "tool", "id", "status", "level", "confidence", "rule", "unit", "passed"})


@dataclass(frozen=True)
class Identity:
    """What to take out: an empty string names nothing."""

    home: str = ""
    user: str = ""
    host: str = ""
    #: Folders of temporary files.
    temp: tuple[str, ...] = ()
    #: Values of environment variables that are called like a secret.
    secrets: tuple[str, ...] = ()
    #: The working directory: what lies below it is called as the program's author calls it.
    folder: str = ""

    @classmethod
    def here(cls) -> Identity:
        """The identity of this account on this machine; what cannot be found out stays empty."""
        temp = _or_empty(tempfile.gettempdir)
        return cls(
            home=_or_empty(lambda: str(Path.home())),
            user=_or_empty(getpass.getuser),
            host=socket.gethostname(),
            folder=_or_empty(os.getcwd),
            temp=(temp, os.path.realpath(temp), *(_TEMPORARY if os.name == "posix" else ())),
            secrets=tuple(value for name, value in os.environ.items() if named_so(name)),
        )


def redact(report: Report, who: Identity) -> Report:
    """``report`` with the hour, home folder, user and host names replaced in every string and every key.

    The home folder becomes ``~``, the user name ``<user>`` where it is a component of a path or a whole word, and the
    host name, whole or short, ``<host>``. The folder of temporary files becomes ``<temp>``, and what is random in the
    names of those in it an asterisk, but for what is below the working directory. What looks like a secret becomes
    ``<secret>``: the value of an option such as ``--api-token``, the user and password in an address, a token in its
    query, a header that authorizes, keys of well-known shape, the value of an environment variable that is called like
    one. Nothing gathers environment values, but a program's own words may hold them.

    Names of less than three letters stay, and so do very common ones (``root``, ``localhost``): they tell nothing, and
    replacing them would garble the report. A user name that is a word of the report itself (``pool``, ``will``) is
    replaced in paths alone. Findings keep the path of a file below the working directory, and where the source they
    show would tell, asterisks stand: columns point into it. The hosts of a fleet become ``host-1``, ``host-2`` and so
    on, by name and by address.
    """
    numbered = [(one, f"host-{number}") for number, one in enumerate(report.hosts, 1)]
    cleaned = _redacted(replace(report, hosts=()), _Cleaner.of(who, numbered))
    return replace(cleaned, hosts=tuple(_visited(one, name, who) for one, name in numbered))


def _visited(one: Visited, name: str, who: Identity) -> Visited:
    """A host of a fleet by another name; its own report, made there, knows no other's."""
    clean = _Cleaner.of(who, [(one, name)])
    report = _redacted(one.report, clean) if one.report else None
    return replace(one, host=name, address=name, reason=clean.text(one.reason) if one.reason else None, report=report)


def _redacted(report: Report, clean: _Cleaner) -> Report:
    cleaned = cast("Report", _map_strings(replace(report, command=without_secrets(report.command)), clean))
    return replace(cleaned, started_at=f"{report.started_at[:10]}T00:00:00Z")


def redact_values(values: object, who: Identity) -> object:
    """``values`` (lists, dicts and what they hold) with the names replaced in every string, as `redact` does."""
    return _map_strings(values, _Cleaner.of(who))


def _or_empty(ask: Callable[[], str]) -> str:
    try:
        return ask()
    except (OSError, KeyError, RuntimeError, ImportError):
        return ""


@dataclass(frozen=True)
class _Cleaner:
    """Replaces names; ``words`` also within prose, where a key of a table means what we call it."""

    names: tuple[tuple[re.Pattern[str], _Instead], ...]
    words: tuple[tuple[re.Pattern[str], _Instead], ...]
    #: What was cleaned: tables say the same in many rows.
    known: dict[str, str] = field(default_factory=dict, compare=False)
    known_keys: dict[str, str] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, who: Identity, fleet: Sequence[tuple[Visited, str]] = ()) -> _Cleaner:
        """What takes ``who`` out, and puts names in the place of hosts."""
        folders: list[tuple[str, Callable[[str], _Names]]] = [(who.home, _home)]
        folders += [(folder, partial(_temp, who)) for folder in dict.fromkeys(who.temp)]
        folders.sort(key=lambda each: -len(each[0]))  # one may lie in another
        names = [
            *_values(who.secrets),
            *PATTERNS,
            *_fleet(fleet),
            *(name for folder, take in folders for name in take(folder)),
        ]
        return cls((*names, *_user(who.user), *_hosts(who.host)), tuple(_user_word(who.user)))

    def text(self, text: str) -> str:
        """Any string."""
        cleaned = self.known.get(text)
        if cleaned is None:
            cleaned = self.known[text] = _replaced(text, (*self.names, *self.words))
        return cleaned

    def file(self, path: str) -> str:
        """The file of a finding: one below the working directory is a part of the project, whatever it is called."""
        return path if _BELOW.match(path) else self.text(path)

    def source(self, text: str | None) -> str | None:
        """Source code, in which columns point: what goes leaves as many asterisks."""
        if text is None:
            return None
        for pattern, _ in (*self.names, *self.words):
            text = pattern.sub(lambda found: "*" * len(found[0]), text)
        return text

    def key(self, key: str) -> str:
        """The key of a fact or a column: one that is a mere word is ours."""
        if not key.isidentifier():
            return self.text(key)
        cleaned = self.known_keys.get(key)
        if cleaned is None:
            cleaned = self.known_keys[key] = _replaced(key, self.names)
        return cleaned


def _replaced(text: str, names: Iterable[tuple[re.Pattern[str], _Instead]]) -> str:
    for pattern, instead in names:
        text = pattern.sub(instead, text)
    return text


def _values(secrets: Sequence[str]) -> _Names:
    for value in sorted(set(secrets), key=len, reverse=True):
        if len(value) >= _SHORTEST_VALUE and value.lower() not in _TERMS:
            yield re.compile(re.escape(value)), HIDDEN


def _fleet(fleet: Sequence[tuple[Visited, str]]) -> _Names:
    """The hosts of a fleet, each with its new name, and the host of any address; one pass, however many there are."""
    if not fleet:
        return
    known = {called: name for one, name in fleet for called in (one.address, one.host)}
    either = "|".join(re.escape(called) for called in sorted(known, key=len, reverse=True))
    yield re.compile(rf"(?<![\w.-])(?:{either})(?![\w-]|\.\w)"), lambda found: known[found[0]]
    yield re.compile(r"(?<=\b(?:tcp|tls|ucx)://)(?!host-\d)[^\s/:'\"]+"), "<host>"


def _home(home: str) -> _Names:
    if home := _folder(home):
        yield re.compile(home), "~"


def _temp(who: Identity, folder: str) -> _Names:
    own = who.folder.rstrip("/\\")

    def instead(found: re.Match[str]) -> str:
        within = len(own) > found.start(1) - found.start() and found[0].startswith((f"{own}/", f"{own}\\"))
        made_up, named = (found[0][: len(own)], found[0][len(own) :]) if within else (found[0], "")
        return f"<temp>{_less_random(made_up[found.start(1) - found.start() :], who.user)}{named}"

    if pattern := _folder(folder):
        yield re.compile(rf"{pattern}((?:[/\\]+[^/\\\s'\":;,)\]]+)*)"), instead


def _folder(path: str) -> str:
    """The pattern of a folder and of whatever begins with it; also as repr() and JSON write it."""
    path = path.rstrip("/\\")
    if len(path) < _SHORTEST:
        return ""
    written = "|".join(re.escape(form) for form in (path.replace("\\", "\\\\"), path))
    return rf"(?<![\w.-])(?<!~)(?<!<temp>)(?:{written})(?![\w-]|\.\w)"


def _less_random(path: str, user: str) -> str:
    """A path below the folder of temporary files; there, what is one user's is often called by the name."""
    for pattern, instead in _user(user, before=r"[-_./\\]", after=r"(?![A-Za-z0-9])"):
        path = pattern.sub(instead, path)
    return _RANDOM.sub("*", path)


def _user(user: str, before: str = r"[/\\]", after: str = r"(?=[/\\]|$|[\s'\":;,)\]])") -> _Names:
    if len(user) >= _SHORTEST and user.lower() not in _COMMON_USERS:
        yield re.compile(rf"(?<={before}){re.escape(user)}{after}"), "<user>"


def _user_word(user: str) -> _Names:
    if len(user) >= _SHORTEST and user.lower() not in _COMMON_USERS | _PROSE | _TERMS:
        yield re.compile(rf"(?<![\w-]){re.escape(user)}(?![\w-])"), "<user>"


def _hosts(whole: str) -> _Names:
    for host in (whole, whole.partition(".")[0]):
        if len(host) >= _SHORTEST and host.lower() not in _COMMON_HOSTS:
            yield re.compile(rf"(?<![\w-]){re.escape(host)}(?![\w-])", re.IGNORECASE), "<host>"


def _map_strings(value: object, clean: _Cleaner) -> object:
    """``value`` with each string in it cleaned, whatever holds the string."""
    if isinstance(value, str):
        return clean.text(value)
    if isinstance(value, dict):
        return {
            clean.key(key) if isinstance(key, str) else key: _map_strings(inner, clean) for key, inner in value.items()
        }
    if isinstance(value, (list, tuple)):
        return type(value)(_map_strings(inner, clean) for inner in value)
    if isinstance(value, Fix):  # with asterisks in it, it would break the code
        return value if clean.source(value.replacement) == value.replacement else None
    if isinstance(value, Column):
        return replace(value, key=clean.key(value.key), title=clean.text(value.title))
    if is_dataclass(value) and not isinstance(value, type):
        names = [item.name for item in fields(value) if item.name not in _OURS]
        cleaned = {name: _map_strings(getattr(value, name), clean) for name in names}
        if isinstance(value, Place):
            cleaned.update(file=clean.file(value.file), excerpt=clean.source(value.excerpt))
        return replace(value, **cleaned)
    return value
