"""The tables of one attached file, as far as a comparison of rows needs to know them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import apsw

from audit.comparison.files.texts import codec_of, decode, is_text, shown
from audit.sqlite.tokens import fold, tokens

_ROWID_NAMES = ("rowid", "_rowid_", "oid")
_GENERATED = (2, 3)  # table_xinfo.hidden of virtual and stored generated columns
TYPED_AFFINITIES = frozenset({"INTEGER", "TEXT", "REAL", "NUMERIC"})


def quote_identifier(name: str) -> str:
    """A name as a double-quoted SQLite identifier."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class Column:
    """One column as declared; ``default`` is the text of the default expression, None where there is none.

    ``key_position`` counts from 1 inside the primary key, 0 means outside.
    """

    name: str
    declared_type: str
    not_null: bool
    default: str | None
    key_position: int
    is_generated: bool

    @property
    def affinity(self) -> str:
        """Which conversion SQLite applies to what is stored (https://www.sqlite.org/datatype3.html, section 3.1)."""
        declared = self.declared_type.upper()
        if "INT" in declared:
            return "INTEGER"
        if any(word in declared for word in ("CHAR", "CLOB", "TEXT")):
            return "TEXT"
        if not declared or "BLOB" in declared:
            return "BLOB"
        return "REAL" if any(word in declared for word in ("REAL", "FLOA", "DOUB")) else "NUMERIC"

    @property
    def declaration(self) -> str:
        """Type, NOT NULL, default and place in the primary key, in one line."""
        words = [self.declared_type or "(no type)"]
        words += ["NOT NULL"] if self.not_null else []
        words += [f"DEFAULT {self.default}"] if self.default is not None else []
        words += [f"PRIMARY KEY {self.key_position}"] if self.key_position else []
        words += ["GENERATED"] if self.is_generated else []
        return " ".join(words)


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the attached database ``database``.

    ``keys`` holds the declared unique keys, the primary key first. ``rowid`` is a name under which the row number can
    be read, ``''`` where there is none.
    """

    database: str
    name: str
    columns: tuple[Column, ...]
    keys: tuple[tuple[str, ...], ...]
    rowid: str
    is_strict: bool
    collations: frozenset[str] = frozenset()
    """The collations of its indexes, in upper case."""
    stored_as: str = ""
    """The name of the table that holds its rows, where that is another one."""
    distinct: tuple[frozenset[tuple[str, str]], ...] = ()
    """What no two of its rows have alike, as often as it is declared: folded columns with the folded collations under
    which they are compared, '' where none of them matters."""

    @property
    def source(self) -> str:
        """The table as it is written after FROM."""
        return f"{quote_identifier(self.database)}.{quote_identifier(self.stored_as or self.name)}"

    def column(self, name: str) -> Column | None:
        """The column of that name; SQLite compares names without regard to ASCII case."""
        wanted = fold(name)
        return next((column for column in self.columns if fold(column.name) == wanted), None)

    @property
    def stored_columns(self) -> tuple[Column, ...]:
        """The columns whose values lie in the file."""
        return tuple(column for column in self.columns if not column.is_generated)


def affinity_of(table: Table, column: Column) -> str:
    """What a column of this table converts: ANY is a number to most tables, and whatever it is to a STRICT one."""
    return "BLOB" if table.is_strict and fold(column.declared_type) == "any" else column.affinity


def is_row_number(connection: apsw.Connection, source: str, key: Sequence[str]) -> bool:
    """Whether a key of a table, as it is written after FROM, is its row number, of which no two rows have the same."""
    if len(key) != 1:
        return False
    plan = connection.execute(f"EXPLAIN QUERY PLAN SELECT 1 FROM {source} AS t WHERE t.{quote_identifier(key[0])} = 1")
    return any(step[3] == "SEARCH t USING INTEGER PRIMARY KEY (rowid=?)" for step in plan)


def tells_apart(connection: apsw.Connection, table: Table, key: Sequence[str]) -> bool:
    """Whether no two rows of a table have the same key: a declared one may hold NULL more than once."""
    if is_row_number(connection, table.source, key):
        return True
    columns = ", ".join(map(quote_identifier, key))
    sql = f"SELECT 1 FROM {table.source} GROUP BY {columns} HAVING count(*) > 1 LIMIT 1"
    return not connection.execute(sql).fetchall()


def is_own(name: str) -> bool:
    """Whether an object belongs to SQLite or to this project, so that the proof leaves it alone."""
    return name.lower().startswith(("sqlite_", "turntruth_"))


def belongs_to_sqlite(name: str) -> bool:
    """Whether SQLite keeps the object for itself; nobody else may use such names."""
    return fold(name).startswith("sqlite_")


def read_tables(
    connection: apsw.Connection, database: str, left_out: Callable[[str], bool] = is_own
) -> dict[str, Table]:
    """All ordinary tables of an attached database by folded name; views and virtual tables are left out.

    ``left_out`` tells of a name whether its table is left out as well.
    """
    return {fold(table.name): table for table in _all_tables(connection, database, left_out) if is_text(*_names(table))}


def nameless_tables(
    connection: apsw.Connection, database: str, left_out: Callable[[str], bool] = is_own
) -> dict[str, str]:
    """The tables of which a name, or that of a column, is no text: no SQL can ask for their rows. Each with the reason.

    They are among no others. Programs that write in Latin-1 make them.
    """
    encoding = str(connection.pragma("encoding"))
    return {
        shown(table.name): f"its name, or that of a column, is no text in {encoding}, so its rows cannot be asked for"
        for table in _all_tables(connection, database, left_out)
        if not is_text(*_names(table))
    }


def _all_tables(connection: apsw.Connection, database: str, left_out: Callable[[str], bool]) -> Iterator[Table]:
    # SQLite's own list of tables is not asked for: making it expands every view of the file, which may never end.
    schema = f"{quote_identifier(database)}.sqlite_schema"
    sql = f"""SELECT CAST(name AS BLOB), CAST(coalesce(sql, '') AS BLOB) FROM {schema}
        WHERE type = 'table' AND rootpage ORDER BY name"""
    codec = codec_of(connection)
    for name, definition in connection.execute(sql).fetchall():
        if not left_out(decode(name, codec)):
            yield _read_table(connection, database, name, strict=_is_strict(decode(definition, codec)))


def _names(table: Table) -> tuple[str, ...]:
    return (table.name, *(column.name for column in table.columns))


def _is_strict(sql: str) -> bool:
    """Whether STRICT stands behind the columns of a definition."""
    return (
        "strict" in sql.lower() and "strict" in "".join(f" {word} " for word in tokens(sql)).rpartition(")")[2].split()
    )


def _read_table(connection: apsw.Connection, database: str, name: apsw.SQLiteValue, *, strict: bool) -> Table:
    sql = """
        SELECT CAST(name AS BLOB), CAST(type AS BLOB), "notnull", CAST(dflt_value AS BLOB), pk, hidden
        FROM pragma_table_xinfo(CAST(? AS TEXT), ?) ORDER BY cid"""
    codec = codec_of(connection)
    columns = tuple(
        Column(
            decode(column, codec),
            decode(kind, codec),
            bool(not_null),
            None if default is None else decode(default, codec),
            int(str(pk)),
            hidden in _GENERATED,
        )
        for column, kind, not_null, default, pk, hidden in connection.execute(sql, (name, database))
    )
    # What has the index of its primary key under its own name is a table without rowid.
    index = "SELECT 1 FROM pragma_index_info(CAST(? AS TEXT), ?)"
    without_rowid = connection.execute(index, (name, database)).fetchone() is not None
    taken = {column.name.lower() for column in columns}
    rowid = "" if without_rowid else next((alias for alias in _ROWID_NAMES if alias not in taken), "")
    keys = tuple(_keys(connection, database, name, columns))
    collations = _collations(connection, database, name)
    distinct = tuple(_distinct(connection, database, name, columns))
    return Table(database, decode(name, codec), columns, keys, rowid, strict, collations, distinct=distinct)


def _keys(
    connection: apsw.Connection, database: str, name: apsw.SQLiteValue, columns: tuple[Column, ...]
) -> Iterator[tuple[str, ...]]:
    """The primary key, then every unique index over plain columns of all rows."""
    primary = sorted((column for column in columns if column.key_position), key=lambda column: column.key_position)
    if primary:
        yield tuple(column.name for column in primary)
    sql = """
        SELECT CAST(name AS BLOB) FROM pragma_index_list(CAST(? AS TEXT), ?)
        WHERE "unique" AND NOT partial AND origin <> 'pk' ORDER BY name"""
    for (index,) in connection.execute(sql, (name, database)).fetchall():
        members = "SELECT cid FROM pragma_index_info(CAST(? AS TEXT), ?) ORDER BY seqno"
        places = [int(str(cid)) for (cid,) in connection.execute(members, (index, database))]
        if min(places) >= 0:
            yield tuple(columns[at].name for at in places)


def _distinct(
    connection: apsw.Connection, database: str, name: apsw.SQLiteValue, columns: tuple[Column, ...]
) -> Iterator[frozenset[tuple[str, str]]]:
    sql = """
        SELECT CAST(name AS BLOB), origin FROM pragma_index_list(CAST(? AS TEXT), ?)
        WHERE "unique" AND NOT partial ORDER BY name"""
    indexes = connection.execute(sql, (name, database)).fetchall()
    for index, _ in indexes:
        members = 'SELECT cid, CAST(coll AS BLOB) FROM pragma_index_xinfo(CAST(? AS TEXT), ?) WHERE "key"'
        found = connection.execute(members, (index, database)).fetchall()
        places = [(int(str(cid)), fold(decode(collation, codec_of(connection)))) for cid, collation in found]
        if all(at >= 0 for at, _ in places):
            yield frozenset((fold(columns[at].name), collation) for at, collation in places)
    key = [column for column in columns if column.key_position]
    if key and not any(origin == "pk" for _, origin in indexes):
        # It is the row number, which is a whole number: those are alike or not under any collation.
        yield frozenset((fold(column.name), "") for column in key)


def _collations(connection: apsw.Connection, database: str, name: apsw.SQLiteValue) -> frozenset[str]:
    sql = """
        SELECT DISTINCT CAST(upper(x.coll) AS BLOB)
        FROM pragma_index_list(CAST(? AS TEXT), ?) AS i JOIN pragma_index_xinfo(i.name, ?) AS x
        WHERE x.coll IS NOT NULL"""
    rows = connection.execute(sql, (name, database, database))
    return frozenset(decode(collation, codec_of(connection)) for (collation,) in rows.fetchall())
