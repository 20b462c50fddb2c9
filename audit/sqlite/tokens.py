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


def _unquoted(name: str) -> str:
    closing = "]" if name[0] == "[" else name[0]
    return name[1:-1].replace(closing * 2, closing)


@lru_cache(maxsize=1024)
def tokens(sql: str) -> tuple[str, ...]:
    """A definition without blanks, comments and quotes of names; words in lower case, as SQLite compares them."""
    found = []
    for match in _TOKEN.finditer(sql):
        if match["text"]:
            found.append(match["text"])
        elif match["quoted"]:
            found.append(fold(_unquoted(match["quoted"])))
        elif match["word"] or match["other"]:
            found.append(fold(match[0]))
    return tuple(found)


_VALUES = frozenset({"null", "true", "false", "current_date", "current_time", "current_timestamp"})
"""The only words without quotes that are no text as a DEFAULT."""


def default_words(default: str) -> tuple[str, ...]:
    """The words of a DEFAULT: a name alone is a text there, in whatever quotes, and the case of a text counts.

    Examples
    --------
    >>> default_words("Abc") == default_words('"Abc"') == default_words("'Abc'") != default_words("ABC")
    True
    >>> default_words("Null") == default_words("NULL") != default_words('"NULL"')
    True
    """
    words = [match for match in _TOKEN.finditer(default) if match.lastgroup]
    if len(words) == 1:
        return (_constant(words[0]),)
    # In an expression SQLite lets no name stand, so that double quotes hold a text, if they hold anything.
    return tuple(
        word[0] if word.lastgroup == "quoted" and word[0][0] == '"' else "".join(tokens(word[0])) for word in words
    )


def _constant(word: re.Match[str]) -> str:
    match word.lastgroup:
        case "quoted":
            return _as_text(_unquoted(word[0]))
        case "word" if not word[0][0].isdigit() and fold(word[0]) not in _VALUES:
            return _as_text(word[0])
    return "".join(tokens(word[0]))


def _as_text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def declaration_words(declaration: str) -> tuple[str, ...]:
    """The words of what a column is declared as; behind DEFAULT they are those of `default_words`.

    Examples
    --------
    >>> declaration_words("text DEFAULT Abc") == declaration_words("TEXT default 'Abc'")
    True
    """
    words = [match for match in _TOKEN.finditer(declaration) if match.lastgroup]
    return tuple(
        _constant(word) if at and fold(words[at - 1][0]) == "default" else "".join(tokens(word[0]))
        for at, word in enumerate(words)
    )


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


def module_arguments(sql: str) -> tuple[str, ...]:
    """What a virtual table hands to its module, each argument as it is written, as SQLite cuts them apart.

    Examples
    --------
    >>> module_arguments("CREATE VIRTUAL TABLE t USING fts5 (a, /* texts */ content = 'b, c', prefix='2')")
    ('a', "content = 'b, c'", "prefix='2'")
    """
    found: list[str] = []
    begin, end, depth = -1, 0, 0
    for match in _TOKEN.finditer(sql):
        if not match.lastgroup:
            continue
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        is_outside = depth == 0 or (depth == 1 and match[0] in ("(", ","))
        if not is_outside:
            begin, end = match.start() if begin < 0 else begin, match.end()
        elif begin >= 0:
            found.append(sql[begin:end])
            begin = -1
    return tuple(found)
