"""Runtimes along a conversation: switches at the wrong turn, histories told anew, gaps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from benchmarks.detection.fault import Fault, add, fault
from benchmarks.detection.faults.cells.values import RUNTIME
from benchmarks.detection.files.site import NoPlaceError, Row, Site

_LATE, _EARLY = "switch_not_late", "switch_not_early"


def conversations(site: Site) -> list[list[Row]]:
    """The attributed turns of each conversation in order, conversations by their first rowid."""
    rows = site.turns("t.runtime_key <> ''")
    rows.sort(key=lambda row: (row["turn_created_at_ms"], row["row_id"]))
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["conv_id"], []).append(row)
    return sorted(found.values(), key=lambda turns: min(int(turn["row_id"]) for turn in turns))


def switches(site: Site) -> list[tuple[Row, Row]]:
    """Pairs of turns between which the runtime changes."""
    return [
        pair
        for turns in conversations(site)
        for pair in _neighbours(turns)
        if pair[0]["runtime_key"] != pair[1]["runtime_key"]
    ]


def _neighbours(turns: list[Row]) -> Iterator[tuple[Row, Row]]:
    return pairwise(turns)


def _pick_pairs(site: Site, pairs: list[tuple[Row, Row]], at: int) -> list[tuple[Row, Row]]:
    places = [{"row_id": pair[at]["row_id"], "pair": pair} for pair in pairs]
    return [place["pair"] for place in site.pick(places, wanted="a switch")]


@fault("C1", "a switch shown one turn late", _LATE, RUNTIME, worlds=("plain", "foreign"))
def switch_late(site: Site) -> None:
    for before, after in _pick_pairs(site, switches(site), 1):
        site.set_cell(after, "runtime_key", before["runtime_key"])


@fault("C2", "a switch shown one turn early", _EARLY, RUNTIME, worlds=("plain", "foreign"))
def switch_early(site: Site) -> None:
    for before, after in _pick_pairs(site, switches(site), 0):
        site.set_cell(before, "runtime_key", after["runtime_key"])


@fault("C3", "all history re-labelled with the newest runtime", "history_not_relabelled", RUNTIME, sized=False)
def relabel(site: Site) -> None:
    candidates = [turns for turns in conversations(site) if len({turn["runtime_key"] for turn in turns}) > 1]
    for turns in site.pick([{"row_id": turns[0]["row_id"], "turns": turns} for turns in candidates], most=1):
        for turn in turns["turns"]:
            site.set_cell(turn, "runtime_key", turns["turns"][-1]["runtime_key"])


@fault("C4", "the history of every conversation re-labelled", "history_not_relabelled", RUNTIME, sized=False)
def relabel_all(site: Site) -> None:
    for turns in conversations(site):
        for turn in turns:
            site.set_cell(turn, "runtime_key", turns[-1]["runtime_key"])
    if not site.changes:
        raise NoPlaceError("a switch")


@fault("C5", "a collapsed A→B→A", RUNTIME, "no_phantom_switch", _LATE, _EARLY, "history_not_relabelled", sized=False)
def collapse(site: Site) -> None:
    found = []
    for turns in conversations(site):
        keys = [turn["runtime_key"] for turn in turns]
        if len(set(keys)) == 2 and keys[0] == keys[-1]:
            found.append({"row_id": turns[0]["row_id"], "turns": turns})
    for place in site.pick(found, most=1, wanted="a conversation A→B→A"):
        for turn in place["turns"]:
            site.set_cell(turn, "runtime_key", place["turns"][0]["runtime_key"])


def _phantom(number: int, title: str, choose: Callable[[Site, Row], str]) -> None:
    def inject(site: Site) -> None:
        inside = [
            (turns[at], turns[at])
            for turns in conversations(site)
            for at in range(1, len(turns) - 1)
            if turns[at - 1]["runtime_key"] == turns[at]["runtime_key"] == turns[at + 1]["runtime_key"]
        ]
        for turn, _ in _pick_pairs(site, inside, 0):
            site.set_cell(turn, "runtime_key", choose(site, turn))

    add(Fault(f"C{number}", title, ("no_phantom_switch", RUNTIME), inject))


_phantom(6, "a phantom switch to another runtime", lambda site, turn: site.rng.choice(
    [key for key in ("inventory", "planner", "analyst") if key != turn["runtime_key"]]))  # fmt: skip
_phantom(7, "a phantom switch to a runtime nobody knows", lambda _site, _turn: "phantom")


@fault("C8", "a gap inside a run", "no_hole_in_run", "runtime_complete")
def hole(site: Site) -> None:
    inside = [
        (turns[at], turns[at])
        for turns in conversations(site)
        for at in range(1, len(turns) - 1)
        if turns[at - 1]["runtime_key"] == turns[at]["runtime_key"] == turns[at + 1]["runtime_key"]
    ]
    for turn, _ in _pick_pairs(site, inside, 0):
        site.set_cell(turn, "runtime_key", "")


@fault("C9", "a turn after the migration without runtime", "never_empty_after_cutover", worlds=("living",))
def silent_writer(site: Site) -> None:
    for row in site.pick_turns("t.rowid > (SELECT max(high_rowid) FROM turntruth_migrations) AND t.runtime_key <> ''"):
        site.set_sql(row, "turn_metadata_json", "'{}'")
        site.set_cell(row, "runtime_key", "")
        site.set_sql(row, "inference_id", "''")


@fault("C10", "an old turn re-labelled by a later save", RUNTIME, worlds=("living",))
def relabel_old(site: Site) -> None:
    newest = (
        "(SELECT o.runtime_key FROM turns o WHERE o.conv_id = t.conv_id ORDER BY o.turn_created_at_ms DESC LIMIT 1)"
    )
    before = "t.rowid <= (SELECT max(high_rowid) FROM turntruth_migrations)"
    # Where nothing is known of the newest turn the label would be emptied, which is another fault.
    for row in site.pick_turns(f"{before} AND t.runtime_key NOT IN ('', {newest}) AND {newest} <> ''"):
        site.set_cell(row, "runtime_key", site.value(f"SELECT {newest} FROM turns t WHERE rowid = ?", row["row_id"]))


@fault("C11", "the turns of two runs exchanged", RUNTIME, _LATE, _EARLY, sized=False)
def exchange_runs(site: Site) -> None:
    candidates = [turns for turns in conversations(site) if len({turn["runtime_key"] for turn in turns}) == 2]
    for place in site.pick([{"row_id": turns[0]["row_id"], "turns": turns} for turns in candidates], most=1):
        keys = sorted({turn["runtime_key"] for turn in place["turns"]})
        for turn in place["turns"]:
            site.set_cell(turn, "runtime_key", keys[1 - keys.index(turn["runtime_key"])])


@fault("C12", "final and first snapshot of a turn exchanged", "phases_in_order", "snapshots_unchanged")
def exchange_phases(site: Site) -> None:
    both = (
        "EXISTS (SELECT 1 FROM turn_block_membership m WHERE m.turn_id = t.turn_id AND m.phase = 'pre_inference')"
        " AND EXISTS (SELECT 1 FROM turn_block_membership m WHERE m.turn_id = t.turn_id AND m.phase = 'final')"
    )
    for turn in site.pick_turns(both):
        rows = site.rows("SELECT rowid AS row_id, * FROM turn_block_membership WHERE turn_id = ?", turn["turn_id"])
        swap = {"final": "pre_inference", "pre_inference": "final"}
        for row in rows:
            if row["phase"] in swap:
                site.move_key(row, "phase", swap[row["phase"]], table="turn_block_membership")
