"""SQLite's definitions as words: what two of them say can be compared, however they are written."""

from __future__ import annotations

import re
import string
from functools import lru_cache

_TOKEN = re.compile(
    r"\s+|--[^\n]*|/\*.*?\*/|(?P<text>'[^']*(?:''[^']*)*')|(?P<quoted>\"[^\"]*(?:\"\"[^\"]*)*\"|`[^`]*(?:``[^`]*)*`|\[[^\]]*\])"
    r"|(?P<word>[\w$]+)|(?P<other>.)",
    re.DOTALL,
)


_ASCII_FOLDED = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def fold(name: str) -> str:
    """A name as SQLite compares it: it knows the case of ASCII letters alone, so ``Ä`` and ``ä`` are two names."""
    return name.translate(_ASCII_FOLDED)


@lru_cache(maxsize=1024)
def tokens(sql: str) -> tuple[str, ...]:
    """A definition without blanks, comments and quotes of names; words in lower case, as SQLite compares them."""
    found = []
    for match in _TOKEN.finditer(sql):
        if match["text"]:
            found.append(match["text"])
        elif match["quoted"]:
            opening = match["quoted"][0]
            closing = "]" if opening == "[" else opening
            found.append(fold(match["quoted"][1:-1].replace(closing * 2, closing)))
        elif match["word"] or match["other"]:
            found.append(fold(match[0]))
    return tuple(found)


def double_quoted(sql: str) -> tuple[tuple[str, str], ...]:
    """Every word in double quotes as it is written, each with the folded word before it, '' for the first.

    It is a name where there is such a name, and else a text, of which the case counts: SQLite lets both be written so.
    """
    found = []
    before = ""
    for match in _TOKEN.finditer(sql):
        if match["quoted"] and match["quoted"][0] == '"':
            found.append((before, match["quoted"][1:-1].replace('""', '"')))
        if match["text"] or match["quoted"] or match["word"] or match["other"]:
            before = fold(match[0])
    return tuple(found)


def with_schema(sql: str, old: str, new: str) -> str:
    """A query in which what stands before a dot and is called ``old`` is called ``new``; all else stays as written.

    Examples
    --------
    >>> print(with_schema("SELECT 'before.x', b.before FROM before.t AS b", "before", "main"))
    SELECT 'before.x', b.before FROM "main".t AS b
    """
    words = [match for match in _TOKEN.finditer(sql) if match.lastgroup]
    made, end = [], 0
    for at, match in enumerate(words[:-1]):
        is_member = at > 0 and words[at - 1][0] == "."
        if words[at + 1][0] == "." and not is_member and tokens(match[0]) == (fold(old),):
            made += [sql[end : match.start()], '"' + new.replace('"', '""') + '"']
            end = match.end()
    return "".join([*made, sql[end:]])
