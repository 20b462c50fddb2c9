"""Which objects of a file are of kinds that many programs put beside their tables: search, R*Trees, vectors.

They are recognised by their definitions alone; no module is asked, for it may not be known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from audit.sqlite.tokens import tokens


@dataclass(frozen=True, slots=True)
class Module:
    """A module of virtual tables: what it is for, and how the names of the tables end in which it keeps its rows.

    ``index`` are those that hold nothing but an index over the others, in whatever form; the module alone can tell
    whether such a one is right.
    """

    purpose: str
    shadows: frozenset[str]
    index: frozenset[str] = frozenset()
    numbered: frozenset[str] = frozenset()

    def owns(self, suffix: str) -> bool:
        """Whether a table whose name ends so belongs to the module; numbered ones end with two digits."""
        return suffix in self.shadows or (suffix[-2:].isdigit() and suffix[:-2] in self.numbered)


_FTS34 = Module(
    "full-text search",
    frozenset({"content", "segments", "segdir", "docsize", "stat"}),
    frozenset({"segments", "segdir", "stat"}),
)
_RTREE = Module("R*Tree", frozenset({"node", "rowid", "parent"}))
_SPATIALITE = Module("SpatiaLite", frozenset())
MODULES: Mapping[str, Module] = {
    "fts3": _FTS34,
    "fts4": _FTS34,
    "fts5": Module(
        "full-text search",
        frozenset({"data", "idx", "content", "docsize", "config"}),
        frozenset({"data", "idx"}),
    ),
    "rtree": _RTREE,
    "rtree_i32": _RTREE,
    "geopoly": _RTREE,
    "vec0": Module(
        "vectors",
        frozenset({"chunks", "rowids", "info", "auxiliary"}),
        numbered=frozenset({"vector_chunks", "metadatachunks", "metadatatext"}),
    ),
    "spellfix1": Module("spelling", frozenset({"vocab"})),
    "virtualspatialindex": _SPATIALITE,
    "virtualelementary": _SPATIALITE,
    "virtualknn": _SPATIALITE,
    "virtualknn2": _SPATIALITE,
}
"""Modules of virtual tables that are often found in files."""

COUNTABLE = frozenset({"fts3", "fts4", "fts5", "rtree", "rtree_i32"})
"""Modules that every SQLite library of an audit has."""

_CHANGES_ROWS = {"insert": "into", "replace": "into", "delete": "from", "update": ""}
_CONFLICTS = frozenset({"rollback", "abort", "fail", "ignore", "replace"})


@dataclass(frozen=True, slots=True)
class SchemaRow:
    """One row of ``sqlite_schema``; ``type`` is table, index, view or trigger."""

    type: str
    name: str
    sql: str


def module_of(sql: str) -> str:
    """The module of a virtual table, lower-cased, out of its definition; '' for any other."""
    words = tokens(sql)
    if words[:3] != ("create", "virtual", "table"):
        return ""
    # A name may be any word, but no name is followed by two: the module stands behind the first USING after it.
    at = 6 if words[3:6] == ("if", "not", "exists") else 3
    at += 3 if words[at + 1 : at + 2] == (".",) else 1
    return words[at + 1] if words[at : at + 1] == ("using",) and len(words) > at + 1 else ""


def known_kinds(objects: Iterable[SchemaRow]) -> Iterator[tuple[SchemaRow, str]]:
    """The objects of known kinds, each with its kind in words; others are left out.

    Triggers count that do nothing but feed such a table: they change no row of any other.
    """
    rows = list(objects)
    virtual = _virtual(rows)
    for row in rows:
        if row.type == "table":
            owner = owner_of(row.name, virtual)
            if row.name.lower() in virtual:
                module = virtual[row.name.lower()]
                yield row, f"{MODULES[module].purpose} ({module})"
            elif owner and not module_of(row.sql):
                yield row, f"rows of {owner} ({virtual[owner]})"
        elif row.type == "trigger" and (fed := fed_tables(row.sql)) and fed <= virtual.keys():
            yield row, f"feeds {', '.join(sorted(fed))}"


def _virtual(rows: Iterable[SchemaRow]) -> dict[str, str]:
    """The virtual tables of known modules, lower-cased, with their module."""
    found = {row.name.lower(): module_of(row.sql) for row in rows if row.type == "table"}
    return {name: module for name, module in found.items() if module in MODULES}


def owner_of(name: str, virtual: Mapping[str, str]) -> str:
    """The virtual table that keeps rows in the table of this name, '' if there is none; ``virtual`` maps to modules."""
    lowered = name.lower()
    return next(
        (
            owner
            for owner, module in virtual.items()
            if lowered.startswith(f"{owner}_") and MODULES[module].owns(lowered[len(owner) + 1 :])
        ),
        "",
    )


def index_tables(objects: Iterable[SchemaRow]) -> frozenset[str]:
    """The tables, lower-cased, that hold nothing but the index of a search: its own check says whether it is right.

    The sizes of documents belong to it where the documents lie in another table.
    """
    rows = list(objects)
    virtual = _virtual(rows)
    names = {row.name.lower() for row in rows if row.type == "table"}
    found = set()
    for name in names - virtual.keys():
        owner = owner_of(name, virtual)
        suffix = name[len(owner) + 1 :]
        derived = suffix == "docsize" and f"{owner}_content" not in names
        if owner and (suffix in MODULES[virtual[owner]].index or derived):
            found.add(name)
    return frozenset(found)


def fed_by_triggers(objects: Iterable[SchemaRow]) -> frozenset[str]:
    """The tables, lower-cased, in which search tables keep what triggers feed them: they follow other tables."""
    rows = list(objects)
    virtual = _virtual(rows)
    fed = frozenset().union(*(fed_tables(row.sql) for row in rows if row.type == "trigger"))
    return frozenset(row.name.lower() for row in rows if owner_of(row.name, virtual) in fed)


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
    return re.sub(r"\s+", " ", statement[at]) if len(statement) > at else ""
