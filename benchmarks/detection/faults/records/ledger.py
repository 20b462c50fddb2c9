"""What the migration says of itself, when that is not what happened."""

from __future__ import annotations

import orjson

from audit.checks.check import Severity
from benchmarks.detection.fault import Fault, add, fault
from benchmarks.detection.files.site import Change, NoPlaceError, Site

_TABLE = "turntruth_migrations"
_RUN = "t.step = 'migration'"
_BACKFILL = "t.step = 'backfill'"


def _edit(number: int, title: str, column: str, expression: str, *checks: str, severity: Severity = Severity.CRITICAL,
          named: str = "", where: str = _RUN) -> None:  # fmt: skip
    def inject(site: Site) -> None:
        for row in site.rows(f"SELECT t.rowid AS row_id, t.* FROM {_TABLE} t WHERE {where}"):
            site.set_sql(row, column, expression, table=_TABLE)
            if named:
                site.changes = [Change(_TABLE, {"column_name": named}, column)]
        if not site.changes:
            raise NoPlaceError("a migration ledger")

    add(Fault(f"L{number}", title, checks, inject, severity=severity, sized=False, worlds=("plain", "partial")))


_FINISHED, _COUNTS = "migration_finished", ("ledger_counts_true", "ledger_sums_add_up")
_TIMES = "ledger_times_in_order"
_edit(1, "the run is still running", "state", "'running'", _FINISHED)
_edit(2, "the run failed", "state", "'failed'", _FINISHED)
_edit(3, "the run left a residue", "state", "'completed_with_residue'", "no_residue", severity=Severity.WARNING)
_edit(4, "the run counted more rows than there are", "counts_json",
      "json_set(counts_json, '$.rows', json_extract(counts_json, '$.rows') + 1)", *_COUNTS)  # fmt: skip
_edit(5, "the run counted fewer rows", "counts_json", "json_set(counts_json, '$.rows', 1)", *_COUNTS)
_edit(6, "the run says it filled one more", "counts_json",
      "json_set(counts_json, '$.runtime_key.filled', json_extract(counts_json, '$.runtime_key.filled') + 1)",
      *_COUNTS)  # fmt: skip
_edit(7, "unknown and filled exchanged", "counts_json",
      "json_set(counts_json, '$.runtime_key.filled', json_extract(counts_json, '$.runtime_key.unknown'),"
      " '$.runtime_key.unknown', json_extract(counts_json, '$.runtime_key.filled'))", *_COUNTS)  # fmt: skip
_edit(8, "the counts of the two columns exchanged", "counts_json",
      "json_set(counts_json, '$.runtime_key', json_extract(counts_json, '$.inference_id'), '$.inference_id',"
      " json_extract(counts_json, '$.runtime_key'))", *_COUNTS)  # fmt: skip
_edit(9, "the counts are no JSON", "counts_json", "'{'", *_COUNTS, "tables_readable")
_edit(10, "the counts are empty", "counts_json", "'{}'", *_COUNTS)
_edit(11, "the run ended before it began", "finished_at_ms", "started_at_ms - 1", _TIMES)
_edit(12, "the run began later than its steps", "started_at_ms", "started_at_ms + 3600000", _TIMES)
_edit(13, "a column that was there is called added", "columns_added",
      "ltrim(columns_added || ',turn_data_json', ',')", "columns_added_true", named="turn_data_json")  # fmt: skip
_edit(14, "the run began in the future", "started_at_ms", "4102444800000", _TIMES)
_edit(15, "the run completed, its end is missing", "finished_at_ms", "0", "ledger_steps_complete")
_edit(16, "a step began before the run", "started_at_ms", "started_at_ms - 3600000", _TIMES, where=_BACKFILL)
_edit(17, "a step ended before it began", "finished_at_ms", "started_at_ms - 1", _TIMES, where=_BACKFILL)
_edit(18, "a step ended after the run", "finished_at_ms", "finished_at_ms + 3600000", _TIMES, where=_BACKFILL)
_edit(19, "a step without a beginning", "started_at_ms", "0", _TIMES, where=_BACKFILL)


@fault("L20", "the step that proves is missing", "ledger_steps_complete", sized=False)
def lose_step(site: Site) -> None:
    for row in site.rows(f"SELECT t.rowid AS row_id, t.* FROM {_TABLE} t WHERE t.step = 'verify'"):
        site.delete_row(row, table=_TABLE)


@fault("L21", "a step did not end", "ledger_steps_complete", sized=False)
def unfinished_step(site: Site) -> None:
    for row in site.rows(f"SELECT t.rowid AS row_id, t.* FROM {_TABLE} t WHERE t.step = 'backfill'"):
        site.set_cell(row, "state", "running", table=_TABLE)
        site.set_cell(row, "finished_at_ms", 0, table=_TABLE)


@fault("L22", "a ledger that counts turns which nobody has", *_COUNTS, needs="history", sized=False)
def foreign_ledger(site: Site) -> None:
    for row in site.rows(f"SELECT t.rowid AS row_id, t.* FROM {_TABLE} t"):
        counts = orjson.loads(row["counts_json"])
        for column in ("runtime_key", "inference_id"):
            if column in counts:
                counts[column]["unknown"] += 7
        if "rows" in counts:
            counts["rows"] += 7
        site.set_cell(row, "counts_json", orjson.dumps(counts).decode(), table=_TABLE)


@fault("L23", "a second run that never ended", "migration_finished", sized=False)
def second_run(site: Site) -> None:
    for row in site.rows(f"SELECT t.rowid AS row_id, t.* FROM {_TABLE} t WHERE {_RUN}"):
        later = {
            **row,
            "migration_id": "mig_later",
            "state": "running",
            "started_at_ms": row["started_at_ms"] + 60_000,
            "finished_at_ms": 0,
        }
        site.insert_row(later, table=_TABLE)


@fault("L24", "the run says that it used direct evidence only", "evidence_level_true", sized=False)
def not_only_direct(site: Site) -> None:
    for row in site.rows(f"SELECT t.rowid AS row_id, t.* FROM {_TABLE} t WHERE {_RUN}"):
        site.set_cell(row, "evidence", "direct", table=_TABLE)


@fault("L25", "the record of the run is gone", "ledger_has_run", sized=False)
def no_run(site: Site) -> None:
    for row in site.rows(f"SELECT t.rowid AS row_id, t.* FROM {_TABLE} t WHERE {_RUN}"):
        site.delete_row(row, table=_TABLE)
