"""Which names a definition can mean: what stands in double quotes and is none of them is a text to SQLite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from audit.comparison.files.tables import Table
from audit.comparison.schema.objects import SchemaObject
from audit.sqlite.lexemes import Kind, Lexeme, ends_value, lexemes, named_places
from audit.sqlite.tokens import definition_words, fold, module_arguments
from audit.sqlite.virtual_tables import module_of

Objects = Mapping[tuple[str, str], SchemaObject]
_ROW_NUMBERS = frozenset({"rowid", "_rowid_", "oid"})


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a definition says.

    ``texts`` has, word by word, those in double quotes that name no column, as they are written, and '' for others.
    """

    words: tuple[str, ...]
    texts: tuple[str, ...]

    def is_that_of(self, other: Meaning) -> bool:
        """Whether both say the same: of what is in double quotes on both sides and names nothing, the case counts."""
        texts = zip(self.texts, other.texts, strict=False)
        return self.words == other.words and all(old == new or not (old and new) for old, new in texts)


def column_names(table: Table) -> frozenset[str]:
    """The folded names of the columns of a table."""
    return frozenset(fold(column.name) for column in table.columns)


def meaning_of(sql: str, item: SchemaObject, objects: Objects, tables: Mapping[str, Table]) -> Meaning:
    """What a text means as the definition of this object, in the file of these objects and tables."""
    words = lexemes(sql)
    if not any(word.is_double_quoted for word in words):
        return Meaning(definition_words(sql), ("",) * len(words))
    columns, called = _names(sql, words, item, objects, tables)
    named = named_places(words)
    texts = tuple(
        word.raw if word.is_double_quoted and at not in named and fold(word.content) not in columns else ""
        for at, word in enumerate(words)
    )
    return Meaning(definition_words(sql, columns | called), texts)


def _names(
    sql: str, words: list[Lexeme], item: SchemaObject, objects: Objects, tables: Mapping[str, Table]
) -> tuple[frozenset[str], frozenset[str]]:
    """The columns that it can mean, and what else is called by names, but not everywhere in it."""
    if item.kind in ("table", "index") and (table := tables.get(fold(item.table))):
        return column_names(table) | _ROW_NUMBERS, frozenset()
    if module_of(sql):
        return frozenset((*_declared_by(sql), *(name for _, name in objects))), frozenset()
    reached: list[str] = []
    called: list[str] = []
    waiting, known = [words], set[str]()
    while waiting:
        words = waiting.pop()
        called += _called(words)
        for name in {fold(word.content) for word in words if word.kind is not Kind.SIGN} - known:
            known.add(name)
            if name in tables:
                called.append(name)
                reached += column_names(tables[name])
            elif ("view", name) in objects:
                called.append(name)
                waiting.append(lexemes(objects["view", name].sql))
            elif ("table", name) in objects:
                reached += (name, "rank", *_declared_by(objects["table", name].sql))
    return frozenset(reached) | _ROW_NUMBERS, frozenset(called)


def _called(words: list[Lexeme]) -> Iterator[str]:
    """What stands behind AS or a value, and what is listed before AS: the columns of a view, or of a query by name."""
    listed: list[str] = []
    for before, word in pairwise(words):
        if before.folded == "as" or ends_value(before):
            yield fold(word.content)
        if before.raw == ")" and word.folded == "as":
            yield from listed
        listed = [] if word.raw == "(" else [*listed, fold(word.content)]


def _declared_by(sql: str) -> Iterator[str]:
    """The columns that a virtual table may have: the first word of each argument."""
    for argument in module_arguments(sql):
        for word in lexemes(argument)[:1]:
            yield fold(word.content)
