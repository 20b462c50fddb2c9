"""Times in wrong units, and clocks that jumped: of whole turns, with their snapshots and blocks, so that all agree."""

from __future__ import annotations

from benchmarks.detection.fault import Fault, add, fault
from benchmarks.detection.files.site import Row, Site

_UNIT, _FILE, _TIMELINE = "turn_times_in_milliseconds", "file_times_in_milliseconds", "timeline_times_in_milliseconds"
_NEAR, _MATCH, _KEPT = "turn_times_near_conversation", "turn_times_match_snapshots", "turn_times_unchanged"
_STAMPED = "t.turn_created_at_ms > 0"
_YEAR_MS = 31_557_600_000
_UNITS = {"seconds": "{} / 1000", "microseconds": "{} * 1000", "nanoseconds": "{} * 1000000"}
# The third of at least four turns of a conversation: the order of the others shows, and one a conversation is moved.
_MIDDLE = (
    "t.rowid = (SELECT x.rowid FROM turns x WHERE x.conv_id = t.conv_id ORDER BY x.rowid LIMIT 1 OFFSET 2)"
    " AND (SELECT count(*) FROM turns x WHERE x.conv_id = t.conv_id) >= 4"
    " AND (SELECT min(x.turn_created_at_ms) FROM turns x WHERE x.conv_id = t.conv_id) > 0"
)
FIRST_SEEN = (
    "UPDATE blocks SET first_seen_at_ms = coalesce((SELECT min(snapshot_created_at_ms) FROM turn_block_membership m"
    " WHERE m.block_id = blocks.block_id AND m.content_hash = blocks.content_hash), first_seen_at_ms)"
)
"""Statement after which every block was first seen with the first snapshot that holds it."""


def _rewrite(site: Site, row: Row, formula: str) -> None:
    """Write all times of a turn anew by a formula over one time, such as ``{} / 1000``; its blocks follow."""
    key = (row["conv_id"], row["session_id"], row["turn_id"])
    of_turn = "conv_id = ? AND session_id = ? AND turn_id = ?"
    followers = site.rows(
        "SELECT b.rowid AS row_id FROM blocks b WHERE (b.block_id, b.content_hash) IN"
        f" (SELECT block_id, content_hash FROM turn_block_membership WHERE {of_turn}) AND b.first_seen_at_ms ="
        " (SELECT min(snapshot_created_at_ms) FROM turn_block_membership m"
        " WHERE m.block_id = b.block_id AND m.content_hash = b.content_hash)",
        *key,
    )
    for column in ("turn_created_at_ms", "updated_at_ms"):
        site.set_sql(row, column, formula.format(column))
    moment = formula.format("snapshot_created_at_ms")
    connection = site.connect()
    connection.execute(f"UPDATE turn_block_membership SET snapshot_created_at_ms = {moment} WHERE {of_turn}", key)
    connection.executemany(f"{FIRST_SEEN} WHERE rowid = ?", [(block["row_id"],) for block in followers])


def _whole_turns(number: int, title: str, formula: str, *checks: str, condition: str = _STAMPED) -> None:
    def inject(site: Site) -> None:
        for row in site.pick_turns(condition):
            _rewrite(site, row, formula)

    add(Fault(f"T{number}", title, checks, inject, worlds=("plain", "foreign")))


for _number, (_unit, _formula) in enumerate(_UNITS.items(), start=1):
    _whole_turns(_number, f"a turn and its snapshots in {_unit}", _formula, _UNIT)

_whole_turns(14, "a turn saved while the clock stood at the year 2000", "946684800000 + {} % 86400000", _NEAR,
             condition=_MIDDLE)  # fmt: skip
_whole_turns(15, "a turn saved while the clock was thirty years ahead", f"{{}} + {30 * _YEAR_MS}", _NEAR,
             condition=_MIDDLE)  # fmt: skip
_whole_turns(16, "a turn among others three years earlier", f"{{}} - {3 * _YEAR_MS}", _NEAR, condition=_MIDDLE)
_whole_turns(17, "a turn among others three years later", f"{{}} + {3 * _YEAR_MS}", _NEAR, condition=_MIDDLE)


def _one_column(number: int, title: str, column: str, formula: str) -> None:
    def inject(site: Site) -> None:
        for row in site.pick_turns(_STAMPED):
            site.set_sql(row, column, formula.format(column))

    add(Fault(f"T{number}", title, (_UNIT, _KEPT), inject, worlds=("plain", "foreign")))


_one_column(4, "time of creation in seconds, that of update right", "turn_created_at_ms", _UNITS["seconds"])
_one_column(5, "time of update in nanoseconds", "updated_at_ms", _UNITS["nanoseconds"])


@fault("T6", "the times of a turn's snapshots in seconds", _UNIT, _MATCH)
def shrink_snapshots(site: Site) -> None:
    for row in site.pick_turns("EXISTS (SELECT 1 FROM turn_block_membership m WHERE m.turn_id = t.turn_id)"):
        site.connect().execute(
            "UPDATE turn_block_membership SET snapshot_created_at_ms = snapshot_created_at_ms / 1000"
            " WHERE conv_id = ? AND session_id = ? AND turn_id = ?",
            (row["conv_id"], row["session_id"], row["turn_id"]),
        )
        site.log_row("turns", row, "snapshot_created_at_ms", "milliseconds", "seconds")


@fault("T7", "a block first seen at a time in seconds", "block_times_plausible", "blocks_unchanged")
def shrink_blocks(site: Site) -> None:
    for row in site.pick_rows("blocks", "t.first_seen_at_ms > 0"):
        site.set_sql(row, "first_seen_at_ms", "first_seen_at_ms / 1000", table="blocks")


def _whole_file(number: int, unit: str) -> None:
    def inject(site: Site) -> None:
        formula = _UNITS[unit]
        site.run(
            *(
                f"UPDATE {table} SET {column} = {formula.format(column)}"
                for table, column in (
                    ("turns", "turn_created_at_ms"),
                    ("turns", "updated_at_ms"),
                    ("turn_block_membership", "snapshot_created_at_ms"),
                    ("blocks", "first_seen_at_ms"),
                )
            )
        )
        site.log("turns", before="milliseconds", after=unit, role="turns", unit=unit)

    add(
        Fault(
            f"T{number}", f"all times of the file in {unit}", (_FILE,), inject, worlds=("plain", "foreign"), sized=False
        )
    )


for _number, _unit in enumerate(_UNITS, start=8):
    _whole_file(_number, _unit)


@fault("T11", "all times of update in seconds", _FILE, sized=False)
def shrink_updates(site: Site) -> None:
    site.run("UPDATE turns SET updated_at_ms = updated_at_ms / 1000")
    site.log("turns", column="updated_at_ms", before="milliseconds", after="seconds", role="turns", unit="seconds")


# Where all of them are, the file is named instead of each.
@fault("T12", "a conversation recorded in seconds", _TIMELINE, _FILE)
def shrink_conversations(site: Site) -> None:
    for row in site.pick_rows("timeline_conversations", "t.created_at_ms > 0", role="timeline"):
        for column in ("created_at_ms", "last_activity_ms"):
            site.set_sql(row, column, f"{column} / 1000", table="timeline_conversations", role="timeline")


@fault("T13", "a switch event in seconds", _TIMELINE, _FILE)
def shrink_switches(site: Site) -> None:
    for row in site.pick_rows("timeline_entities", "t.kind = 'profile_switch'", role="timeline"):
        site.set_sql(row, "created_at_ms", "created_at_ms / 1000", table="timeline_entities", role="timeline")
