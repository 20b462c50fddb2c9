"""Schema objects before and after: columns as declared, what else their definition says, and objects lost or new."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

import apsw
import orjson

from audit.comparison.allowances.allowance import FILLED_COLUMNS, find_after, is_payload_table
from audit.comparison.allowances.redeclared import Redeclared, without_declarations
from audit.comparison.difference import Difference
from audit.comparison.files.tables import Table
from audit.comparison.schema.constraints import compare_constraints, read_constraints
from audit.comparison.schema.objects import SchemaObject
from audit.comparison.schema.scope import column_names, meaning_of
from audit.contract.turns_contract import declared_indexes, declared_tables
from audit.sqlite.tokens import fold, name_of, softened, tokens

DECLARED_TABLES, DECLARED_INDEXES = declared_tables(), declared_indexes()
"""What the target schema has; older files gain what they lack of it."""

PRAGMAS = ("user_version", "application_id", "encoding")
"""What a file says of itself besides its content; other pragmas may differ between two copies of one file."""


def compare_objects(
    before: Mapping[tuple[str, str], SchemaObject],
    after: Mapping[tuple[str, str], SchemaObject],
    tables_before: Mapping[str, Table],
    tables_after: Mapping[str, Table],
    *,
    texts_dropped: bool = False,
) -> Iterator[Difference]:
    """Objects that are gone, new without being declared, or defined otherwise.

    Parameters
    ----------
    texts_dropped
        The migration says that it dropped the table of converted payload texts, as it was told to.
    """
    converted = {name for name, table in tables_before.items() if is_payload_table(table)}
    for key, old in before.items():
        if fold(old.table) in converted:
            # A converted table is kept under another name, where its columns and rows are compared; its indexes may go.
            kept = find_after(tables_before[fold(old.table)], tables_after)
            if old.kind == "table" and kept is None and not texts_dropped:
                yield Difference("schema", old.table, old.key, expected=sql_of(old), found="missing")
            continue
        new = after.get(key)
        if new is None:
            yield Difference("schema", old.table, old.key, expected=sql_of(old), found="missing")
        elif old.kind != "table" and not meaning_of(old.sql, old, before, tables_before).is_that_of(
            meaning_of(new.sql, new, after, tables_after)
        ):
            yield Difference("schema", old.table, old.key, expected=sql_of(old), found=sql_of(new))
    for key, new in after.items():
        if key not in before and not _is_declared(new, converted, tables_after):
            yield Difference("schema", new.table, new.key, expected="missing", found=sql_of(new))


def compare_tables(
    tables_before: Mapping[str, Table], tables_after: Mapping[str, Table], redeclared: Redeclared
) -> Iterator[Difference]:
    """Columns that are gone, declared otherwise, new without being declared, or in another order."""
    for old in tables_before.values():
        new = find_after(old, tables_after)
        if new is None:
            continue
        key = orjson.dumps({"type": "table", "name": old.name}).decode()
        yield from _compare_columns(old, new, key, redeclared.get(old.name.lower(), frozenset()))
        if bool(old.rowid) != bool(new.rowid) or old.is_strict != new.is_strict:
            yield Difference("schema", old.name, key, expected=options_of(old), found=options_of(new))


def compare_definitions(
    before: Mapping[tuple[str, str], SchemaObject],
    after: Mapping[tuple[str, str], SchemaObject],
    tables: tuple[Mapping[str, Table], Mapping[str, Table]],
    redeclared: Redeclared,
    told: Container[str],
) -> Iterator[Difference]:
    """What the text of a table says beyond its columns: CHECK, UNIQUE, COLLATE, foreign keys.

    Parameters
    ----------
    tables
        The tables before and after.
    told
        Keys of tables of which a difference in columns is told: their texts differ anyhow, and only clauses count.
    """
    for (kind, name), old in before.items():
        new = after.get((kind, name))
        was, now = (side.get(name) for side in tables)
        if kind != "table" or new is None or was is None or now is None or is_payload_table(was):
            continue
        anew = redeclared.get(name, frozenset())
        shared = [fold(column.name) for column in was.columns if now.column(column.name)]
        sides_said = read_constraints(old.sql, column_names(was)), read_constraints(new.sql, column_names(now))
        clauses = list(compare_constraints(*sides_said, shared, anew))
        for column, wanted, found in clauses:
            yield Difference(
                "schema", old.table, old.key, column=column, expected=wanted or "missing", found=found or "missing"
            )
        if not clauses and old.key not in told:
            yield from _compare_texts(old, new, was, anew)


def _compare_texts(old: SchemaObject, new: SchemaObject, was: Table, anew: frozenset[str]) -> Iterator[Difference]:
    """The words of two definitions, where nothing else differs: whatever they say, it is not the same."""
    added = [column for column in FILLED_COLUMNS if old.name.lower() == "turns" and not was.column(column)]
    before = softened(without_declarations(tokens(old.sql), anew))
    after = softened(without_declarations(_without_columns(tokens(new.sql), added), anew))
    if before != after:
        expected, found = _first_change(before, after), _first_change(after, before)
        yield Difference("schema", old.table, old.key, expected=expected, found=found)


def compare_pragmas(
    connection: apsw.Connection, before: str, after: str, encodings: tuple[str, str]
) -> Iterator[Difference]:
    """What the two files say of themselves."""
    for pragma in PRAGMAS[:2]:
        old, new = connection.pragma(pragma, schema=before), connection.pragma(pragma, schema=after)
        if old != new:
            yield _pragma_difference(pragma, old, new)
    if encodings[0] != encodings[1]:
        yield _pragma_difference(PRAGMAS[2], *encodings)


def _pragma_difference(pragma: str, old: object, new: object) -> Difference:
    return Difference("pragma", "", orjson.dumps({"pragma": pragma}).decode(), expected=str(old), found=str(new))


def _compare_columns(old: Table, new: Table, key: str, redeclared: frozenset[str]) -> Iterator[Difference]:
    for column in old.columns:
        now = new.column(column.name)
        told = now.declaration if now else "missing"
        if column.declaration != told and not (now and column.name.lower() in redeclared):
            yield Difference("schema", old.name, key, column=column.name, expected=column.declaration, found=told)
    for column in new.columns:
        declared = old.name.lower() == "turns" and column.name.lower() in FILLED_COLUMNS
        if old.column(column.name) is None and not declared:
            yield Difference("schema", old.name, key, column=column.name, expected="missing", found=column.declaration)
    was, now_order = column_orders(old, new)
    if was != now_order:
        yield Difference("schema", old.name, key, expected=", ".join(was), found=", ".join(now_order))


def column_orders(old: Table, new: Table) -> tuple[list[str], list[str]]:
    """The folded names of the columns that both have, in the order of each."""
    return (
        [fold(column.name) for column in old.columns if new.column(column.name)],
        [fold(column.name) for column in new.columns if old.column(column.name)],
    )


def _is_declared(item: SchemaObject, converted: set[str], tables_after: Mapping[str, Table]) -> bool:
    """Whether the migration may have made an object; where it converted a table, that one and its indexes too."""
    name = item.name.lower()
    if item.kind == "index" and name in DECLARED_INDEXES:
        return True
    table = tables_after.get(fold(item.table))
    if converted and table is not None and is_payload_table(table):
        return True
    return item.kind == "table" and name in DECLARED_TABLES


def _without_columns(text: tuple[str, ...], names: list[str]) -> tuple[str, ...]:
    """A table's definition without the column definitions that were added to it."""
    for name in names:
        at = next((i for i in range(len(text) - 1) if text[i] == "," and name_of(text[i + 1]) == name), None)
        if at is None:
            continue
        depth, end = 0, at + 1
        while end < len(text) and not (depth == 0 and text[end] in {",", ")"}):
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        text = text[:at] + text[end:]
    return text


def _first_change(text: tuple[str, ...], other: tuple[str, ...]) -> str:
    """The words around the first place in which a definition differs from another."""
    at = next((i for i, (left, right) in enumerate(zip(text, other, strict=False)) if left != right), len(other))
    around = text[max(0, at - 3) : at + 12]
    return " ".join(around) or "(nothing)"


def options_of(table: Table) -> str:
    """What stands behind the columns of a definition, in words."""
    words = ["" if table.rowid else "WITHOUT ROWID", "STRICT" if table.is_strict else ""]
    return " ".join(word for word in words if word) or "an ordinary table"


def sql_of(item: SchemaObject) -> str:
    """The whole definition on one line."""
    return " ".join(item.sql.split())
