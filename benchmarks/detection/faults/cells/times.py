"""Times that moved: of turns and of their snapshots."""

from __future__ import annotations

from benchmarks.detection.fault import Fault, add, fault
from benchmarks.detection.files.site import NoPlaceError, Site

_MATCH, _KEPT, _PLAUSIBLE = "turn_times_match_snapshots", "turn_times_unchanged", "turn_times_plausible"
_UNIT = "turn_times_in_milliseconds"
_STAMPED = "t.updated_at_ms > t.turn_created_at_ms"


def _move(
    number: int, title: str, column: str, expression: str, *checks: str, needs: str = "", condition: str = _STAMPED
) -> None:
    def inject(site: Site) -> None:
        for row in site.pick_turns(condition):
            site.set_sql(row, column, expression)
        if not site.changes:
            raise NoPlaceError(title)

    add(Fault(f"N{number}", title, checks, inject, needs=needs, worlds=("plain", "foreign")))


_move(80, "time of update one more", "updated_at_ms", "updated_at_ms + 1", _MATCH, _KEPT)
_move(81, "time of update one less", "updated_at_ms", "updated_at_ms - 1", _MATCH, _KEPT)
_move(82, "time of update is now", "updated_at_ms", "1795000000000", _MATCH, _KEPT)
_move(83, "time of update in seconds", "updated_at_ms", "updated_at_ms / 1000", _UNIT, _MATCH, _KEPT)
_move(84, "time of update in microseconds", "updated_at_ms", "updated_at_ms * 1000", _UNIT, _MATCH, _KEPT)
_move(85, "time of update 0 again", "updated_at_ms", "0", _KEPT, _MATCH, needs="baseline")
_move(86, "time of update is that of creation", "updated_at_ms", "turn_created_at_ms", _KEPT, _MATCH, needs="baseline")
_move(87, "time of creation one more", "turn_created_at_ms",
      "(SELECT min(snapshot_created_at_ms) + 1 FROM turn_block_membership m WHERE"
      " m.conv_id = turns.conv_id AND m.turn_id = turns.turn_id)", _MATCH, _KEPT)  # fmt: skip
_move(88, "time of creation one less", "turn_created_at_ms", "turn_created_at_ms - 1", _KEPT, needs="baseline")
_move(89, "time of creation 0", "turn_created_at_ms", "0", _KEPT, _MATCH, needs="baseline")
_move(90, "time of creation negative", "turn_created_at_ms", "-turn_created_at_ms", _PLAUSIBLE, _KEPT)
_move(91, "the two times exchanged", "turn_created_at_ms", "updated_at_ms + 60000", _PLAUSIBLE, _MATCH, _KEPT)
_move(92, "time as a text", "updated_at_ms", "'2026-02-24T10:15:00Z'", "storage_classes_as_declared", _PLAUSIBLE, _KEPT)
_move(
    93, "time as a fraction", "updated_at_ms", "updated_at_ms + 0.5", "storage_classes_as_declared", _PLAUSIBLE, _KEPT
)
_move(94, "time off by an hour", "updated_at_ms", "updated_at_ms + 3600000", _MATCH, _KEPT)
_move(95, "time cut to whole seconds", "updated_at_ms", "updated_at_ms / 1000 * 1000", _MATCH, _KEPT,
      condition=f"{_STAMPED} AND t.updated_at_ms % 1000 <> 0")  # fmt: skip
_move(96, "time behind the year 2100", "updated_at_ms", "9999999999999", _PLAUSIBLE, _MATCH, _KEPT)


@fault("N97", "the times of a snapshot moved", "snapshots_unchanged", _MATCH, needs="baseline")
def move_snapshot(site: Site) -> None:
    for first in site.pick_rows("turn_block_membership", "t.ordinal = 0 AND t.phase = 'final'"):
        condition = "conv_id = ? AND turn_id = ? AND phase = ? AND snapshot_created_at_ms = ?"
        place = (first["conv_id"], first["turn_id"], first["phase"], first["snapshot_created_at_ms"])
        for row in site.rows(f"SELECT rowid AS row_id, * FROM turn_block_membership WHERE {condition}", *place):
            site.move_key(
                row, "snapshot_created_at_ms", row["snapshot_created_at_ms"] - 1, table="turn_block_membership"
            )


@fault("N98", "every time of update is now", _KEPT, _MATCH, sized=False)
def touch_all(site: Site) -> None:
    for row in site.turns():
        site.set_cell(row, "updated_at_ms", 1_795_000_000_000)


@fault("N99", "the ordinal of a place changed", "ordinals_contiguous", "snapshots_unchanged")
def move_ordinal(site: Site) -> None:
    for row in site.pick_rows("turn_block_membership", "t.ordinal > 0"):
        site.move_key(row, "ordinal", row["ordinal"] + 100, table="turn_block_membership")
