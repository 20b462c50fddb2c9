"""What the migration states of the cells that it changed, when they are other cells or other numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from benchmarks.detection.fault import fault
from benchmarks.detection.files.site import TURN_KEY, NoPlaceError, Row, Site

_TABLE = "turntruth_migrations"
_STATED, _ADDED = "changes_as_stated", "changes_add_up"
_FILL = "filled from text"
_REPAIR = "repaired from turn_created_at_ms"
Counts = dict[str, Any]


def restate(site: Site, edit: Callable[[Counts], object], *steps: str) -> None:
    """Change the counts of records, those of all if no step is named; that is led up to, not logged."""
    for row in site.rows(f"SELECT t.rowid AS row_id, t.* FROM {_TABLE} t"):
        counts = orjson.loads(row["counts_json"])
        if (not steps or row["step"] in steps) and "changes" in counts:
            edit(counts)
            told = orjson.dumps(counts).decode()
            site.connect().execute(f"UPDATE {_TABLE} SET counts_json = ? WHERE rowid = ?", (told, row["row_id"]))


def add_cells(counts: Counts, column: str, rule: str, cells: int) -> None:
    """Let a record state so many cells more, by its list and by its counts."""
    stated = next((one for one in counts["changes"] if (one["column"], one["rule"]) == (column, rule)), None)
    if stated is None:
        raise NoPlaceError(f"{column} {rule}")
    stated["cells"] += cells
    counts["changes"] = [one for one in counts["changes"] if one["cells"] > 0]
    if rule == _REPAIR:
        counts["times_repaired"] += cells
    else:
        counts[column]["by_evidence"][rule.removeprefix("filled from ")] += cells
        counts[column]["filled"] += cells
        counts[column]["kept"] -= cells


def _log(site: Site, column: str, rule: str) -> None:
    site.log(_TABLE, column_name=column, rule=rule)


@fault("L26", "the run states one filled cell more than its steps", _ADDED, sized=False)
def more_than_steps(site: Site) -> None:
    def edit(counts: Counts) -> None:
        counts["changes"][0]["cells"] += 1
        _log(site, counts["changes"][0]["column"], counts["changes"][0]["rule"])

    restate(site, edit, "migration")


@fault("L27", "the whole ledger states one filled cell more, one kept less", _STATED, needs="baseline", sized=False)
def more_filled(site: Site) -> None:
    restate(site, lambda counts: add_cells(counts, "runtime_key", _FILL, 1))
    _log(site, "runtime_key", _FILL)


@fault("L28", "the whole ledger states one filled cell less, one kept more", _STATED, needs="baseline", sized=False)
def fewer_filled(site: Site) -> None:
    restate(site, lambda counts: add_cells(counts, "inference_id", _FILL, -1))
    _log(site, "inference_id", _FILL)


@fault("L29", "repaired times are not counted", _STATED, needs="baseline", sized=False)
def uncounted_times(site: Site) -> None:
    restate(site, lambda counts: add_cells(counts, "updated_at_ms", _REPAIR, -counts["times_repaired"]))
    _log(site, "updated_at_ms", _REPAIR)


@fault("L30", "a time was repaired by somebody else", _STATED, needs="baseline", sized=False)
def foreign_repair(site: Site) -> None:
    for row in site.pick_turns("t.updated_at_ms > t.turn_created_at_ms AND t.turn_created_at_ms > 0"):
        _set_in_baseline(site, row, "updated_at_ms", 0)
        site.set_cell(row, "updated_at_ms", row["turn_created_at_ms"])
    site.changes = []
    _log(site, "updated_at_ms", _REPAIR)


@fault("L31", "a value that was there is stated as filled", _STATED, needs="baseline", worlds=("partial",), sized=False)
def kept_as_filled(site: Site) -> None:
    filled = (
        "t.runtime_key <> '' AND json_type(CASE WHEN json_valid(t.turn_metadata_json) THEN t.turn_metadata_json END,"
    )
    for row in site.pick_turns(f"{filled} '$.\"geppetto.runtime@v1\"') = 'text'"):
        _set_in_baseline(site, row, "runtime_key", row["runtime_key"])
    _log(site, "runtime_key", _FILL)


@fault("L32", "the run states a rule that nobody knows", _STATED, needs="baseline", sized=False)
def unknown_rule(site: Site) -> None:
    invented = {"table": "turns", "column": "turn_data_json", "rule": "tidied up", "cells": 3}
    restate(site, lambda counts: counts["changes"].append(invented))
    _log(site, "turn_data_json", "tidied up")


def _set_in_baseline(site: Site, row: Row, column: str, value: object) -> None:
    condition = " AND ".join(f"{name} = ?" for name in TURN_KEY)
    connection = site.connect("baseline")
    connection.execute(f"UPDATE turns SET {column} = ? WHERE {condition}", (value, *(row[name] for name in TURN_KEY)))
