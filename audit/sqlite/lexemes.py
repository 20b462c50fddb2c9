"""SQL cut apart as SQLite cuts it: which of its words are names, in whatever quotes, and which are anything else.

The rules are those of SQLite's own tokenizer (``tokenize.c``): every character beyond ASCII may stand in a name, white
space beyond ASCII does too, and ``x'41'`` is one word where ``x '41'`` are two.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

_LEXEME = re.compile(
    r"""
    (?P<blank>[ \t\n\f\r][ \t\n\v\f\r]*|\ufeff|--[^\n]*|/\*.*?(?:\*/|\Z))
    |(?P<text>'[^']*(?:''[^']*)*')
    |(?P<quoted>"[^"]*(?:""[^"]*)*"|`[^`]*(?:``[^`]*)*`|\[[^\]]*\])
    |(?P<blob>[xX]'[0-9a-fA-F]*')
    |(?P<number>(?:0[xX][0-9a-fA-F]|(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?)[\w$]*)
    |(?P<word>(?:[A-Za-z_]|[^\x00-\x7f])(?:[A-Za-z0-9_$]|[^\x00-\x7f])*)
    |(?P<sign>[?$@\#:](?:[A-Za-z0-9_$]|[^\x00-\x7f])*|->>|->|\|\||<<|>>|<=|>=|<>|!=|==|.)
    """,
    re.DOTALL | re.VERBOSE | re.ASCII,
)
_PLAIN = re.compile(r"(?:[a-z_]|[^\x00-\x7f])(?:[a-z0-9_$]|[^\x00-\x7f])*")
_ASCII_FOLDED = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)

NAMES_TOO = frozenset({
    "abort", "action", "after", "always", "analyze", "asc", "attach", "before", "begin", "by", "cascade", "cast",
    "column", "conflict", "current", "database", "deferred", "desc", "detach", "do", "each", "end", "exclude",
    "exclusive", "explain", "fail", "filter", "first", "following", "for", "generated", "glob", "groups", "if",
    "ignore", "immediate", "initially", "instead", "key", "last", "like", "match", "materialized", "no", "nulls",
    "of", "offset", "others", "over", "partition", "plan", "pragma", "preceding", "query", "raise", "range",
    "recursive", "regexp", "reindex", "release", "rename", "replace", "restrict", "rollback", "row", "rows",
    "savepoint", "temp", "temporary", "ties", "trigger", "unbounded", "vacuum", "view", "virtual", "window",
    "with", "without",
})  # fmt: skip
"""Keywords that SQLite takes for names wherever they can be nothing else: quotes around one change no meaning there."""

_RESERVED = frozenset({
    "add", "all", "alter", "and", "as", "autoincrement", "between", "case", "check", "collate", "commit",
    "constraint", "create", "cross", "current_date", "current_time", "current_timestamp", "default", "deferrable",
    "delete", "distinct", "drop", "else", "escape", "except", "exists", "foreign", "from", "full", "group",
    "having", "in", "index", "indexed", "inner", "insert", "intersect", "into", "is", "isnull", "join", "left",
    "limit", "natural", "not", "nothing", "notnull", "null", "on", "or", "order", "outer", "primary", "references",
    "returning", "right", "select", "set", "table", "then", "to", "transaction", "union", "unique", "update",
    "using", "values", "when", "where",
})  # fmt: skip
_CONSTANTS = frozenset({"true", "false"})
"""Without quotes these are values, where there is no such column."""


class Kind(StrEnum):
    """What a lexeme is."""

    TEXT = "text"
    QUOTED = "quoted"
    BLOB = "blob"
    NUMBER = "number"
    WORD = "word"
    SIGN = "sign"


@dataclass(frozen=True, slots=True)
class Lexeme:
    """One word of SQL: ``raw`` as it is written, from ``start`` on.

    ``folded`` is it in lower case where its case means nothing, and as it is written in quotes.
    """

    kind: Kind
    raw: str
    start: int

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + len(self.raw)

    @property
    def folded(self) -> str:
        """What to tell keywords and signs by: no word in quotes is ever one."""
        return self.raw if self.kind in (Kind.TEXT, Kind.QUOTED) else fold(self.raw)

    @property
    def is_double_quoted(self) -> bool:
        """Whether it is a name or, where there is no such name, a text."""
        return self.raw[0] == '"'

    @property
    def content(self) -> str:
        """What stands between the quotes, if there are any."""
        if self.kind not in (Kind.TEXT, Kind.QUOTED):
            return self.raw
        closing = "]" if self.raw[0] == "[" else self.raw[0]
        return self.raw[1:-1].replace(closing * 2, closing)


def fold(name: str) -> str:
    """A name as SQLite compares it: it knows the case of ASCII letters alone, so ``Ä`` and ``ä`` are two names."""
    return name.translate(_ASCII_FOLDED)


def lexemes(sql: str) -> list[Lexeme]:
    """Every word of a text but blanks and comments."""
    return [
        Lexeme(Kind(str(match.lastgroup)), match[0], match.start())
        for match in _LEXEME.finditer(sql)
        if match.lastgroup != "blank"
    ]


def name_word(name: str) -> str:
    """A name as a word: bare where that can be nothing but a name, else in double quotes.

    Examples
    --------
    >>> name_word("Prix_€"), name_word("a b"), name_word("Null"), name_word("5")
    ('prix_€', '"a b"', '"null"', '"5"')
    """
    folded = fold(name)
    is_bare = _PLAIN.fullmatch(folded) and folded not in NAMES_TOO | _RESERVED | _CONSTANTS
    return folded if is_bare else '"' + folded.replace('"', '""') + '"'


def name_of(word: str) -> str:
    """The folded name that a word is, in whatever quotes it stands.

    Examples
    --------
    >>> name_of('"a ""b"'), name_of("'a'"), name_of("A"), name_of("[key]")
    ('a "b', 'a', 'a', 'key')
    """
    found = lexemes(word)
    return fold(found[0].content) if len(found) == 1 else fold(word)


_BEFORE_NAMES = frozenset({
    "as", "collate", "constraint", "references", "using", "table", "index", "view", "trigger", "exists", "join", "into",
    "update", "from",
})  # fmt: skip
_BEFORE_LISTS = frozenset({"into", "references", "view", "with", "recursive"})
_CONFLICTS = frozenset({"rollback", "abort", "fail", "ignore", "replace"})
_ENDS_OF_TABLE = frozenset({"begin", "for", "when"})
_ENDS_OF_MEMBER = frozenset({",", ")", "collate", "asc", "desc"})


def named_places(words: Sequence[Lexeme]) -> frozenset[int]:
    """The numbers of the words in quotes that cannot be texts where they stand, not even in single quotes."""
    return frozenset(_named_places(words))


def _named_places(words: Sequence[Lexeme]) -> Iterator[int]:
    said = ["", "", *(word.folded for word in words), ""]
    is_index = "index" in said[3:5]
    is_virtual = said[2:5] == ["create", "virtual", "table"]
    brackets: list[str] = []
    assigns = -1
    for at, word in enumerate(words):
        two, before, here, after = said[at : at + 4]
        if is_virtual and two == "using":
            return  # what is handed to a module is its own language
        match here:
            case "(":
                brackets.append(_list_of(said[max(0, at - 2) : at + 2], is_index=is_index))
            case ")" if brackets:
                brackets.pop()
            case "set" if after != "null":
                assigns = len(brackets)
            case "where" | "returning" | ";":
                assigns = -1
        if word.kind not in (Kind.TEXT, Kind.QUOTED):
            continue
        is_member = bool(brackets) and before in ("(", ",") and _is_member(brackets[-1], word, after)
        is_assigned = assigns == len(brackets) and before in ("set", ",") and after == "="
        is_bound = "." in (before, after) or after == "(" or (at > 0 and ends_value(words[at - 1]))
        if is_member or is_assigned or is_bound or _is_behind(two, before, after):
            yield at


def ends_value(word: Lexeme) -> bool:
    """Whether a value can end so, or the name of a table: a name behind it is what that is called."""
    return word.folded == ")" if word.kind is Kind.SIGN else word.folded not in NAMES_TOO | _RESERVED


def _is_behind(two: str, before: str, after: str) -> bool:
    """Whether the words around make a name of a word in quotes."""
    if before in _BEFORE_NAMES:
        return (two, before) != ("distinct", "from")
    if before == "on":
        return after in _ENDS_OF_TABLE
    return (two, before) == ("update", "of") or (two == "or" and before in _CONFLICTS)


def _list_of(before: Sequence[str], *, is_index: bool) -> str:
    """What a list in brackets holds, by the words before the bracket; '' where it is none of names."""
    *_, two, last = before
    # The name of a schema may stand before that of its table.
    owner = before[0] if two == "." else two
    if (two, last) in {("primary", "key"), ("foreign", "key")} or last in ("unique", "using", "conflict"):
        return "names"
    if owner in ("table", "exists"):
        return "items"
    if owner == "on" and is_index:
        return "indexed"
    return "names" if owner in _BEFORE_LISTS else ""


def _is_member(listed: str, word: Lexeme, after: str) -> bool:
    if listed == "indexed":
        # In double quotes it is a text where there is no such column; in single ones SQLite wants the column.
        return word.kind is Kind.TEXT and after in _ENDS_OF_MEMBER
    return listed == "items" or (listed == "names" and after in _ENDS_OF_MEMBER)
