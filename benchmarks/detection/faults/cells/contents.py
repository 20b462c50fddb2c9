"""Cells of turns that a migration must not touch: metadata, data, ids."""

from __future__ import annotations

from audit.checks.check import Severity
from benchmarks.detection.fault import Fault, add, fault
from benchmarks.detection.files.site import NoPlaceError, Row, Site

_CELLS = "turn_columns_unchanged"
# SQLite may test conditions in any order: only CASE keeps it from parsing what is no JSON.
_TYPE = "CASE WHEN json_valid(t.turn_metadata_json) THEN json_type(t.turn_metadata_json, '{path}') END"


def _key(row: Row) -> tuple[str, str, str]:
    return row["conv_id"], row["session_id"], row["turn_id"]


def _edit_turn(
    number: int,
    title: str,
    column: str,
    expression: str,
    condition: str = "1",
    *also: str,
    needs: str = "baseline",
    severity: Severity = Severity.CRITICAL,
    worlds: tuple[str, ...] = ("plain", "foreign"),
) -> None:
    def inject(site: Site) -> None:
        for row in site.pick_turns(condition):
            site.set_sql(row, column, expression)
        if not site.changes:
            raise NoPlaceError(title)

    add(Fault(f"N{number}", title, (_CELLS, *also), inject, needs=needs, severity=severity, worlds=worlds))


_METADATA, _SOUND = "turn_metadata_json", "json_valid(t.turn_metadata_json) AND instr(t.turn_metadata_json, ':')"
_edit_turn(40, "metadata written anew with blanks", _METADATA, "replace(turn_metadata_json, '\":', '\": ')", _SOUND)
_edit_turn(41, "metadata with a line break behind", _METADATA, "turn_metadata_json || char(10)", _SOUND)
_edit_turn(42, "metadata with its keys in another order", _METADATA,
           "json_set(json_remove(turn_metadata_json, '$.\"geppetto.session_id@v1\"'), '$.\"geppetto.session_id@v1\"',"
           " json_extract(turn_metadata_json, '$.\"geppetto.session_id@v1\"'))", _SOUND)  # fmt: skip
_edit_turn(
    43, "a trace lost from metadata", _METADATA, "json_remove(turn_metadata_json, '$.\"geppetto.trace_id@v1\"')", _SOUND
)
_edit_turn(44, "a key added to metadata", _METADATA, "json_set(turn_metadata_json, '$.migrated', json('true'))", _SOUND)
_edit_turn(45, "the session changed in metadata", _METADATA,
           "json_set(turn_metadata_json, '$.\"geppetto.session_id@v1\"', 'other')", _SOUND)  # fmt: skip
_edit_turn(46, "data changed", "turn_data_json", "'{\"x\":1}'")
_edit_turn(47, "data written anew with blanks", "turn_data_json", "turn_data_json || ' '")
_edit_turn(
    48, "data that is no JSON", "turn_data_json", "'{'", "1", "turn_data_readable", needs="", severity=Severity.WARNING
)
_edit_turn(49, "metadata as a BLOB", _METADATA, "CAST(turn_metadata_json AS BLOB)", "1", "texts_stored_as_text",
           needs="", severity=Severity.WARNING)  # fmt: skip
_edit_turn(50, "metadata cut off", _METADATA, "substr(turn_metadata_json, 1, 20)",
           f"{_SOUND} AND t.runtime_key = '' AND t.inference_id = ''", "metadata_readable",
           needs="", severity=Severity.WARNING)  # fmt: skip
_edit_turn(51, "metadata emptied, the columns kept", _METADATA, "'{}'", "t.runtime_key <> ''", "made_up_values",
           "guessed_from_neighbour", "guessed_from_pointer", needs="", worlds=("plain",))  # fmt: skip


@fault("N52", "metadata and both columns changed together", _CELLS, needs="baseline")
def forge_evidence(site: Site) -> None:
    path = '$."geppetto.runtime@v1"'
    for row in site.pick_turns(f"t.runtime_key <> '' AND {_TYPE.format(path=path)} = 'text'"):
        other = site.rng.choice([key for key in ("inventory", "planner", "analyst") if key != row["runtime_key"]])
        site.set_sql(row, "turn_metadata_json", f"json_set(turn_metadata_json, '{path}', '{other}')")
        site.set_cell(row, "runtime_key", other)


@fault("N53", "the data of two turns exchanged", _CELLS, needs="baseline")
def exchange_data(site: Site) -> None:
    for row in site.pick_turns("t.turn_data_json <> '{}'"):
        others = site.turns("t.turn_data_json = '{}'")
        other = site.rng.choice(others)
        site.set_cell(row, "turn_data_json", other["turn_data_json"])
        site.set_cell(other, "turn_data_json", row["turn_data_json"])


@fault("N54", "the metadata and values of two turns exchanged", _CELLS, needs="baseline")
def exchange_metadata(site: Site) -> None:
    row = site.pick_turns("t.runtime_key <> ''", most=1)[0]
    other = site.rng.choice(site.turns("t.runtime_key <> '' AND t.rowid <> ?", row["row_id"]))
    for column in ("turn_metadata_json", "runtime_key", "inference_id"):
        site.set_cell(row, column, other[column])
        site.set_cell(other, column, row[column])


def _edit_ids(
    number: int,
    title: str,
    expression: str,
    *checks: str,
    column: str = "turn_id",
    needs: str = "",
    sized: bool = True,
) -> None:
    def inject(site: Site) -> None:
        for row in site.pick_turns():
            changed = site.value(f"SELECT {expression} FROM turns WHERE rowid = ?", row["row_id"])
            site.move_key(row, column, changed, table="turns")
            site.connect().execute(
                f"UPDATE turn_block_membership SET {column} = ? WHERE conv_id = ? AND session_id = ? AND turn_id = ?",
                (changed, *_key(row)),
            )

    add(Fault(f"N{number}", title, checks, inject, needs=needs, sized=sized))


_edit_ids(60, "the id of a turn padded", "turn_id || ' '", "no_missing_ids", _CELLS)
_edit_ids(61, "the id of a turn in upper case", "upper(turn_id)", _CELLS, needs="baseline")
_edit_ids(62, "the id of a turn emptied", "''", "no_missing_ids", _CELLS, sized=False)
_edit_ids(63, "the session of a turn emptied", "''", "no_missing_ids", _CELLS, column="session_id")
_edit_ids(64, "the session of a turn padded", "' ' || session_id", "no_missing_ids", _CELLS, column="session_id")
_edit_ids(65, "the conversation of a turn emptied", "''", "no_missing_ids", _CELLS, column="conv_id")
_edit_ids(66, "the conversation of a turn padded", "conv_id || char(10)", "no_missing_ids", _CELLS, column="conv_id")
