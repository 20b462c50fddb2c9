"""SQLite's definitions as words: what two of them say can be compared, however they are written."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from audit.sqlite.lexemes import NAMES_TOO, Kind, Lexeme, fold, lexemes, name_of, name_word, named_places

__all__ = [
    "declaration_words", "default_words", "definition_words", "fold", "module_arguments", "name_of", "name_word",
    "softened", "tokens", "with_schema",
]  # fmt: skip


@lru_cache(maxsize=1024)
def tokens(sql: str, names: frozenset[str] | None = None) -> tuple[str, ...]:
    """A definition without blanks and comments; names and keywords in lower case, as SQLite compares them.

    A name has no quotes where it can be nothing but a name, and double ones where it would be a keyword, a number or a
    sign without (`name_word`). So no name is ever taken for one of these.

    Parameters
    ----------
    names
        The folded names of what there is. What stands in double quotes and is none of them is a text, which stays as it
        is written. Without, it is always a name.

    Examples
    --------
    >>> tokens('SELECT [A], "5", 5, "Open"', frozenset({"a"}))
    ('select', 'a', ',', '"5"', ',', '5', ',', '"Open"')
    """
    words = lexemes(sql)
    places = named_places(words)
    return tuple(_word(word, names, is_named=at in places) for at, word in enumerate(words))


def _word(word: Lexeme, names: frozenset[str] | None = None, *, is_named: bool = False) -> str:
    if word.kind not in (Kind.TEXT, Kind.QUOTED):
        return word.folded
    is_unknown = names is not None and word.is_double_quoted and fold(word.content) not in names
    if not is_named and (word.kind is Kind.TEXT or is_unknown):
        return word.raw
    return name_word(word.content)


def softened(words: Iterable[str]) -> tuple[str, ...]:
    """Words of `tokens` to be compared: quotes are left out around keywords that are as good a name without."""
    return tuple(word[1:-1] if word[:1] == '"' and word[1:-1] in NAMES_TOO else word for word in words)


def definition_words(sql: str, names: frozenset[str] | None = None) -> tuple[str, ...]:
    """What a definition says, whichever quotes its names stand in: those of two that mean the same are equal.

    Examples
    --------
    >>> definition_words("CREATE INDEX 'i' ON t('Key' DESC)") == definition_words('create index I on "t"(key desc)')
    True
    >>> definition_words('SELECT "null"') == definition_words("SELECT null")
    False
    """
    return softened(tokens(sql, names))


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
    words = lexemes(default)
    if len(words) == 1:
        return (_constant(words[0]),)
    # In an expression SQLite lets no name stand, so that double quotes hold a text, if they hold anything.
    return tuple(word.raw if word.is_double_quoted else _word(word) for word in words)


def _constant(word: Lexeme) -> str:
    is_text = word.kind is Kind.QUOTED or (word.kind is Kind.WORD and word.folded not in _VALUES)
    return "'" + word.content.replace("'", "''") + "'" if is_text else word.folded


def declaration_words(declaration: str, names: frozenset[str] | None = None) -> tuple[str, ...]:
    """The words of what a column is declared as; behind DEFAULT they are those of `default_words`.

    Examples
    --------
    >>> declaration_words("text DEFAULT Abc") == declaration_words("TEXT default 'Abc'")
    True
    """
    words = lexemes(declaration)
    return tuple(
        _constant(word) if at and words[at - 1].folded == "default" else said
        for at, (word, said) in enumerate(zip(words, tokens(declaration, names), strict=True))
    )


def with_schema(sql: str, old: str, new: str) -> str:
    """A query in which what stands before a dot and is called ``old`` is called ``new``; all else stays as written.

    Examples
    --------
    >>> print(with_schema("SELECT 'before.x', b.before FROM before.t AS b", "before", "main"))
    SELECT 'before.x', b.before FROM "main".t AS b
    """
    words = lexemes(sql)
    made, end = [], 0
    for at, word in enumerate(words[:-1]):
        is_member = at > 0 and words[at - 1].raw == "."
        if words[at + 1].raw == "." and not is_member and fold(word.content) == fold(old):
            made += [sql[end : word.start], '"' + new.replace('"', '""') + '"']
            end = word.end
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
    for word in lexemes(sql):
        depth += {"(": 1, ")": -1}.get(word.raw, 0)
        is_outside = depth == 0 or (depth == 1 and word.raw in ("(", ","))
        if not is_outside:
            begin, end = word.start if begin < 0 else begin, word.end
        elif begin >= 0:
            found.append(sql[begin:end])
            begin = -1
    return tuple(found)
