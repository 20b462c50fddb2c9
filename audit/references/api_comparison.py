"""The debug API beside the file: what it answers becomes tables of the warehouse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import orjson

from audit.references.api_reading import ApiError, ApiReader
from audit.results.records import InputFile
from audit.staging.warehouse import Warehouse, quote_literal

ROLE = "api"
FETCH_ROWS = 500
LINE_BYTES = 1 << 20
SNAPSHOTS = {
    "asked_conv_id": "VARCHAR",
    "conv_id": "VARCHAR",
    "session_id": "VARCHAR",
    "turn_id": "VARCHAR",
    "phase": "VARCHAR",
    "snapshot_ms": "BIGINT",
    "runtime_key": "VARCHAR",
    "inference_id": "VARCHAR",
    "damaged": "BOOLEAN",
}
CONVERSATIONS = {
    "conv_id": "VARCHAR",
    "session_id": "VARCHAR",
    "current_runtime_key": "VARCHAR",
    "source": "VARCHAR",
    "last_activity_ms": "BIGINT",
    "running": "BOOLEAN",
}
TABLES = {"api_snapshots": SNAPSHOTS, "api_conversations": CONVERSATIONS}


def stage_api(
    warehouse: Warehouse, url: str, token: str, progress: Callable[[str], None]
) -> tuple[InputFile, dict[str, str]]:
    """Ask for every conversation of the file, and every one that the API knows, and stage the answers.

    Call it when the files have been staged and let go of: what is answered is then never older than what was read.

    Returns
    -------
    tuple
        What was read, for the list of inputs; and table to reason where it could not be read to its end.
    """
    progress(f"asking {url}")
    folder = warehouse.folder / "api"
    folder.mkdir(exist_ok=True)
    unusable: dict[str, str] = {}
    try:
        with ApiReader(url, token) as reader:
            reader.probe()
            _read_conversations(reader, warehouse, folder, unusable)
            _read_snapshots(reader, warehouse, folder)
    except ApiError as error:
        unusable |= dict.fromkeys(TABLES.keys() - unusable.keys(), str(error))
    connection = warehouse.connection
    for table in TABLES.keys() - unusable.keys():
        _load(connection, table, folder / f"{table}.ndjson")
    # Writers may have gone on since the files were read; the checks excuse what only that explains.
    moved = not all(access.unchanged() for access in warehouse.accesses.values())
    connection.execute("INSERT INTO api_facts VALUES ($1)", [moved])
    counted = connection.execute("SELECT count(*) FROM api_snapshots").fetchone()
    return InputFile(ROLE, url, 0, "", {"snapshots": int(counted[0]) if counted else 0}), unusable


def _read_conversations(reader: ApiReader, warehouse: Warehouse, folder: Path, unusable: dict[str, str]) -> None:
    """All conversations that the API knows; a server without them can still be asked for turns."""
    table = "api_conversations"
    with (folder / f"{table}.ndjson").open("wb") as output, (folder / "known.ndjson").open("wb") as known:
        try:
            for conv_id in reader.write_conversations(output):
                known.write(orjson.dumps({"conv_id": conv_id}) + b"\n")
        except ApiError as error:
            unusable[table] = str(error)
    columns = "conv_id: 'VARCHAR'"
    warehouse.connection.execute(
        f"CREATE TEMP TABLE api_known AS SELECT * FROM {_lines(folder / 'known.ndjson', columns)}"
    )


def _read_snapshots(reader: ApiReader, warehouse: Warehouse, folder: Path) -> None:
    with (folder / "api_snapshots.ndjson").open("wb") as output:
        for conv_id in _conversations_to_ask(warehouse.connection):
            reader.write_snapshots(conv_id, output)


def _conversations_to_ask(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Every conversation once; those without an id cannot be asked for."""
    found = connection.execute(
        "SELECT conv_id FROM turns WHERE conv_id <> '' UNION SELECT conv_id FROM api_known WHERE conv_id <> ''"
    )
    while rows := found.fetchmany(FETCH_ROWS):
        for (conv_id,) in rows:
            yield conv_id


def _load(connection: duckdb.DuckDBPyConnection, table: str, path: Path) -> None:
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in TABLES[table].items())
    connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM {_lines(path, columns)}")


def _lines(path: Path, columns: str) -> str:
    """A table expression over newline-delimited JSON."""
    # DuckDB allocates its buffers for the longest line it is told to expect, so it is told the truth.
    with path.open("rb") as stream:
        longest_bytes = max(LINE_BYTES, max(map(len, stream), default=0) + 1)
    return (
        f"read_json({quote_literal(str(path))}, format = 'newline_delimited', columns = {{{columns}}},"
        f" maximum_object_size = {longest_bytes})"
    )
