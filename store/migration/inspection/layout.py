"""The tables and indexes a database really has, and those it shall have, as values that can be compared.

Declarations are compared by what SQLite understood of them (`PRAGMA table_xinfo`, `index_xinfo`), not by their text:
`ALTER TABLE` and other programs write the same column in other words.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache

import apsw

from store.sqlite.database import quote_identifier
from store.turns.schema import turn_schema_sql

_GENERATED = (2, 3)  # table_xinfo.hidden of virtual and stored generated columns


def plain_value(default: str | None) -> str | None:
    """A default that is one text, with the quotes that texts have and without brackets around it; others as they are.

    SQLite takes a name where a default stands for a text, so ``DEFAULT ""`` is the empty one.
    """
    if default is None:
        return None
    bare = default.strip(" ()")
    if len(bare) > 1 and bare[0] == bare[-1] == '"':
        return "'" + bare[1:-1].replace('""', '"').replace("'", "''") + "'"
    return bare


@dataclass(frozen=True, slots=True)
class Column:
    """One column as declared; `default` is SQL text (``''`` is the two quotes) or None, `key` its place in the key."""

    name: str
    type: str
    not_null: bool
    default: str | None
    key: int
    generated: bool = False

    @property
    def declaration(self) -> str:
        """The column as it stands behind ADD COLUMN."""
        return f"{quote_identifier(self.name)} {self.meaning}"

    @property
    def meaning(self) -> str:
        """Type, NOT NULL and default, as a declaration says them behind the name."""
        words = [self.type] if self.type else []
        words += ["NOT NULL"] if self.not_null else []
        words += [f"DEFAULT {self.default}"] if self.default is not None else []
        return " ".join(words)

    @property
    def affinity(self) -> str:
        """What SQLite makes of the declared type (https://www.sqlite.org/datatype3.html, section 3.1)."""
        if "INT" in self.type:
            return "INTEGER"
        if any(word in self.type for word in ("CHAR", "CLOB", "TEXT")):
            return "TEXT"
        if not self.type or "BLOB" in self.type:
            return "BLOB"
        return "REAL" if any(word in self.type for word in ("REAL", "FLOA", "DOUB")) else "NUMERIC"

    def means(self, wanted: Column) -> bool:
        """Whether SQLite stores and fills the column as it would the wanted one, in whatever words it is declared.

        A default that is no plain value is never taken for one, whatever it comes to.
        """
        if self.generated or (self.affinity, self.not_null) != (wanted.affinity, wanted.not_null):
            return False
        defaults = {plain_value(wanted.default)} | ({"0"} if wanted.is_added_time else set())
        return plain_value(self.default) in defaults

    @property
    def is_added_time(self) -> bool:
        """Whether it is a time of a turn, which is given the default 0 when it is added to a table with rows."""
        return self.name in {"turn_created_at_ms", "updated_at_ms"}


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its columns in stored order, whether its rows have a rowid, and which tables its foreign keys name."""

    name: str
    columns: tuple[Column, ...]
    has_rowid: bool
    parents: frozenset[str]
    is_virtual: bool = False
    sql: str = field(default="", compare=False, repr=False)

    @property
    def names(self) -> frozenset[str]:
        """The columns' names."""
        return frozenset(column.name for column in self.columns)

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The key's columns in key order."""
        return tuple(column.name for column in sorted(self.columns, key=lambda c: c.key) if column.key)

    def column(self, name: str) -> Column | None:
        """The column of that name, if there is one."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True)
class Index:
    """One named index: its table, its columns with their direction, and the statement that made it."""

    name: str
    table: str
    columns: tuple[tuple[str, bool], ...]
    unique: bool
    partial: bool
    sql: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Layout:
    """All tables and indexes of the main database by lower-cased name, and the names that are views."""

    tables: dict[str, Table]
    indexes: dict[str, Index]
    views: frozenset[str]


def read_layout(connection: apsw.Connection) -> Layout:
    """Read the schema of the main database; reads no rows of the user's tables."""
    tables: dict[str, Table] = {}
    indexes: dict[str, Index] = {}
    views: set[str] = set()
    objects = list(connection.execute("SELECT type, name, coalesce(sql, ''), rootpage FROM main.sqlite_schema"))
    for kind, name, sql, rootpage in objects:
        key = name.lower()
        if kind == "view":
            views.add(key)
        elif kind == "table" and not key.startswith("sqlite_"):
            # To ask a virtual table for its columns runs its module, which may not be known here.
            virtual = Table(key, (), has_rowid=False, parents=frozenset(), is_virtual=True)
            tables[key] = _read_table(connection, name, sql) if rootpage else virtual
        elif kind == "index" and sql:
            indexes[key] = _read_index(connection, name, sql)
    return Layout(tables, indexes, frozenset(views))


def _read_table(connection: apsw.Connection, name: str, sql: str) -> Table:
    columns = tuple(
        Column(str(column).lower(), str(kind).upper(), bool(not_null), default, key, hidden in _GENERATED)
        for column, kind, not_null, default, key, hidden in connection.execute(
            'SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?) ORDER BY cid', (name,)
        )
    )
    # What has the index of its primary key under its own name is a table without rowid. SQLite's own list of tables is
    # not asked for that: making it expands every view of the file, which may never end.
    without_rowid = connection.execute("SELECT EXISTS (SELECT 1 FROM pragma_index_info(?, 'main'))", (name,)).get
    parents = frozenset(
        str(parent).lower()
        for (parent,) in connection.execute('SELECT "table" FROM pragma_foreign_key_list(?)', (name,))
    )
    return Table(name.lower(), columns, not without_rowid, parents, sql=sql)


def _read_index(connection: apsw.Connection, name: str, sql: str) -> Index:
    table = connection.execute("SELECT tbl_name FROM main.sqlite_schema WHERE name = ?", (name,)).get
    unique, partial = connection.execute(
        'SELECT "unique", partial FROM pragma_index_list(?) WHERE name = ?', (table, name)
    ).get
    columns = tuple(
        (str(column).lower(), bool(descending))
        for column, descending in connection.execute(
            'SELECT name, "desc" FROM pragma_index_xinfo(?) WHERE key ORDER BY seqno', (name,)
        )
    )
    return Index(name.lower(), str(table).lower(), columns, bool(unique), bool(partial), sql)


@cache
def target_layout() -> Layout:
    """The layout every migrated file has; read from the schema file that new databases are made with."""
    connection = apsw.Connection(":memory:")
    try:
        connection.execute(turn_schema_sql())
        return read_layout(connection)
    finally:
        connection.close()


def missing_columns(table: Table) -> tuple[Column, ...]:
    """The target's columns that `table` lacks, declared so that ADD COLUMN accepts them."""
    wanted = target_layout().tables[table.name].columns
    return tuple(addable(column) for column in wanted if column.name not in table.names)


def addable(column: Column) -> Column:
    """A NOT NULL column can be added to a table with rows only with a default: 0 is the sentinel for times."""
    if column.default is not None or not column.not_null:
        return column
    sentinel = "0" if column.type == "INTEGER" else "''"
    return replace(column, default=sentinel)


def missing_indexes(layout: Layout) -> tuple[Index, ...]:
    """The target's indexes that are absent, or exist under their name with another definition."""
    return tuple(index for name, index in target_layout().indexes.items() if layout.indexes.get(name) != index)


def clashing_indexes(layout: Layout) -> tuple[Index, ...]:
    """Indexes that hold a name of the target with another definition; they must go before ours can be made."""
    wanted = target_layout().indexes
    return tuple(index for name, index in layout.indexes.items() if name in wanted and wanted[name] != index)
