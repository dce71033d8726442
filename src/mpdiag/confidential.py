"""What looks like a secret: passwords and tokens on command lines, in addresses, or by their shape.

Each pattern looks at most some dozens of characters back and ahead, however long the text is.
"""

from __future__ import annotations

import re
from typing import Final

HIDDEN: Final = "<secret>"
#: Words of an option, a variable or a part of an address whose value is nobody's business.
_WORDS = r"(?:pass(?:word|wd|phrase)?|pwd|secret|token|credentials?|(?:api|access|private|secret)[-_]?key|auth)"
_VARIABLE = re.compile(rf"(?:^|_)(?:{_WORDS})S?(?:$|_)|APIKEY", re.IGNORECASE)
_OPTION = re.compile(rf"--?(?:[\w-]{{0,20}}[-_])?{_WORDS}(?:[-_][\w-]{{0,20}})?", re.IGNORECASE)
_VALUE = r"[^\s'\"]+"
#: Behind an option, also where words are shown as a list.
_OPTION_AND_VALUE = rf"({_OPTION.pattern})([= ] {{0,9}}|['\"], ?(?=['\"]))(?!-|['\"]-)(?:'[^']*'|\"[^\"]*\"|{_VALUE})"
_IN_QUERY = rf"([?&;](?:[\w-]{{0,20}}[-_])?(?:{_WORDS}|sig(?:nature)?)=)[^&#\s'\"]+"
_ASSIGNED = (
    r"(\b(?:[A-Z0-9]{1,40}_){0,9}(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|(?:API|ACCESS|PRIVATE|SECRET)_?KEY)=)"
)
#: As source, JSON and connection strings write it.
_NAMED = r"(\b(?:\w{0,20}_)?(?:password|passwd|pwd|passphrase|secret|token|api_?key|access_?key)['\"]?\s?[=:]\s?)"
_QUOTED = rf"{_NAMED}[bfru]?(?:'[^'\n]+'|\"[^\"\n]+\")"
_PLAIN = r"(\b(?:password|passwd|pwd)=)(?!['\"])[^\s'\",;&()]{1,500}(?![\w(.])"
_HEADER = (
    r"(\b(?:(?:Proxy-)?Authorization|(?:Set-)?Cookie|X-[\w-]{0,20}(?:Key|Token|Secret))['\"]?: ?['\"]?"
    r"(?:(?:Basic|Bearer|Digest|Negotiate|Token) )?)[^\s'\";]+(?:; ?[^\s'\";]+){0,99}"
)
_SHAPES = (
    r"\b(?:gh[opsru]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}|xox[abp]-[\w-]{10,}|AKIA[0-9A-Z]{16}",
    r"(?:sk|pk|pypi)-[\w-]{20,}|eyJ[\w-]{8,500}\.[\w-]{1,2000}\.[\w-]+)",
)
#: What to look for, with what to put in its place.
PATTERNS: Final = (
    (re.compile(_OPTION_AND_VALUE, re.IGNORECASE), rf"\1\2{HIDDEN}"),
    (re.compile(r"(\b[a-z][a-z0-9+.-]{0,20}://)[^\s/@'\"]{1,500}(?=@)", re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(_IN_QUERY, re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(_ASSIGNED + _VALUE), rf"\1{HIDDEN}"),
    (re.compile(_HEADER, re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(_QUOTED, re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(_PLAIN), rf"\1{HIDDEN}"),
    (re.compile(r"(\b(?:Bearer|Basic) )[\w.~+/=-]{8,}"), rf"\1{HIDDEN}"),
    (re.compile("|".join(_SHAPES)), HIDDEN),
)


def without_secrets(words: tuple[str, ...]) -> tuple[str, ...]:
    """A command line without the words that stand behind an option for a secret."""
    pairs = zip(("", *words), words)
    return tuple(HIDDEN if _OPTION.fullmatch(before) and not word.startswith("-") else word for before, word in pairs)


def named_so(variable: str) -> bool:
    """Whether an environment variable is called like a secret; PWD is the working directory."""
    return variable != "PWD" and bool(_VARIABLE.search(variable))
