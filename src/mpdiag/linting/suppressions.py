"""Comments that silence findings: ``# mpdiag: ignore[MP401]``, ``# mpdiag: ignore-file``, ``# noqa: MP401``."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from mpdiag.advice import Finding

#: The ids of the rules that a name (id, its beginning, slug or alias) stands for; none, when there is no such rule.
Resolve = Callable[[str], frozenset[str]]

#: What a file holds that silences findings; of the others' nothing is said where there are none.
MARK = b"mpdiag:"
_FOREIGN = (b"noqa", b"NOQA")
_COMMENT = re.compile(r"#\s*(?:mpdiag:\s*(?P<ours>[^#]*)|(?:noqa|NOQA)\b(?P<colon>\s*:(?P<noqa>[^#]*))?)")
_IGNORE = re.compile(r"ignore(?P<file>-file)?(?:\s*\[(?P<names>[^]]*)\]|(?![\w[-]))(?P<rest>.*)")
_BETWEEN = re.compile(r"[,\s]+")
#: Tokens that are no part of a statement.
_AROUND = frozenset({tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING})


@dataclass
class Comment:
    """One comment that silences findings.

    Args:
        line: where it stands.
        names: what it silences, with the ids meant; None: everything.
        ours: not for other tools too.
        whole_file: it counts for every line.
    """

    line: int
    names: dict[str, frozenset[str]] | None
    ours: bool
    whole_file: bool = False
    #: The lines of the statement that it belongs to.
    first: int = 0
    last: int = 0
    #: The rules that it has silenced.
    used: set[str] = field(default_factory=set)

    def silences(self, finding: Finding) -> bool:
        """Whether it is meant for ``finding``; notes that it was needed."""
        line = finding.place.line if finding.place else None
        if not self.whole_file and not self.first <= (line or 0) <= self.last:
            return False
        if self.names is not None and not any(finding.rule in ids for ids in self.names.values()):
            return False
        self.used.add(finding.rule)
        return True


@dataclass(frozen=True)
class Silenced:
    """What is left of the findings of a file.

    Args:
        findings: those that are not silenced.
        count: how many are.
        remarks: the lines of comments of ours that silence nothing, or cannot be understood, and what to say of them.
    """

    findings: list[Finding]
    count: int = 0
    remarks: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Judged:
    """Which rules could have spoken: a comment for others may be needed though it silences nothing.

    Args:
        ids: theirs.
        whole: none that is on by default was left out.
    """

    ids: frozenset[str]
    whole: bool = True


def silence(source: bytes, findings: list[Finding], resolve: Resolve, judged: Judged) -> Silenced:
    """Take out the findings that comments in ``source`` silence.

    Args:
        source: of a file.
        findings: all that there are of it.
        resolve: tells the rules that a name stands for.
        judged: the rules that were asked.
    """
    if MARK not in source and not (findings and any(mark in source for mark in _FOREIGN)):
        return Silenced(findings)
    remarks: list[tuple[int, str]] = []
    comments = list(_comments(source, resolve, remarks))
    # Each comment is asked, not just the first that fits: both of two are used.
    left = [each for each in findings if not sum([comment.silences(each) for comment in comments])]
    remarks += [(comment.line, text) for comment in comments if comment.ours and (text := _useless(comment, judged))]
    return Silenced(left, len(findings) - len(left), tuple(sorted(remarks)))


def _useless(comment: Comment, judged: Judged) -> str:
    """What to say of a comment that was not needed; nothing, if it was or may be."""
    if comment.names is None:
        return "" if comment.used or not judged.whole else "ignore silences nothing here"
    unknown = [name for name, ids in comment.names.items() if not ids]
    if unknown or not comment.names:
        return f"ignore[{', '.join(unknown)}] names no rule"
    idle = [name for name, ids in comment.names.items() if ids <= judged.ids and not ids & comment.used]
    return f"ignore[{', '.join(idle)}] silences nothing here" if idle else ""


def _comments(source: bytes, resolve: Resolve, remarks: list[tuple[int, str]]) -> Iterator[Comment]:
    """The comments in ``source`` that mean something to us, each with the lines of its statement.

    One that stands on a line of its own belongs to the statement that follows.
    """
    waiting: list[Comment] = []
    first = 0
    for token in _tokens(source):
        if token.type == tokenize.COMMENT:
            comment = _read(token, resolve, remarks)
            if comment:
                waiting.append(comment)
        elif token.type == tokenize.NEWLINE:
            for comment in waiting:
                comment.first, comment.last = first, token.start[0]
            yield from waiting
            waiting, first = [], 0
        elif token.type not in _AROUND and not first:
            first = token.start[0]
    yield from waiting


def _read(token: tokenize.TokenInfo, resolve: Resolve, remarks: list[tuple[int, str]]) -> Comment | None:
    found = _COMMENT.search(token.string)
    if found is None:
        return None
    line = token.start[0]
    if found["ours"] is None:
        return Comment(line, _named(found["noqa"] or "", resolve) if found["colon"] else None, ours=False)
    words = found["ours"].strip()
    ignore = _IGNORE.match(words)
    if ignore is None or (ignore["names"] is None and resolve(_BETWEEN.split(ignore["rest"].strip())[0])):
        remarks.append((line, f"{words!r} is not understood: write ignore[MP401], ignore or ignore-file"))
        return None
    names = None if ignore["names"] is None else _named(ignore["names"], resolve)
    return Comment(line, names, ours=True, whole_file=bool(ignore["file"]))


def _named(text: str, resolve: Resolve) -> dict[str, frozenset[str]]:
    return {name: resolve(name) for name in _BETWEEN.split(text.strip()) if name}


def _tokens(source: bytes) -> Iterator[tokenize.TokenInfo]:
    """The tokens of ``source``, up to the first that cannot be read."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        text = io.TextIOWrapper(io.BytesIO(source), encoding).read()
        yield from tokenize.generate_tokens(io.StringIO(text).readline)
    except (tokenize.TokenError, SyntaxError, ValueError):
        return
