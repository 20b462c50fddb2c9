"""Turning payload texts of the oldest shapes into normalised turns, through the code that saves turns.

The table of the texts is renamed, never changed. A text that is no turn goes to the quarantine with its reason; nothing
stops the others, and every text is accounted for before the step is called complete.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import apsw

from store.errors import StoreError
from store.migration import failpoints, ledger
from store.migration.connection import batch_transaction, step_transaction
from store.migration.errors import VerificationError
from store.migration.filling.batches import BatchSize
from store.migration.inspection.shapes import LEGACY_TABLE, Recognition
from store.migration.ledger import LEGACY_STEP
from store.migration.payload_texts.converted import Converted, begin_over_turns, save_text
from store.migration.progress import Progress
from store.sqlite.database import quote_identifier
from store.turns.payload import turn_from_text
from store.turns.records import TurnSave, TurnSaveOptions
from store.turns.schema import texts_are_converted
from store.turns.snapshot import PreparedSnapshot, prepare, to_json

DROP_STEP = "drop_legacy"
_KEEP = TurnSaveOptions(on_conflict="keep")  # a turn that is there already keeps what it is attributed to
_READ_BYTES = 4 * 2**20
_QUARANTINE = """
INSERT INTO turntruth_quarantine
  (source_table, source_rowid, conv_id, session_id, turn_id, phase, created_at_ms, payload, reason, quarantined_at_ms)
SELECT ?, rowid, conv_id, {session}, turn_id, phase, created_at_ms, payload, ?, ?
FROM turn_snapshots_legacy WHERE rowid = ?
ON CONFLICT DO NOTHING"""
_RENAME_QUARANTINED = "UPDATE turntruth_quarantine SET source_table = ? WHERE source_table = ?"
_NEITHER_SNAPSHOT_NOR_QUARANTINED = """
SELECT count(*), count(t.turn_id)
FROM turn_snapshots_legacy AS l
LEFT JOIN turns AS t ON t.conv_id = l.conv_id AND t.session_id = l.{session} AND t.turn_id = l.turn_id
WHERE NOT EXISTS (
    SELECT 1 FROM turn_block_membership AS m
    WHERE m.conv_id = l.conv_id AND m.session_id = l.{session} AND m.turn_id = l.turn_id
      AND m.phase = l.phase AND m.snapshot_created_at_ms = l.created_at_ms)
  AND NOT EXISTS (
    SELECT 1 FROM turntruth_quarantine AS q WHERE q.source_table = ? AND q.source_rowid = l.rowid)"""


@dataclass(frozen=True, slots=True)
class _Text:
    """One text, read and prepared before the write lock is taken; `reason` says why it is no turn."""

    rowid: int
    snapshot: PreparedSnapshot | None
    reason: str = ""
    renamed: bool = False
    size_bytes: int = 0


def set_aside(connection: apsw.Connection, recognition: Recognition, migration_id: str) -> None:
    """Give the table of the texts its final name and free the index names; inside the caller's transaction."""
    table = recognition.payload_table
    if table and not ledger.read_step(connection, migration_id, LEGACY_STEP)[0]:
        # Texts that are in quarantine already came from a table of that name which was dropped since.
        connection.execute(_RENAME_QUARANTINED, (f"{LEGACY_TABLE} before {migration_id}", LEGACY_TABLE))
        if table != "turns" and "turns" in recognition.layout.tables:
            done = begin_over_turns(connection, recognition)
            ledger.write_step(connection, migration_id, LEGACY_STEP, "running", done.to_json())
    if table in {"", LEGACY_TABLE}:
        return
    for index in recognition.layout.indexes.values():
        if index.table == table:
            connection.execute(f"DROP INDEX {quote_identifier(index.name)}")
    connection.execute(f"ALTER TABLE {quote_identifier(table)} RENAME TO {LEGACY_TABLE}")
    failpoints.reach("legacy: set aside")


def convert(connection: apsw.Connection, path: str, migration_id: str, progress: Progress) -> None:
    """Convert every text, oldest first, in batches; then prove that none is lost.

    Raises
    ------
    VerificationError
        Texts before are not snapshots after plus quarantined ones.
    """
    state, _ = ledger.read_step(connection, migration_id, LEGACY_STEP)
    if state == "completed":
        return
    session = _session_column(connection)
    total = _put_in_order(connection)
    progress.begin(LEGACY_STEP, total)
    size = BatchSize(rows=50)
    while (before := _done(connection, migration_id).position) < total:
        texts = list(_read(connection, session, before, size.rows))
        with batch_transaction(connection, LEGACY_STEP, size) as rows:
            done = _done(connection, migration_id)
            if done.position != before:
                continue  # another process has converted these
            for text in texts:
                _write(connection, session, text, done)
            ledger.write_step(connection, migration_id, LEGACY_STEP, "running", done.to_json())
            rows.append(len(texts))
        progress.advance(len(texts))
    progress.finish()
    _account(connection, path, migration_id, session, total)


def _session_column(connection: apsw.Connection) -> str:
    columns = {name.lower() for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (LEGACY_TABLE,))}
    return "session_id" if "session_id" in columns else "run_id"


def _put_in_order(connection: apsw.Connection) -> int:
    """Number the texts by time, so that later snapshots of a turn come after earlier ones; how many there are.

    Nobody writes into the renamed table, so the numbers are the same after a restart.
    """
    connection.execute("DROP TABLE IF EXISTS temp.legacy_order")
    connection.execute("CREATE TEMP TABLE legacy_order (position INTEGER PRIMARY KEY, source_rowid INTEGER NOT NULL)")
    connection.execute(
        f"INSERT INTO temp.legacy_order (source_rowid) SELECT rowid FROM {LEGACY_TABLE} ORDER BY created_at_ms, rowid"
    )
    return connection.changes()


def _done(connection: apsw.Connection, migration_id: str) -> Converted:
    return Converted.from_json(ledger.read_step(connection, migration_id, LEGACY_STEP)[1])


def _read(connection: apsw.Connection, session: str, after: int, most: int) -> Iterator[_Text]:
    """Read and prepare the next texts: at most so many, and not many bytes more than a few megabytes."""
    size_bytes = 0
    tables = f"temp.legacy_order AS o CROSS JOIN {LEGACY_TABLE}"
    which = "ON l.rowid = o.source_rowid WHERE o.position > ? AND o.position <= ? ORDER BY o.position"
    for text in read_texts(connection, session, tables, which, (after, after + most)):
        yield text
        size_bytes += text.size_bytes
        if size_bytes > _READ_BYTES:
            return


def read_texts(
    connection: apsw.Connection, session: str, tables: str, which: str, values: tuple[int, ...] = ()
) -> Iterator[_Text]:
    """Read texts one by one; as bytes, for a damaged text cannot be fetched as text."""
    rows = connection.execute(
        f"SELECT l.rowid, CAST(l.conv_id AS BLOB), CAST(l.{session} AS BLOB), CAST(l.turn_id AS BLOB), "
        "CAST(l.phase AS BLOB), CASE typeof(l.created_at_ms) WHEN 'integer' THEN l.created_at_ms END, "
        f"CAST(l.payload AS BLOB) FROM {tables} AS l {which}",
        values,
    )
    for rowid, *key, created_at_ms, payload in rows:
        text = _prepare(rowid, key, created_at_ms, payload)
        yield replace(text, size_bytes=len(payload))


def _prepare(rowid: int, key: list[bytes], created_at_ms: int | None, payload: bytes) -> _Text:
    if created_at_ms is None:
        return _Text(rowid, None, "created_at_ms is no integer.")
    try:
        conv_id, session_id, turn_id, phase = (part.decode("utf-8") for part in key)
        turn = turn_from_text(payload.decode("utf-8"))
        named = replace(turn, id=turn_id)
        prepared = prepare(TurnSave(conv_id, session_id, turn_id, phase, named, created_at_ms, _KEEP))
        to_json("metadata", turn.metadata)
    except UnicodeDecodeError as error:
        return _Text(rowid, None, f"an id or the payload is no UTF-8 (byte {error.start}).")
    except StoreError as error:
        return _Text(rowid, None, str(error))
    # A time that is not positive means "now" to a writer; history has no now.
    return _Text(rowid, replace(prepared, created_at_ms=created_at_ms), renamed=turn.id not in {"", turn_id})


def _write(connection: apsw.Connection, session: str, text: _Text, done: Converted) -> None:
    """Write one text as a snapshot, or put it in quarantine; the columns are filled later, by the backfill."""
    done.position += 1
    reason = text.reason
    if text.snapshot is not None:
        try:
            save_text(connection, text.snapshot, done)
        except StoreError as error:
            reason = str(error)
    if reason:
        values = (LEGACY_TABLE, reason, ledger.now_ms(), text.rowid)
        connection.execute(_QUARANTINE.format(session=session), values)
        done.quarantined += 1
        return
    assert text.snapshot is not None
    done.renamed += text.renamed
    failpoints.reach("legacy: snapshot written")


def _account(connection: apsw.Connection, path: str, migration_id: str, session: str, total: int) -> None:
    """Compare the texts with what is in the tables now, and only then call the step complete."""
    done = _done(connection, migration_id)
    with step_transaction(connection, "legacy accounted"):
        remaining, with_turn = connection.execute(
            _NEITHER_SNAPSHOT_NOR_QUARANTINED.format(session=session), (LEGACY_TABLE,)
        ).get
        quarantined = connection.execute(
            "SELECT count(*) FROM turntruth_quarantine WHERE source_table = ?", (LEGACY_TABLE,)
        ).get
        agrees = (remaining, with_turn, quarantined) == (done.without_blocks, done.without_blocks, done.quarantined)
        if agrees and done.converted + done.without_blocks + done.quarantined == total:
            ledger.write_step(connection, migration_id, LEGACY_STEP, "completed", done.to_json())
            return
        ledger.write_step(connection, migration_id, LEGACY_STEP, "failed", done.to_json())
        _, begun = ledger.read_step(connection, migration_id, ledger.RUN_STEP)
        ledger.write_step(connection, migration_id, ledger.RUN_STEP, "failed", {**begun, "step": LEGACY_STEP})
    raise VerificationError(
        path,
        f"{total} texts = {done.converted} snapshots + {done.without_blocks} without blocks "
        f"+ {done.quarantined} in quarantine",
        f"{remaining} texts that are neither a snapshot nor in quarantine ({with_turn} have a turn)",
    )


def drop(connection: apsw.Connection, migration_id: str) -> None:
    """Drop the table of the texts; only after every one of them was accounted for."""
    with step_transaction(connection, "drop legacy"):
        if texts_are_converted(connection):
            connection.execute(f"DROP TABLE IF EXISTS {LEGACY_TABLE}")
            ledger.write_step(connection, migration_id, DROP_STEP, "completed", {})
