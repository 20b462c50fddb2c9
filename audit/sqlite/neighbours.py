"""Which objects of a file are of kinds that many programs put beside their tables: search, R*Trees, vectors.

They are recognised by their definitions alone; no module is asked, for it may not be known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from audit.sqlite.tokens import fold, name_of, tokens
from audit.sqlite.virtual_tables import MODULES, SchemaRow, owner_of, virtual_tables

_CHANGES_ROWS = {"insert": "into", "replace": "into", "delete": "from", "update": ""}
_CONFLICTS = frozenset({"rollback", "abort", "fail", "ignore", "replace"})


def known_kinds(objects: Iterable[SchemaRow]) -> Iterator[tuple[SchemaRow, str]]:
    """The objects of known kinds, each with its kind in words; others are left out.

    Triggers count that do nothing but feed such a table: they change no row of any other.
    """
    rows = list(objects)
    virtual = virtual_tables(rows)
    for row in rows:
        if row.type == "table":
            if table := virtual.get(fold(row.name)):
                yield row, f"{table.purpose} ({table.module})"
            elif owner := owner_of(row, virtual):
                yield row, f"rows of {owner} ({virtual[owner].module})"
        elif row.type == "trigger" and (fed := fed_tables(row.sql)) and fed <= virtual.keys():
            yield row, f"feeds {', '.join(sorted(fed))}"


def index_tables(objects: Iterable[SchemaRow]) -> frozenset[str]:
    """The folded names of tables that hold nothing but the index of a search: its own check says whether it is right.

    The sizes of documents belong to it where the documents lie in another table.
    """
    rows = list(objects)
    virtual = virtual_tables(rows)
    found = set()
    for row in rows:
        if owner := owner_of(row, virtual):
            table, name = virtual[owner], fold(row.name)
            suffix = name[len(owner) + 1 :]
            derived = suffix == "docsize" and table.source is not None
            if suffix in MODULES[table.module].index or derived:
                found.add(name)
    return frozenset(found)


def fed_by_triggers(objects: Iterable[SchemaRow]) -> frozenset[str]:
    """The folded names of tables in which search tables keep what triggers feed them: they follow other tables."""
    rows = list(objects)
    virtual = virtual_tables(rows)
    fed = frozenset().union(*(fed_tables(row.sql) for row in rows if row.type == "trigger"))
    return frozenset(fold(row.name) for row in rows if owner_of(row, virtual) in fed)


def fed_tables(sql: str) -> frozenset[str]:
    """The tables that a trigger changes rows of, lower-cased; none if it does anything else as well."""
    words = tokens(sql)
    if "begin" not in words or "raise" in words:
        return frozenset()
    body = words[words.index("begin") + 1 :]
    found = set()
    for statement in _statements(body):
        target = _target(statement)
        if not target:
            return frozenset()
        found.add(target)
    return frozenset(found)


def _statements(body: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    begin = 0
    for at, word in enumerate(body):
        if word == ";":
            yield body[begin:at]
            begin = at + 1


def _target(statement: tuple[str, ...]) -> str:
    """The table whose rows a statement changes, '' for any other statement."""
    if not statement or statement[0] not in _CHANGES_ROWS:
        return ""
    at = 1
    if statement[1:2] == ("or",) and statement[2:3] and statement[2] in _CONFLICTS:
        at = 3
    between = _CHANGES_ROWS[statement[0]]
    if between:
        if statement[at : at + 1] != (between,):
            return ""
        at += 1
    if statement[at + 1 : at + 2] == (".",):
        at += 2
    return re.sub(r"\s+", " ", name_of(statement[at])) if len(statement) > at else ""
