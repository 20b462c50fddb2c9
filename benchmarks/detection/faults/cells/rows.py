"""Rows that a migration must not lose or invent: turns, block lists, conversations."""

from __future__ import annotations

from benchmarks.detection.fault import fault
from benchmarks.detection.files.site import Row, Site

_KEPT, _ADDED = "turns_kept", "turns_not_added"
_BLOCKS, _LISTS = "blocks_unchanged", "snapshots_unchanged"
_PLACE = "conv_id, session_id, turn_id, phase, snapshot_created_at_ms"
_OF_TURN = "t.conv_id = ? AND t.session_id = ? AND t.turn_id = ?"


def _key(row: Row) -> tuple[str, str, str]:
    return row["conv_id"], row["session_id"], row["turn_id"]


def _delete_turn(site: Site, row: Row, *, with_blocks: bool = True) -> None:
    site.delete_row(row, table="turns")
    if with_blocks:
        site.connect().execute(
            "DELETE FROM turn_block_membership WHERE conv_id = ? AND session_id = ? AND turn_id = ?", _key(row)
        )


@fault("N1", "a turn deleted with its block lists", _KEPT, needs="baseline", worlds=("plain", "foreign"))
def delete_turn(site: Site) -> None:
    for row in site.pick_turns():
        _delete_turn(site, row)


@fault("N2", "a turn deleted, its block lists left", "block_lists_refer", _KEPT)
def orphan_lists(site: Site) -> None:
    for row in site.pick_turns():
        _delete_turn(site, row, with_blocks=False)
        for entry in site.rows(f"SELECT t.* FROM turn_block_membership t WHERE {_OF_TURN}", *_key(row)):
            site.log_row("turn_block_membership", entry, before="its turn")


@fault("N3", "a block deleted that is in use", "block_lists_refer", _BLOCKS)
def delete_block(site: Site) -> None:
    for row in site.pick_rows("blocks"):
        site.delete_row(row, table="blocks")
        for entry in site.rows(
            "SELECT * FROM turn_block_membership WHERE block_id = ? AND content_hash = ?",
            row["block_id"],
            row["content_hash"],
        ):
            site.log_row("turn_block_membership", entry, before="its block")


def _by_place(row: Row) -> dict[str, str]:
    return {name: row[name] for name in ("conv_id", "session_id", "turn_id", "phase", "snapshot_created_at_ms")}


@fault("N4", "a place in the middle of a block list deleted", "ordinals_contiguous", _LISTS)
def delete_middle(site: Site) -> None:
    last = (
        "(SELECT max(m.ordinal) FROM turn_block_membership m WHERE m.conv_id = t.conv_id"
        " AND m.session_id = t.session_id AND m.turn_id = t.turn_id AND m.phase = t.phase"
        " AND m.snapshot_created_at_ms = t.snapshot_created_at_ms)"
    )
    for row in site.pick_rows("turn_block_membership", f"t.ordinal < {last}"):
        site.delete_row(row, table="turn_block_membership")


@fault("N5", "the last place of a block list deleted", _LISTS, "phases_in_order", needs="baseline")
def delete_last(site: Site) -> None:
    rows = site.rows("SELECT t.rowid AS row_id, t.*, max(ordinal) FROM turn_block_membership t WHERE ordinal > 0"
                     f" GROUP BY {_PLACE} ORDER BY t.rowid")  # fmt: skip
    for row in site.pick(rows):
        site.delete_row(row, table="turn_block_membership")


@fault("N6", "a whole snapshot deleted", _LISTS, needs="baseline")
def delete_snapshot(site: Site) -> None:
    for first in site.pick_rows("turn_block_membership", "t.ordinal = 0"):
        place = _by_place(first)
        condition = " AND ".join(f"t.{name} = ?" for name in place)
        for row in site.rows(
            f"SELECT t.rowid AS row_id, t.* FROM turn_block_membership t WHERE {condition}", *place.values()
        ):
            site.delete_row(row, table="turn_block_membership")


@fault("N7", "a conversation deleted from the turn file", _KEPT, needs="baseline", sized=False)
def delete_conversation(site: Site) -> None:
    conversation = site.pick_turns(most=1)[0]["conv_id"]
    for row in site.turns("t.conv_id = ?", conversation):
        _delete_turn(site, row)


@fault("N8", "one turn deleted, another inserted", _KEPT, _ADDED, needs="baseline")
def compensate(site: Site) -> None:
    for row in site.pick_turns("t.turn_created_at_ms < (SELECT max(turn_created_at_ms) FROM turns)"):
        _delete_turn(site, row)
        # With the same content it would be the same turn under another id.
        other = {"turn_created_at_ms": row["turn_created_at_ms"] + 1, "updated_at_ms": row["updated_at_ms"] - 1}
        other |= dict.fromkeys(("turn_metadata_json", "turn_data_json"), '{"another":"turn"}')
        site.insert_row({**row, **other, "turn_id": f"{row['turn_id'][:-1]}x"}, table="turns")


@fault("N10", "a turn copied under another id", _ADDED, "inference_not_shared", "inference_shared_in_metadata",
       needs="baseline", worlds=("plain", "foreign"))  # fmt: skip
def copy_turn(site: Site) -> None:
    for row in site.pick_turns("t.updated_at_ms < (SELECT max(updated_at_ms) FROM turns)"):
        site.insert_row({**row, "turn_id": f"{row['turn_id']}-copy"}, table="turns")


@fault("N11", "a turn copied into another session", "turn_in_one_session", _ADDED)
def copy_into_session(site: Site) -> None:
    for row in site.pick_turns("t.updated_at_ms < (SELECT max(updated_at_ms) FROM turns)"):
        site.insert_row({**row, "session_id": "copied"}, table="turns")


@fault("N12", "an invented turn with old times", _ADDED, needs="baseline")
def invent_turn(site: Site) -> None:
    for at, row in enumerate(site.pick_turns("t.updated_at_ms < (SELECT max(updated_at_ms) FROM turns)")):
        invented = {**row, "turn_id": f"turn-{at}", "turn_metadata_json": "{}", "runtime_key": "", "inference_id": ""}
        site.insert_row(invented, table="turns")


@fault("N13", "a place added to a block list", _LISTS, "ordinals_contiguous", needs="baseline")
def add_place(site: Site) -> None:
    rows = site.rows("SELECT t.rowid AS row_id, t.*, max(ordinal) AS top FROM turn_block_membership t"
                     f" WHERE phase = 'final' GROUP BY {_PLACE}")  # fmt: skip
    for row in site.pick(rows):
        added = {name: value for name, value in row.items() if name != "top"} | {"ordinal": row["top"] + 1}
        site.insert_row(added, table="turn_block_membership")


@fault("N14", "two blocks of a list exchanged", _LISTS, needs="baseline")
def exchange_blocks(site: Site) -> None:
    for first in site.pick_rows("turn_block_membership", "t.ordinal = 0"):
        place = _by_place(first)
        condition = " AND ".join(f"t.{name} = ?" for name in place)
        sql = f"SELECT t.rowid AS row_id, t.* FROM turn_block_membership t WHERE {condition} AND ordinal = 1"
        second = site.rows(sql, *place.values())
        for row, other in ((first, second[0]), (second[0], first)) if second else ():
            site.set_cell(row, "block_id", other["block_id"], table="turn_block_membership")
            site.connect().execute("UPDATE turn_block_membership SET content_hash = ? WHERE rowid = ?",
                                   (other["content_hash"], row["row_id"]))  # fmt: skip


@fault("N15", "a place that refers to a block of another turn", _LISTS, needs="baseline")
def refer_elsewhere(site: Site) -> None:
    for row in site.pick_rows("turn_block_membership", "t.ordinal > 0"):
        sql = "SELECT block_id, content_hash FROM blocks WHERE block_id <> ? ORDER BY rowid LIMIT 1 OFFSET ?"
        other = site.rows(sql, row["block_id"], site.rng.randrange(20))[0]
        site.set_cell(row, "block_id", other["block_id"], table="turn_block_membership")
        site.set_cell(row, "content_hash", other["content_hash"], table="turn_block_membership")
