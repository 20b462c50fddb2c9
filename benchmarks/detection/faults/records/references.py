"""What only an earlier audit knows: turns that came after the migration, and were told anew since.

Metadata is told anew with them, so nothing in the file contradicts them, and the baseline never had them.
"""

from __future__ import annotations

from benchmarks.detection.fault import fault
from benchmarks.detection.files.site import TURN_KEY, Row, Site

_SEEN, _CREATED = "as_seen_before", "creation_as_seen_before"
_ARMS = ("without", "with", "against")
_LATER = "t.turn_id LIKE '%-later-%'"
_OF_TURN = " AND ".join(f"{name} = ?" for name in TURN_KEY)


def _later(site: Site, *, last: bool = True) -> list[Row]:
    """Turns that the service saved after the migration; without the last of each conversation if so wanted."""
    newest = "(SELECT max(n.turn_created_at_ms) FROM turns n WHERE n.conv_id = t.conv_id)"
    return site.pick_turns(_LATER if last else f"{_LATER} AND t.turn_created_at_ms < {newest}")


def _tell_anew(site: Site, row: Row, runtime: str, inference: str) -> None:
    """Let a turn have another runtime and inference, in its metadata as well."""
    text = str(row["turn_metadata_json"])
    for column, value in (("runtime_key", runtime), ("inference_id", inference)):
        text = text.replace(f'"{row[column]}"', f'"{value}"')
    site.connect().execute("UPDATE turns SET turn_metadata_json = ? WHERE rowid = ?", (text, row["row_id"]))
    site.set_cell(row, "runtime_key", runtime)
    site.set_cell(row, "inference_id", inference)


@fault("A1", "a turn told anew with another runtime", _SEEN, needs="against", worlds=("living",), arms=_ARMS)
def another_runtime(site: Site) -> None:
    for row in _later(site, last=False):
        runtime = "analyst" if row["runtime_key"] != "analyst" else "planner"
        _tell_anew(site, row, runtime, row["inference_id"])


@fault("A2", "a turn told anew with another inference", _SEEN, needs="against", worlds=("living",), arms=_ARMS)
def another_inference(site: Site) -> None:
    for row in _later(site):
        _tell_anew(site, row, row["runtime_key"], f"{row['inference_id']}-again")


@fault("A3", "a turn told anew with nothing", _SEEN, needs="against", worlds=("living",), arms=_ARMS)
def forgotten(site: Site) -> None:
    for row in _later(site, last=False):
        _tell_anew(site, row, "", "")


@fault("A4", "a turn deleted that came after the migration", _SEEN, needs="against", worlds=("living",), arms=_ARMS)
def later_turn_deleted(site: Site) -> None:
    for row in _later(site, last=False):
        _delete(site, row)


@fault("A5", "a turn's creation moved with its snapshots", _CREATED, needs="against", worlds=("living",), arms=_ARMS)
def moved(site: Site) -> None:
    for row in _later(site):
        key = [row[name] for name in TURN_KEY]
        site.connect().execute(
            f"UPDATE turn_block_membership SET snapshot_created_at_ms = snapshot_created_at_ms + 7 WHERE {_OF_TURN}",
            key,
        )
        site.connect().execute(
            "UPDATE turns SET updated_at_ms = updated_at_ms + 7 WHERE rowid = ?",
            (row["row_id"],),
        )
        site.set_cell(row, "turn_created_at_ms", row["turn_created_at_ms"] + 7)


@fault("A6", "a turn has another id than it had", _SEEN, needs="against", worlds=("living",), arms=_ARMS)
def renamed(site: Site) -> None:
    for row in _later(site):
        name = f"{row['turn_id']}-b"
        key = [row[column] for column in TURN_KEY]
        site.connect().execute(f"UPDATE turn_block_membership SET turn_id = ? WHERE {_OF_TURN}", (name, *key))
        site.move_key(row, "turn_id", name, table="turns")


@fault("A7", "a conversation that came after the migration is gone", _SEEN, needs="against", worlds=("living",),
       arms=_ARMS, sized=False)  # fmt: skip
def conversation_gone(site: Site) -> None:
    rows = site.turns(f"{_LATER} AND t.conv_id LIKE 'new-%'")
    (name,) = site.pick(sorted({str(row["conv_id"]) for row in rows}), most=1)
    for row in rows:
        if row["conv_id"] == name:
            _delete(site, row)
    for table in ("timeline_conversations", "timeline_entities", "timeline_versions"):
        site.connect("timeline").execute(f"DELETE FROM {table} WHERE conv_id = ?", (name,))


@fault("A8", "an explicit value that no metadata tells was changed", _SEEN, needs="against", worlds=("partial",),
       arms=_ARMS)  # fmt: skip
def explicit_changed(site: Site) -> None:
    """In the baseline as well: the service itself had recorded the value, and recorded another one later."""
    for row in site.pick_turns("t.inference_id LIKE 'explicit-%'"):
        value = f"{row['inference_id']}-b"
        site.set_on_both(row, "inference_id", value)
        site.log_row("turns", row, "inference_id", row["inference_id"], value)


def _delete(site: Site, row: Row) -> None:
    site.connect().execute(f"DELETE FROM turn_block_membership WHERE {_OF_TURN}", [row[name] for name in TURN_KEY])
    site.delete_row(row, table="turns")
