"""The text of a ``CREATE TABLE`` in its parts, so that a fault can take one out or put one in.

Written for the drill alone: what the comparison reads definitions with is what is tried here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Self

_TOKEN = re.compile(
    r"""\s+|--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|[\w$.]+|.""", re.DOTALL
)
_OF_THE_TABLE = {"constraint", "primary", "unique", "check", "foreign"}
_BEGINNINGS = {
    "constraint", "primary", "not", "null", "unique", "check", "default", "collate", "references", "generated", "as",
}  # fmt: skip


def bare(word: str) -> str:
    """A name without its quotes, in lower case."""
    return (word[1:-1] if word[:1] in {'"', "`", "["} else word).lower()


@dataclass(frozen=True, slots=True)
class Definition:
    """What stands before the brackets, the items between their commas, and what stands behind."""

    head: str
    items: tuple[str, ...]
    tail: str

    @classmethod
    def read(cls, sql: str) -> Self:
        """Take a definition apart."""
        words = _TOKEN.findall(sql)
        begin = words.index("(")
        items, depth, item = [], 0, ""
        for at, word in enumerate(words[begin:], begin):
            depth += (word == "(") - (word == ")")
            if depth == 0:
                items.append(item)
                return cls("".join(words[:begin]), tuple(items), "".join(words[at + 1 :]))
            if depth == 1 and word == ",":
                items.append(item)
                item = ""
            elif at > begin:
                item += word
        raise ValueError(f"the brackets of {sql!r} do not close")

    @property
    def sql(self) -> str:
        """The whole text."""
        return f"{self.head}({','.join(self.items)}){self.tail}"

    def columns(self) -> Iterator[tuple[int, str]]:
        """Place and lower-cased name of every column."""
        for at, item in enumerate(self.items):
            words = meaning(item)
            if bare(words[0]) not in _OF_THE_TABLE:
                yield at, bare(words[0])

    def clauses(self, kind: str) -> Iterator[tuple[int, str]]:
        """Place and text of the clauses of the table that begin with this word, without their names."""
        columns = {at for at, _ in self.columns()}
        for at, item in enumerate(self.items):
            words = meaning(item)
            words = words[2:] if words[0].lower() == "constraint" else words
            if at not in columns and words[0].lower() == kind:
                yield at, " ".join(words)

    def column(self, name: str) -> int:
        """The place of a column."""
        return next(at for at, found in self.columns() if found == name.lower())

    def without(self, at: int) -> Self:
        """One item less."""
        return replace(self, items=self.items[:at] + self.items[at + 1 :])

    def having(self, at: int, item: str) -> Self:
        """Another item in a place."""
        return replace(self, items=(*self.items[:at], item, *self.items[at + 1 :]))

    def more(self, item: str) -> Self:
        """One clause more, behind all others."""
        return replace(self, items=(*self.items, " " + item))

    def called(self, name: str) -> Self:
        """The same for a table of another name."""
        return replace(self, head=f"CREATE TABLE {name} ")


def meaning(item: str) -> list[str]:
    """The words of an item, without blanks and comments."""
    return [word for word in _TOKEN.findall(item) if word.strip() and not word.startswith(("--", "/*"))]


def _starts(words: list[str]) -> list[int]:
    """Where the clauses of a column begin, and where the last one ends; the first place is the end of its type."""
    depth, found = 0, []
    for at, word in enumerate(words):
        if depth == 0 and at and word.lower() in _BEGINNINGS:
            before = words[at - 1].lower()
            if not (word.lower() == "null" and before in {"not", "default", "set"}) and before != "constraint":
                found.append(at)
        depth += (word == "(") - (word == ")")
    return [*found, len(words)]


def with_type(item: str, declared: str) -> str:
    """A column of another type, '' for none."""
    words = meaning(item)
    return " " + " ".join([words[0], declared, *words[_starts(words)[0] :]])


def clause_of(item: str, first: str) -> str:
    """The first clause of a column that begins with this word, '' if it has none."""
    words = meaning(item)
    starts = _starts(words)
    for begin, end in pairwise(starts):
        if words[begin].lower() == first:
            return " ".join(words[begin:end])
    return ""


def without_clause(item: str, first: str) -> str:
    """A column without its clauses that begin with this word; some programs write NOT NULL twice."""
    words = meaning(item)
    starts = _starts(words)
    kept = words[: starts[0]]
    for begin, end in pairwise(starts):
        kept += [] if words[begin].lower() == first else words[begin:end]
    return " " + " ".join(kept)


def rewritten(sql: str) -> str:
    """The same definition in other words: blanks, and the case of what stands in no quotes."""
    words = [word if word[:1] in {"'", '"', "`", "["} else word.swapcase() for word in _TOKEN.findall(sql)]
    return "".join("\n   " if not word.strip() else word for word in words)
