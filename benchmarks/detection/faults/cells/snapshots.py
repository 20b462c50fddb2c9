"""Snapshots and blocks that no program writes: phases in other letters, impossible times, turns from elsewhere."""

from __future__ import annotations

from audit.checks.check import Severity
from benchmarks.detection.fault import fault
from benchmarks.detection.files.site import TURN_KEY, Row, Site

_LISTS = "turn_block_membership"
_OF_SNAPSHOT = "conv_id = ? AND session_id = ? AND turn_id = ? AND phase = ? AND snapshot_created_at_ms = ?"


def _rename_phase(site: Site, row: Row, phase: str) -> None:
    """Give the whole snapshot, of which this is one place, another phase."""
    of_snapshot = [row[name] for name in (*TURN_KEY, "phase", "snapshot_created_at_ms")]
    for place in site.rows(f"SELECT * FROM {_LISTS} WHERE {_OF_SNAPSHOT}", *of_snapshot):
        site.log_moved(_LISTS, place, {**place, "phase": phase}, "phase")
    site.connect().execute(f"UPDATE {_LISTS} SET phase = ? WHERE {_OF_SNAPSHOT}", (phase, *of_snapshot))


@fault("N110", "the phase of a snapshot in other letters", "phases_spelled_right", "snapshots_unchanged")
def phase_in_capitals(site: Site) -> None:
    for row in site.pick_rows(_LISTS, "t.phase = 'final' AND t.ordinal = 0"):
        _rename_phase(site, row, "Final")


@fault("N111", "the phase of a snapshot padded", "phases_spelled_right", "snapshots_unchanged")
def padded_phase(site: Site) -> None:
    for row in site.pick_rows(_LISTS, "t.phase = 'final' AND t.ordinal = 0"):
        _rename_phase(site, row, " final")


@fault("N112", "a snapshot of a phase that no program writes", "phases_known", "snapshots_unchanged",
       severity=Severity.WARNING)  # fmt: skip
def unknown_phase(site: Site) -> None:
    for row in site.pick_rows(_LISTS, "t.phase = 'final' AND t.ordinal = 0"):
        _rename_phase(site, row, "mid_inference")


@fault("N116", "a snapshot whose phase is blank", "phases_spelled_right", "snapshots_unchanged")
def blank_phase(site: Site) -> None:
    for row in site.pick_rows(_LISTS, "t.phase = 'final' AND t.ordinal = 0"):
        _rename_phase(site, row, "")


@fault("N117", "an early phase in capitals", "phases_spelled_right", "snapshots_unchanged")
def early_phase_in_capitals(site: Site) -> None:
    for row in site.pick_rows(_LISTS, "t.phase <> 'final' AND t.ordinal = 0"):
        _rename_phase(site, row, row["phase"].upper())


@fault("N113", "the time of a block in another unit", "block_times_plausible", "blocks_unchanged")
def microseconds(site: Site) -> None:
    for row in site.pick_rows("blocks"):
        site.set_cell(row, "first_seen_at_ms", row["first_seen_at_ms"] * 1_000, table="blocks")


@fault("N114", "a block without a time", "block_times_plausible", "blocks_unchanged")
def timeless(site: Site) -> None:
    for row in site.pick_rows("blocks"):
        site.set_cell(row, "first_seen_at_ms", 0, table="blocks")


@fault("N115", "a turn without inference in two sessions", "turn_in_one_session", sized=False)
def in_two_sessions(site: Site) -> None:
    for row in site.pick_turns("t.inference_id = ''", most=1):
        site.insert_row({**row, "session_id": f"{row['session_id']}-b"}, table="turns")


@fault("C70", "a turn that did not come through the conversation", "pointer_beyond_doubt", severity=Severity.WARNING,
       sized=False)  # fmt: skip
def from_elsewhere(site: Site) -> None:
    """Without blocks, newer than all others, of a runtime that is no profile's: no chat has written it."""
    pointed = [row["conv_id"] for row in site.rows(
        "SELECT conv_id FROM timeline_conversations WHERE runtime_key <> ''", role="timeline")]  # fmt: skip
    rows = [row for row in site.turns("t.runtime_key <> ''") if row["conv_id"] in pointed]
    for row in site.pick(rows, most=1):
        newest = site.value("SELECT max(turn_created_at_ms) FROM turns") + 3_600_000
        times = {"turn_created_at_ms": newest, "updated_at_ms": newest}
        more = {
            "turn_id": "from-elsewhere",
            "runtime_key": "explicit-0",
            "inference_id": "",
            "turn_metadata_json": "{}",
        }
        site.connect().execute(
            "INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms, turn_metadata_json,"
            " runtime_key, inference_id) VALUES (:conv_id, :session_id, :turn_id, :turn_created_at_ms, :updated_at_ms,"
            " :turn_metadata_json, :runtime_key, :inference_id)",
            {"conv_id": row["conv_id"], "session_id": row["session_id"], **times, **more},
        )
        site.log("timeline_conversations", after="another runtime than the pointer's", conv_id=str(row["conv_id"]))
