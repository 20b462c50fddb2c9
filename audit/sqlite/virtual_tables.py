"""Virtual tables of kinds that many programs put into their files, and which ordinary tables each keeps its rows in.

They are recognised by their definitions alone; no module is asked, for it may not be known here. What a module makes
depends on its arguments, and these are read as the module reads them: a table that only sounds like one of a search is
somebody's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from audit.sqlite.tokens import fold, module_arguments, tokens


@dataclass(frozen=True, slots=True)
class SchemaRow:
    """One row of ``sqlite_schema``; ``type`` is table, index, view or trigger."""

    type: str
    name: str
    sql: str


@dataclass(frozen=True, slots=True)
class Module:
    """A module of virtual tables: what it is for, and how the names of the tables end in which it keeps its rows.

    ``index`` are those that hold nothing but an index over the others, in whatever form; the module alone can tell
    whether such a one is right. Of ``numbered`` ones there may be several, ``later`` ones are made when they are first
    needed, with a definition that goes on like this behind the name.
    """

    purpose: str
    shadows: frozenset[str]
    index: frozenset[str] = frozenset()
    numbered: frozenset[str] = frozenset()
    later: Mapping[str, str] = field(default_factory=dict)


_SEGMENTS = frozenset({"segments", "segdir"})
_RTREE = Module("R*Tree", frozenset({"node", "rowid", "parent"}))
_SPATIALITE = Module("SpatiaLite", frozenset())
MODULES: Mapping[str, Module] = {
    "fts3": Module(
        "full-text search",
        frozenset({"content"}) | _SEGMENTS,
        _SEGMENTS | {"stat"},
        later={"stat": "(id INTEGER PRIMARY KEY, value BLOB)"},
    ),
    "fts4": Module(
        "full-text search", frozenset({"content", "docsize", "stat"}) | _SEGMENTS, _SEGMENTS | {"stat"}
    ),
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
}  # fmt: skip
"""Modules of virtual tables that are often found in files."""

SEARCHES = frozenset({"fts3", "fts4", "fts5"})
"""The modules of full-text searches."""

COUNTABLE = SEARCHES | {"rtree", "rtree_i32"}
"""Modules that every SQLite library of an audit has."""

# In the order in which FTS5 tries them: each may be cut short to its first letters.
_FTS5_OPTIONS = ("prefix", "tokenize", "content", "contentless_delete", "contentless_unindexed", "content_rowid",
                 "columnsize", "locale", "detail", "tokendata")  # fmt: skip


@dataclass(frozen=True, slots=True)
class VirtualTable:
    """One virtual table of a known module.

    ``source`` is the folded name of the table from which a search reads its texts: '' where they are kept nowhere, None
    where it keeps them itself. ``shadows`` are the ends of the names of the tables that SQLite made for it.
    """

    module: str
    shadows: frozenset[str]
    source: str | None = None

    @property
    def purpose(self) -> str:
        """What it is for, in words."""
        return MODULES[self.module].purpose

    def owns(self, suffix: str, sql: str) -> bool:
        """Whether the table whose name ends so, and which is defined so, belongs to it."""
        module = MODULES[self.module]
        if suffix in module.later:
            return re.fullmatch(rf"CREATE TABLE '.*'{re.escape(module.later[suffix])}", sql, re.DOTALL) is not None
        return suffix in self.shadows or (
            re.fullmatch("[0-9]{2}", suffix[-2:]) is not None and suffix[:-2] in module.numbered
        )


def module_of(sql: str) -> str:
    """The module of a virtual table, lower-cased, out of its definition; '' for any other."""
    words = tokens(sql)
    if words[:3] != ("create", "virtual", "table"):
        return ""
    # A name may be any word, but no name is followed by two: the module stands behind the first USING after it.
    at = 6 if words[3:6] == ("if", "not", "exists") else 3
    at += 3 if words[at + 1 : at + 2] == (".",) else 1
    return words[at + 1] if words[at : at + 1] == ("using",) and len(words) > at + 1 else ""


def virtual_tables(objects: Iterable[SchemaRow]) -> dict[str, VirtualTable]:
    """The virtual tables of known modules by folded name."""
    found = {fold(row.name): (module_of(row.sql), row.sql) for row in objects if row.type == "table"}
    return {name: _read(module, sql) for name, (module, sql) in found.items() if module in MODULES}


def owner_of(row: SchemaRow, virtual: Mapping[str, VirtualTable]) -> str:
    """The folded name of the virtual table that keeps rows in this ordinary one, '' if there is none."""
    if row.type != "table" or module_of(row.sql):
        return ""
    name = fold(row.name)
    # What stands behind an underscore may have underscores itself; names that no module gives end the search.
    owners = (name[:at] for at, letter in enumerate(name) if letter == "_")
    return next(
        (owner for owner in owners if owner in virtual and virtual[owner].owns(name[len(owner) + 1 :], row.sql)), ""
    )


def _read(module: str, sql: str) -> VirtualTable:
    shadows, arguments = MODULES[module].shadows, module_arguments(sql)
    if module == "fts4":
        return _fts4(shadows, arguments)
    if module == "fts5":
        return _fts5(shadows, arguments)
    # To FTS3, what looks like an option is one more column.
    return VirtualTable(module, shadows)


def _fts4(shadows: frozenset[str], arguments: Sequence[str]) -> VirtualTable:
    """An option is what has a sign of equality; the last of its name counts, and blanks are part of it."""
    options = {}
    for argument in arguments:
        name, sign, value = argument.partition("=")
        if sign:
            options[fold(name)] = fold(_unquoted(value))
    source = options.get("content")
    missing = {"docsize"} if "matchinfo" in options else set()  # it has no other value than fts3
    return VirtualTable("fts4", shadows - missing - (set() if source is None else {"content"}), source)


def _fts5(shadows: frozenset[str], arguments: Sequence[str]) -> VirtualTable:
    options = dict(_fts5_options(arguments))
    source = options.get("content")
    missing = {"docsize"} if options.get("columnsize") == "0" else set()
    keeps_unindexed = options.get("contentless_unindexed") == "1" and any(
        "=" not in words and "unindexed" in words[1:] for words in map(tokens, arguments)
    )
    if source is not None and not (source == "" and keeps_unindexed):
        missing.add("content")
    return VirtualTable("fts5", shadows - missing, source)


def _fts5_options(arguments: Iterable[str]) -> Iterator[tuple[str, str]]:
    for argument in arguments:
        name, sign, value = argument.partition("=")
        name = fold(name.strip())
        called = next((option for option in _FTS5_OPTIONS if name and option.startswith(name)), "")
        if sign and called:
            yield called, fold(_unquoted(value.strip()))


def _unquoted(text: str) -> str:
    """What stands between quotes of any kind, of which the closing one is doubled inside; other texts as they are."""
    if text[:1] not in ("'", '"', "`", "["):
        return text
    closing = "]" if text[0] == "[" else text[0]
    end = re.escape(closing)
    match = re.match(rf"((?:[^{end}]|{end}{end})*)", text[1:])
    return match[1].replace(closing * 2, closing) if match else ""
