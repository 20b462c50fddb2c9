"""The columns of a turn that are filled from its own metadata, each declared here once.

Whatever writes them follows this: the schema of new and of migrated files, what a migration looks for, fills, counts
and proves, its statements for the sqlite3 shell, and what a save takes from metadata. The audit has a declaration of
its own, for a mistake in this one must not hide there.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

# Names and keys stand in SQL texts, in JSON paths and in patterns as they are.
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_.@-]*")
# Marks that have their lines to themselves leave no lines behind; within a line they leave everything else as it is.
_BLOCK = re.compile(
    r"(?P<alone>^ *(?=/\*each [a-z ]+\*/\n))?/\*each (?P<what>[a-z ]+)\*/(?(alone)\n)"
    r"(?P<body>.*?)(?(alone)^ *)/\*end (?P=what)\*/(?(alone)\n?)",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class AttributedColumn:
    """One column of ``turns``, empty where its turn's metadata says nothing.

    Attributes
    ----------
    keys
        Where metadata names the value, in this order: the canonical key first, then its aliases. Names are exact.
    index
        The name of its index, by conversation, value and time of update.
    members
        The members of a map under one of the keys that can name the value, in this order; each may be a text or again
        such a map. The first names it directly. Without members only a text counts.
    """

    name: str
    keys: tuple[str, ...]
    index: str
    members: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what could not stand in SQL as it is; raises ``ValueError``."""
        names = all(_NAME.fullmatch(name) for name in (self.name, self.index))
        if not names or not self.keys or not all(_KEY.fullmatch(key) for key in (*self.keys, *self.members)):
            raise ValueError(f"no declaration of a column: {self!r}. Give plain names and at least one key")


RUNTIME = AttributedColumn(
    "runtime_key",
    keys=("geppetto.runtime@v1", "runtime", "runtime_key"),
    index="turns_by_conv_runtime_updated",
    members=("runtime_key", "key", "slug", "profile", "profile_key", "profile.slug", "profile_slug"),
)
INFERENCE = AttributedColumn(
    "inference_id", keys=("geppetto.inference_id@v1", "inference_id"), index="turns_by_conv_inference_updated"
)
ATTRIBUTED = (RUNTIME, INFERENCE)
"""All of them, in the order in which they are declared, filled and counted. Runtime and inference come first."""

COLUMN_NAMES = tuple(column.name for column in ATTRIBUTED)
NO_VALUES = ("",) * len(ATTRIBUTED)
"""What a turn has in them of which nothing is known."""


def render(text: str, columns: Sequence[AttributedColumn] = ATTRIBUTED, missing: Collection[str] = frozenset()) -> str:
    """A text of SQL with what stands between ``/*each column*/`` and ``/*end column*/`` once for each column.

    ``each map column`` and ``each text column`` are those with and without members. Within them ``{column}``,
    ``{stored}`` (the same, or ``''`` where the file is `missing` it), ``{index}``, ``{canonical}`` and the first
    ``{member}`` are the column's, ``each key`` has ``{key}``, and ``each alias`` has ``{alias}``, before which a map
    may stand under ``each key before``: ``{before}``. Outside of columns ``each hint`` has texts of which every
    metadata that names any key has one: ``{hint}``.

    A template engine would do this too, but costs every command as much time as a small migration takes.
    """
    return _render(text, _scopes(columns, missing))


_Scope = Mapping[str, "str | Sequence[_Scope]"]


def _scopes(columns: Sequence[AttributedColumn], missing: Collection[str]) -> _Scope:
    keys = [key for column in columns for key in column.keys]
    return {
        "column": [_scope(column, missing) for column in columns],
        "map column": [_scope(column, missing) for column in columns if column.members],
        "text column": [_scope(column, missing) for column in columns if not column.members],
        "hint": [{"hint": key} for key in keys if not any(other in key and other != key for other in keys)],
    }


def _scope(column: AttributedColumn, missing: Collection[str]) -> _Scope:
    # Only a map that names nothing usable under an earlier key can hide that the alias does not count yet.
    before = {key: column.keys[:place] if column.members else () for place, key in enumerate(column.keys)}
    return {
        "column": column.name,
        "stored": "''" if column.name in missing else column.name,
        "index": column.index,
        "canonical": column.keys[0],
        "member": column.members[0] if column.members else "",
        "direct member": [{}] if column.members else [],
        "key": [{"key": key} for key in column.keys],
        "alias": [
            {"alias": alias, "key before": [{"before": key} for key in before[alias]]} for alias in column.keys[1:]
        ],
    }


def _render(text: str, scope: _Scope) -> str:
    def repeated(block: re.Match[str]) -> str:
        inner = scope[block["what"]]
        assert not isinstance(inner, str)
        return "".join(_render(block["body"], each) for each in inner)

    text = _BLOCK.sub(repeated, text)
    for name, value in scope.items():
        if isinstance(value, str):
            text = text.replace(f"{{{name}}}", value)
    return text
