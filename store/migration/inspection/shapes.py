"""Which of the shapes a turn database has had in its life a file is in; looked up before the first write."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import apsw

from store.migration.inspection.encoding import to_utf8
from store.migration.inspection.layout import (
    Column,
    Index,
    Layout,
    Table,
    clashing_indexes,
    missing_columns,
    missing_indexes,
    read_layout,
    target_layout,
)
from store.migration.inspection.neighbours import what_is_unknown
from store.migration.ledger import last_run_state
from store.migration.rebuild.redeclaration import Redeclaration, find_redeclarations
from store.sqlite.database import quote_identifier
from store.turns.attributed_column import COLUMN_NAMES
from store.turns.schema import texts_are_converted


class Shape(enum.StrEnum):
    """The name of a shape, as the command line, the ledger and the messages say it."""

    LEGACY_RUN = "legacy_run"
    """Payload texts in `turns`, keyed by run_id."""
    LEGACY_SESSION = "legacy_session"
    """Payload texts in `turns`, keyed by session_id."""
    LEGACY_REOPENED = "legacy_reopened"
    """Payload texts in `turns`, to which a newer program has added its columns and indexes; it cannot save there."""
    LEGACY_INTERIM = "legacy_interim"
    """Payload texts in `turn_snapshots` beside the normalised tables."""
    LEGACY_STUCK = "legacy_stuck"
    """Payload texts in `turn_snapshots_legacy`: a conversion by another program that stopped half way."""
    WITHOUT_UPDATED = "without_updated_at"
    """Normalised, from before `updated_at_ms`."""
    BEFORE_RUNTIME = "before_runtime"
    """Normalised, from before the attributed columns."""
    HALF_MIGRATED = "half_migrated"
    """A migration, ours or another program's, stopped between its steps."""
    MIGRATED = "migrated"
    """The target shape, reached by a migration."""
    NATIVE = "native"
    """The target shape, written so from the start."""
    DRIFTED = "drifted"
    """The target shape, but an older program wrote into it: columns and metadata of some rows name different values."""
    DECLARED_OTHERWISE = "declared_otherwise"
    """Normalised, but another hand has declared columns otherwise than any version does: they must be rebuilt."""
    UNKNOWN = "unknown"
    """None of these; refused."""


LEGACY_SHAPES = frozenset(
    {Shape.LEGACY_RUN, Shape.LEGACY_SESSION, Shape.LEGACY_REOPENED, Shape.LEGACY_INTERIM, Shape.LEGACY_STUCK}
)
LEGACY_TABLE = "turn_snapshots_legacy"
PAYLOAD_TABLES = ("turns", "turn_snapshots", LEGACY_TABLE)
_PAYLOAD_COLUMNS = frozenset({"conv_id", "turn_id", "phase", "created_at_ms", "payload"})
_ADDABLE = frozenset({"turn_metadata_json", "turn_data_json", "updated_at_ms", *COLUMN_NAMES})


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a file is, and what separates it from the target; `reason` and `remedy` are filled for unknown shapes.

    `payload_table` is the table that still holds texts to convert, `session_column` its column that names the session.
    """

    shape: Shape
    layout: Layout
    reason: str = ""
    remedy: str = ""
    payload_table: str = ""
    session_column: str = "session_id"
    columns: tuple[Column, ...] = ()
    indexes: tuple[Index, ...] = ()
    clashing: tuple[Index, ...] = ()
    tables: tuple[str, ...] = ()
    redeclared: tuple[Redeclaration, ...] = ()
    """Columns that only a rebuild of their table can declare as they must be."""
    detached_membership: bool = False
    """The membership table's foreign key names the legacy table (it was renamed under it); no row refers to it."""

    @property
    def complete(self) -> bool:
        """Nothing of the schema is missing and no text waits for conversion."""
        return not (self.columns or self.indexes or self.tables or self.payload_table or self.redeclared)


def recognise(connection: apsw.Connection) -> Recognition:
    """Recognise the shape by tables, columns, keys and the ledger; looks at no turn, so it takes no time.

    Everything is read in one transaction, the caller's if there is one: another process may be migrating the file.
    """
    if connection.in_transaction:
        return _recognise(connection)
    connection.execute("BEGIN")
    try:
        return _recognise(connection)
    finally:
        connection.execute("ROLLBACK")


def _recognise(connection: apsw.Connection) -> Recognition:
    layout = read_layout(connection)
    encoding = connection.pragma("encoding")
    if encoding != "UTF-8":
        problem = f"its text encoding is {encoding}, which no version of the store has written"
        return _unknown(layout, problem, to_utf8(connection.filename))
    return _unknown_to_sqlite(connection, layout) or _recognise_tables(connection, layout)


def _recognise_tables(connection: apsw.Connection, layout: Layout) -> Recognition:
    payload_tables = [name for name in PAYLOAD_TABLES if _holds_payloads(layout.tables.get(name))]
    if LEGACY_TABLE in payload_tables and texts_are_converted(connection):
        payload_tables.remove(LEGACY_TABLE)
    if len(payload_tables) > 1:
        return _unknown(
            layout,
            f"there are payload texts in {' and in '.join(payload_tables)}",
            "Find out which of the two is the history, rename the other one, and migrate again",
        )
    if LEGACY_TABLE in layout.tables and payload_tables not in ([], [LEGACY_TABLE]):
        return _unknown(layout, f"there is a table {LEGACY_TABLE} already", "Rename it, and migrate again")
    if any(not layout.tables[name].has_rowid for name in payload_tables):
        return _unknown(layout, f"{payload_tables[0]} is a table without rowid")
    if payload_tables == ["turns"]:
        return _recognise_legacy(layout)
    return _recognise_normalised(connection, layout, payload_tables[0] if payload_tables else "")


def _unknown_to_sqlite(connection: apsw.Connection, layout: Layout) -> Recognition | None:
    """Refuse a file in which a table of ours has a column or index that cannot be kept up here."""
    for name in (*target_layout().tables, *PAYLOAD_TABLES):
        table = layout.tables.get(name)
        if table and not table.is_virtual and (needed := what_is_unknown(connection, name)):
            return _unknown(
                layout,
                f"{name} needs {needed}, which SQLite here does not know",
                "Drop the index or column that uses it, migrate, and make it again",
            )
    return None


def _unknown(
    layout: Layout, reason: str, remedy: str = "Give a turn database, or restore it from a backup"
) -> Recognition:
    return Recognition(Shape.UNKNOWN, layout, reason, remedy)


def _holds_payloads(table: Table | None) -> bool:
    return table is not None and table.names >= _PAYLOAD_COLUMNS and bool(table.names & {"session_id", "run_id"})


def _recognise_legacy(layout: Layout) -> Recognition:
    """`turns` itself holds the payload texts; the normalised tables are made anew under its name."""
    table = layout.tables["turns"]
    session_column = "session_id" if "session_id" in table.names else "run_id"
    if table.names & (_ADDABLE | {"turn_created_at_ms"}):
        shape = Shape.LEGACY_REOPENED
    else:
        shape = Shape.LEGACY_SESSION if session_column == "session_id" else Shape.LEGACY_RUN
    fault = _other_tables_fault(layout)
    if fault:
        return _unknown(layout, fault)
    return Recognition(
        shape,
        layout,
        payload_table="turns",
        session_column=session_column,
        tables=tuple(name for name in target_layout().tables if name == "turns" or name not in layout.tables),
        indexes=tuple(target_layout().indexes.values()),
        redeclared=find_redeclarations(layout, tuple(name for name in target_layout().tables if name != "turns")),
    )


def _recognise_normalised(connection: apsw.Connection, layout: Layout, payload_table: str) -> Recognition:
    table = layout.tables.get("turns")
    if table is None and not payload_table:
        return _unknown(layout, _no_turns_reason(layout))
    fault = (_turns_fault(table) if table else "") or _other_tables_fault(layout)
    detached = _is_detached(connection, layout)
    if not fault and detached is None:
        fault = "turn_block_membership refers to another table than turns, and has rows"
    if fault:
        return _unknown(layout, fault)
    columns = missing_columns(table) if table else ()
    indexes = missing_indexes(layout)
    kept = (name for name in target_layout().tables if not (detached and name == "turn_block_membership"))
    redeclared = find_redeclarations(layout, tuple(kept))
    shape = _normalised_shape(connection, layout, payload_table, columns, indexes)
    return Recognition(
        Shape.DECLARED_OTHERWISE if redeclared and not payload_table else shape,
        layout,
        payload_table=payload_table,
        session_column=_session_column(layout, payload_table),
        columns=columns,
        indexes=indexes,
        clashing=clashing_indexes(layout),
        tables=tuple(name for name in target_layout().tables if name not in layout.tables),
        redeclared=redeclared,
        detached_membership=bool(detached),
    )


def _session_column(layout: Layout, payload_table: str) -> str:
    names = layout.tables[payload_table].names if payload_table else frozenset({"session_id"})
    return "session_id" if "session_id" in names else "run_id"


def _normalised_shape(
    connection: apsw.Connection,
    layout: Layout,
    payload_table: str,
    columns: tuple[Column, ...],
    indexes: tuple[Index, ...],
) -> Shape:
    state = last_run_state(connection)
    if state in {"running", "failed"}:
        return Shape.HALF_MIGRATED
    if payload_table:
        return Shape.LEGACY_STUCK if payload_table == LEGACY_TABLE else Shape.LEGACY_INTERIM
    names = {column.name for column in columns}
    if "updated_at_ms" in names or "turn_metadata_json" in names:
        return Shape.WITHOUT_UPDATED
    if names.issuperset(COLUMN_NAMES):
        return Shape.BEFORE_RUNTIME
    if names or (indexes and not state):
        return Shape.HALF_MIGRATED
    order = [column.name for column in layout.tables["turns"].columns]
    added_later = order.index(COLUMN_NAMES[0]) > order.index("updated_at_ms")
    return Shape.MIGRATED if state or added_later else Shape.NATIVE


def _turns_fault(table: Table) -> str:
    """Why `turns` is no normalised table of any version; '' if it is one."""
    target = target_layout().tables["turns"]
    if table.is_virtual:
        return "turns is a virtual table"
    if not table.has_rowid:
        return "turns is a table without rowid"
    absent = [column.name for column in target.columns if column.name not in table.names | _ADDABLE]
    if absent:
        return f"turns lacks the column {', '.join(absent)}"
    if table.primary_key != target.primary_key:
        return f"the primary key of turns is ({', '.join(table.primary_key)})"
    return ""


def _other_tables_fault(layout: Layout) -> str:
    for name, target in target_layout().tables.items():
        if name in layout.views:
            return f"{name} is a view"
        table = layout.tables.get(name)
        if name == "turns" or table is None:
            continue
        absent = sorted(target.names - table.names)
        if absent:
            return f"{name} lacks the column {', '.join(absent)}"
        if table.primary_key != target.primary_key:
            return f"the primary key of {name} is ({', '.join(table.primary_key)})"
    return ""


def _is_detached(connection: apsw.Connection, layout: Layout) -> bool | None:
    """Whether the membership table must be made anew; None if that cannot be done because it has rows."""
    table = layout.tables.get("turn_block_membership")
    if table is None or table.parents == target_layout().tables["turn_block_membership"].parents:
        return False
    rows = connection.execute(f"SELECT 1 FROM {quote_identifier(table.name)} LIMIT 1").fetchone()
    return True if rows is None else None


def _no_turns_reason(layout: Layout) -> str:
    if "timeline_conversations" in layout.tables:
        return "it holds conversations, not turns (the turn store is another file)"
    names = sorted(layout.tables)
    return f"it has no table turns (tables: {', '.join(names[:8])})" if names else "it has no tables at all"
