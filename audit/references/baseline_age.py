"""Whether the baseline can be what the file was before: told by the migrations that each of them remembers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import duckdb

from audit.staging.warehouse import CATALOGS, Warehouse, sqlite_query

LEDGER = "turntruth_migrations"
LATEST = f"SELECT max(started_at_ms) FROM {LEDGER} WHERE step = 'migration' AND typeof(started_at_ms) = 'integer'"

_EPOCH = datetime.fromtimestamp(0, UTC)


def describe_newer_baseline(warehouse: Warehouse) -> str:
    """Why the baseline is newer than the file under audit, '' if nothing says so.

    Rows alone do not tell: turns that only the baseline has may have been lost, which is for the checks to find. A
    migration that only the baseline remembers happened after the file was written, or the file is another one.
    """
    if "baseline" not in warehouse.accesses:
        return ""
    before, after = (_latest_migration_ms(warehouse, role) for role in ("baseline", "turns"))
    if before is None or (after is not None and before <= after):
        return ""
    paths = {role: access.path for role, access in warehouse.accesses.items()}
    return (
        f"{paths['baseline']} is newer than {paths['turns']}: it was migrated at {_moment(before)}, of which that file"
        " knows nothing. Probably the two paths were swapped: give the copy made before the migration"
    )


def _latest_migration_ms(warehouse: Warehouse, role: str) -> int | None:
    if LEDGER not in warehouse.tables(role):
        return None
    try:
        row = warehouse.connection.execute(sqlite_query(CATALOGS[role], LATEST)).fetchone()
    except duckdb.Error:
        # A ledger that cannot be read is found by the checks on the ledger.
        return None
    return int(row[0]) if row and row[0] is not None else None


def _moment(epoch_ms: int) -> str:
    try:
        return f"{_EPOCH + timedelta(milliseconds=epoch_ms):%Y-%m-%d %H:%M:%S} UTC"
    except OverflowError:
        return f"{epoch_ms} ms"
