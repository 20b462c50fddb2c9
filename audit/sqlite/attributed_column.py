"""The columns of a turn that its metadata fills, as the audit knows them: each declared here once.

What reads metadata follows it: the second parser, DuckDB's SQL and SQLite's in exported suites; so do the views that
compare values with evidence, the declared schema, the ledger's counts and the comparison with the file from before.

The program that fills the columns has a declaration of its own. This one was written from the rule and not taken from
there, so that a mistake in one of them cannot agree with itself in the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from audit.sqlite.sql_template import Scope, fill_in

# All of these stand in SQL as they are.
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_KEY = re.compile(r"[A-Za-z0-9_.@-]+")
_MOST = 9
_ONCE: Sequence[Scope] = ({},)


@dataclass(frozen=True, slots=True)
class AttributedColumn:
    """One column of ``turns``.

    Attributes
    ----------
    word
        What views call it by: ``evidence_runtime``, ``runtime_kind``.
    keys
        The names in metadata under which its value may stand; the first that has one counts. All but the first are
        aliases.
    index
        The name of its index over conversation, value and time of update.
    members
        The names in a map under one of the keys by which that map may say the value, in this order, map in map to any
        depth; only an unbroken path of the first is direct. Empty where only a text counts.
    """

    name: str
    word: str
    keys: tuple[str, ...]
    index: str
    members: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot stand in SQL as it is; raises ``ValueError``."""
        fits = 1 <= len(self.keys) <= _MOST and len(self.members) <= _MOST  # their places are digits of a path
        named = all(map(_NAME.fullmatch, (self.name, self.word, self.index)))
        if not (fits and named and all(map(_KEY.fullmatch, (*self.keys, *self.members)))):
            raise ValueError(
                f"a column cannot be declared like this: {self!r}. Wanted: plain names, 1 to {_MOST} keys of letters, "
                f"digits and _.@-, and at most {_MOST} such members"
            )


RUNTIME = AttributedColumn(
    "runtime_key",
    "runtime",
    keys=("geppetto.runtime@v1", "runtime", "runtime_key"),
    index="turns_by_conv_runtime_updated",
    members=("runtime_key", "key", "slug", "profile", "profile_key", "profile.slug", "profile_slug"),
)
INFERENCE = AttributedColumn(
    "inference_id",
    "inference",
    keys=("geppetto.inference_id@v1", "inference_id"),
    index="turns_by_conv_inference_updated",
)
ATTRIBUTED = (RUNTIME, INFERENCE)
"""All of them, in the order in which they are declared and told. Runtime and inference come first."""

COLUMN_NAMES = tuple(column.name for column in ATTRIBUTED)


def render(sql: str, columns: Sequence[AttributedColumn] = ATTRIBUTED) -> str:
    """SQL in which ``/*each column*/`` and further marks, as `audit.sqlite.sql_template` reads them, are the columns.

    A column has ``{column}``, ``{word}`` and ``{index}``, and in it stand ``each key``, ``each first key`` (the
    canonical one), ``each alias`` (the others), ``each earlier key`` and ``each later key`` (without the last or the
    first, but never none), ``each member``, ``each profile`` (the members without the first), ``each map`` (once if
    there are members) and ``each naming`` (once in the first column, for the names of what a UNION returns).

    A key has ``{key}``, ``{place}`` (among the keys of all columns), ``{rank}`` (among its column's) and ``{kind}`` (of
    a text under it); a member has ``{member}`` and ``{rank}``. Outside of columns there are ``each map column`` for
    those with members, and ``each key`` for the keys of all.
    """
    return fill_in(sql, _scope(columns))


def render_words(map_sql: str, text_sql: str) -> Iterator[tuple[str, str]]:
    """The name and the query of the words of each column: `map_sql` for a column with members, else `text_sql`."""
    for column, scope in zip(ATTRIBUTED, _column_scopes(ATTRIBUTED), strict=True):
        yield f"{column.word}_words", fill_in(map_sql if column.members else text_sql, scope)


def _scope(columns: Sequence[AttributedColumn]) -> Scope:
    scopes = _column_scopes(columns)
    return {
        "column": scopes,
        "map column": [scope for column, scope in zip(columns, scopes, strict=True) if column.members],
        "key": [{"key": key} for column in columns for key in column.keys],
    }


def _column_scopes(columns: Sequence[AttributedColumn]) -> list[Scope]:
    before = [sum(len(column.keys) for column in columns[:at]) for at in range(len(columns))]
    shorts = _short_names([column.word for column in columns])
    return [
        _column_scope(column, keys_before) | {"short": short, "naming": [] if keys_before else _ONCE}
        for column, keys_before, short in zip(columns, before, shorts, strict=True)
    ]


def _column_scope(column: AttributedColumn, keys_before: int) -> dict[str, str | Sequence[Scope]]:
    keys: list[Scope] = [
        {
            "key": key,
            "place": str(keys_before + rank),
            "rank": str(rank),
            "kind": "text" if rank == 1 else "alias",
        }
        for rank, key in enumerate(column.keys, start=1)
    ]
    members: list[Scope] = [{"member": name, "rank": str(rank)} for rank, name in enumerate(column.members, start=1)]
    return {
        "column": column.name,
        "word": column.word,
        "index": column.index,
        "keys": str(len(keys)),
        "key": keys,
        "first key": keys[:1],
        "alias": keys[1:],
        "earlier key": keys[:-1] or keys,
        "later key": keys[1:] or keys,
        "member": members,
        "first member": members[:1],
        "profile": members[1:],
        "map": _ONCE if column.members else [],
    }


def _short_names(words: Sequence[str]) -> list[str]:
    """The shortest beginning of each word that begins no other; ``t`` and ``o`` are the aliases of other tables."""
    taken = [*words, "t", "o"]
    return [
        next(
            word[:length]
            for length in range(1, len(word) + 1)
            if length == len(word) or [name.startswith(word[:length]) for name in taken].count(True) == 1
        )
        for word in words
    ]
