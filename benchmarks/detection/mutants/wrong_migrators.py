"""Migrations with one mistake each, and the checks that are right to name what they leave."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import orjson

from benchmarks.detection.mutants.migrators import BATCH, INDEXES, Record, Script, Values, read_rightly
from store.turns.metadata import runtime_evidence


def _naive(raw: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _read_only_texts(raw: bytes) -> Values:
    value = _naive(raw).get("geppetto.runtime@v1")
    return value if isinstance(value, str) else "", read_rightly(raw)[1]


def _read_only_maps(raw: bytes) -> Values:
    value = _naive(raw).get("geppetto.runtime@v1")
    return str(value.get("runtime_key", "")) if isinstance(value, dict) else "", read_rightly(raw)[1]


def _read_untrimmed(raw: bytes) -> Values:
    value = _naive(raw).get("geppetto.runtime@v1")
    return (value, read_rightly(raw)[1]) if isinstance(value, str) else read_rightly(raw)


def _read_aliases_first(raw: bytes) -> Values:
    metadata = {key: value for key, value in _naive(raw).items() if key in {"runtime", "runtime_key"}}
    return runtime_evidence(metadata).value or read_rightly(raw)[0], read_rightly(raw)[1]


def _read_slug_first(raw: bytes) -> Values:
    value = _naive(raw).get("geppetto.runtime@v1")
    if isinstance(value, dict) and isinstance(value.get("profile.registry"), str):
        return value["profile.registry"], read_rightly(raw)[1]
    return read_rightly(raw)


def _read_printed(raw: bytes) -> Values:
    value = _naive(raw).get("geppetto.runtime@v1")
    runtime, inference = read_rightly(raw)
    return (str(value) if value is not None and not runtime else runtime), inference


def _read_with_default(raw: bytes) -> Values:
    runtime, inference = read_rightly(raw)
    return runtime or "default", inference


def _read_session(raw: bytes) -> Values:
    return read_rightly(raw)[0], str(_naive(raw).get("geppetto.session_id@v1", ""))


def _read_swapped(raw: bytes) -> Values:
    runtime, inference = read_rightly(raw)
    return inference, runtime


def _read_lower(raw: bytes) -> Values:
    runtime, inference = read_rightly(raw)
    return runtime.lower(), inference


def _read_null_text(raw: bytes) -> Values:
    runtime, inference = read_rightly(raw)
    return runtime or "null", inference or "null"


def _shifted(records: list[Record], values: dict[int, Values]) -> dict[int, Values]:
    ids = [row_id for row_id, _, _ in records]
    return {row_id: values[before] for before, row_id in pairwise(ids)}


def _newest(records: list[Record], values: dict[int, Values]) -> dict[int, Values]:
    newest: dict[str, str] = {}
    for row_id, conv_id, _ in records:
        newest[conv_id] = values[row_id][0] or newest.get(conv_id, "")
    return {row_id: (newest[conv_id], values[row_id][1]) for row_id, conv_id, _ in records}


def _carried(records: list[Record], values: dict[int, Values]) -> dict[int, Values]:
    current: dict[str, str] = {}
    placed: dict[int, Values] = {}
    for row_id, conv_id, _ in records:
        current[conv_id] = values[row_id][0] or current.get(conv_id, "")
        placed[row_id] = (current[conv_id], values[row_id][1])
    return placed


def _until_damaged(records: list[Record]) -> Iterable[Record]:
    for record in records:
        if record[2].strip() and not _naive(record[2]) and record[2].strip() != b"null":
            return
        yield record


def _without_last_batch(records: list[Record]) -> Iterable[Record]:
    return records[: len(records) // BATCH * BATCH - 1]


def _off_by_one(records: list[Record]) -> Iterable[Record]:
    return [record for at, record in enumerate(records) if at % BATCH]


_FILL = "UPDATE turns SET runtime_key = ?, inference_id = ? WHERE rowid "

MUTANTS: dict[str, tuple[Script, frozenset[str]]] = {
    title: (script, frozenset(checks))
    for title, script, *checks in (
        ("fills texts only", Script(read=_read_only_texts), "runtime_complete"),
        ("fills maps only", Script(read=_read_only_maps), "runtime_complete"),
        ("does not trim", Script(read=_read_untrimmed), "no_blank_padding", "runtime_matches_evidence"),
        ("reads the registry's name", Script(read=_read_slug_first), "runtime_matches_evidence"),
        ("prints values of any type", Script(read=_read_printed), "made_up_values", "turn_columns_unchanged"),
        (
            "fills a default",
            Script(read=_read_with_default),
            "made_up_values",
            "guessed_from_pointer",
            "guessed_from_neighbour",
        ),
        ("takes the session for the inference", Script(read=_read_session), "inference_matches_evidence"),
        ("exchanges the columns", Script(read=_read_swapped), "columns_not_swapped"),
        ("lower-cases", Script(read=_read_lower), "runtime_matches_evidence"),
        ("writes null as a word", Script(read=_read_null_text), "no_placeholder"),
        ("is off by one row", Script(place=_shifted), "runtime_matches_evidence", "inference_matches_evidence"),
        ("labels with the newest runtime", Script(place=_newest), "runtime_matches_evidence", "history_not_relabelled"),
        (
            "carries the runtime forward",
            Script(place=_carried),
            "made_up_values",
            "guessed_from_neighbour",
            "guessed_from_pointer",
        ),
        ("stops at damaged metadata", Script(choose=_until_damaged), "runtime_complete", "inference_complete"),
        ("skips the last batch", Script(choose=_without_last_batch), "runtime_complete", "inference_complete"),
        ("skips the first row of each batch", Script(choose=_off_by_one), "runtime_complete", "inference_complete"),
        ("fills no inference", Script(read=lambda raw: (read_rightly(raw)[0], "")), "inference_complete"),
        ("fills no runtime", Script(read=lambda raw: ("", read_rightly(raw)[1])), "runtime_complete"),
        (
            "updates without WHERE",
            Script(update="UPDATE turns SET runtime_key = ?, inference_id = ? WHERE ? > 0"),
            "runtime_complete",
            "runtime_matches_evidence",
        ),
        (
            "updates the next row",
            Script(update=f"{_FILL}= ? + 1"),
            "runtime_matches_evidence",
            "inference_matches_evidence",
        ),
        (
            "updates by greater rowid",
            Script(update=f"{_FILL}>= ?"),
            "runtime_matches_evidence",
            "inference_matches_evidence",
        ),
        (
            "stores BLOBs",
            Script(update="UPDATE turns SET runtime_key = CAST(? AS BLOB), inference_id = ? WHERE rowid = ?"),
            "stored_as_text",
        ),
        (
            "touches the times",
            Script(after=("UPDATE turns SET updated_at_ms = updated_at_ms + 1",)),
            "turn_times_unchanged",
        ),
        (
            "stamps all rows with now",
            Script(after=("UPDATE turns SET updated_at_ms = 1795000000000",)),
            "turn_times_unchanged",
        ),
        (
            "rewrites metadata",
            Script(after=("UPDATE turns SET turn_metadata_json = turn_metadata_json || ' ' WHERE runtime_key <> ''",)),
            "turn_columns_unchanged",
        ),
        (
            "clears metadata it has read",
            Script(after=("UPDATE turns SET turn_metadata_json = '{}' WHERE runtime_key <> ''",)),
            "turn_columns_unchanged",
        ),
        (
            "deletes rows it cannot read",
            Script(after=("DELETE FROM turns WHERE NOT json_valid(turn_metadata_json)",)),
            "turns_kept",
        ),
        ("deletes rows without runtime", Script(after=("DELETE FROM turns WHERE runtime_key = ''",)), "turns_kept"),
        (
            "deletes unused blocks wrongly",
            Script(after=("DELETE FROM blocks WHERE rowid % 50 = 0",)),
            "blocks_unchanged",
            "block_lists_refer",
        ),
        ("forgets the indexes", Script(indexes=()), "attribution_indexes_exist"),
        ("makes one index only", Script(indexes=INDEXES[:1]), "attribution_indexes_exist"),
        (
            "makes ascending indexes",
            Script(indexes=tuple(sql.replace(" DESC", "") for sql in INDEXES)),
            "attribution_indexes_exist",
        ),
        (
            "adds nullable columns",
            Script(columns=("runtime_key TEXT", "inference_id TEXT")),
            "attribution_columns_exist",
        ),
        (
            "adds columns with default NULL text",
            Script(columns=("runtime_key TEXT NOT NULL DEFAULT 'NULL'", "inference_id TEXT NOT NULL DEFAULT ''")),
            "attribution_columns_exist",
        ),
        (
            "adds one column only",
            Script(
                columns=("runtime_key TEXT NOT NULL DEFAULT ''",),
                update="UPDATE turns SET runtime_key = ?1 WHERE rowid = ?3",
                indexes=INDEXES[:1],
            ),
            "attribution_columns_exist",
        ),
        ("adds columns and fills nothing", Script(choose=lambda _: ()), "runtime_complete", "inference_complete"),
        ("sets user_version", Script(after=("PRAGMA user_version = 2",)), "pragmas_kept"),
        (
            "leaves a table behind",
            Script(after=("CREATE TABLE turns_backfill AS SELECT rowid AS n FROM turns",)),
            "no_leftover_tables",
            "schema_objects_kept",
        ),
        (
            "leaves a trigger behind",
            Script(after=("CREATE TRIGGER guard AFTER UPDATE ON turns BEGIN SELECT 1; END",)),
            "no_triggers",
        ),
        ("drops an older index", Script(after=("DROP INDEX turns_by_session",)), "other_indexes_as_declared"),
        (
            "repairs times with now",
            Script(repair="UPDATE turns SET updated_at_ms = 1795000000000 WHERE updated_at_ms <= 0"),
            "turn_times_unchanged",
        ),
        (
            "does not repair times",
            Script(repair=""),
        ),
    )
}
"""What a mutant does wrong to its script and the checks of which one has to fail; none where it is no fault."""
