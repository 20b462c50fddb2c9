"""Backfills that did not reach every row, or not every kind of evidence."""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks.detection.fault import Fault, add, fault
from benchmarks.detection.files.site import NoPlaceError, Row, Site

_COMPLETE = ("runtime_complete", "inference_complete")
_COLUMNS = ("runtime_key", "inference_id")


def empty(site: Site, rows: Iterable[Row], columns: Iterable[str] = _COLUMNS) -> None:
    """Empty the columns of turns; at least one cell has to have held something."""
    before = len(site.changes)
    for row in rows:
        for column in columns:
            site.set_cell(row, column, "")
    if len(site.changes) == before:
        raise NoPlaceError("a turn with a value")


_FILLED = "t.runtime_key <> '' AND t.inference_id <> ''"


@fault("B1", "the backfill never ran: crash after ALTER", *_COMPLETE, sized=False)
def never_ran(site: Site) -> None:
    empty(site, site.turns())
    site.run("UPDATE turntruth_migrations SET state = 'running', finished_at_ms = 0 WHERE step = 'migration'")


@fault("B2", "the last batch was skipped", *_COMPLETE, sized=False)
def skip_last_batch(site: Site) -> None:
    empty(site, site.turns("t.rowid > (SELECT max(rowid) - ? FROM turns)", site.batch_rows))


@fault("B3", "rows at a batch boundary were skipped", *_COMPLETE, worlds=("plain", "foreign"))
def skip_at_boundary(site: Site) -> None:
    boundary = f"t.rowid % {site.batch_rows} IN (0, 1, {site.batch_rows - 1})"
    empty(site, site.pick_turns(f"{boundary} AND (t.runtime_key <> '' OR t.inference_id <> '')"))


@fault("B4", "the first batch was skipped", *_COMPLETE, sized=False)
def skip_first_batch(site: Site) -> None:
    empty(site, site.turns("t.rowid <= ?", site.batch_rows))


@fault("B5", "rows that tie in the cursor column were skipped", *_COMPLETE)
def skip_ties(site: Site) -> None:
    tied = "EXISTS (SELECT 1 FROM turns o WHERE o.updated_at_ms = t.updated_at_ms AND o.rowid < t.rowid)"
    rows = site.rows(f"SELECT t.rowid AS row_id, t.* FROM turns t WHERE {tied} AND {_FILLED} ORDER BY t.rowid")
    # Few clocks tick together: else make a tie that is no change, then skip its second row.
    empty(site, site.pick(rows or site.turns(_FILLED)))


@fault("B6", "damaged metadata aborted the statement", *_COMPLETE, sized=False)
def abort_at_damage(site: Site) -> None:
    damaged = site.value(
        "SELECT min(rowid) FROM turns WHERE turn_metadata_json <> '' AND NOT json_valid(turn_metadata_json)"
    )
    if damaged is None:
        raise NoPlaceError("damaged metadata")
    empty(site, site.turns("t.rowid > ?", damaged))


@fault("B7", "runtimes filled, inferences not", "inference_complete", sized=False)
def only_runtimes(site: Site) -> None:
    empty(site, site.turns(), ("inference_id",))


@fault("B8", "inferences filled, runtimes not", "runtime_complete", sized=False)
def only_inferences(site: Site) -> None:
    empty(site, site.turns(), ("runtime_key",))


@fault("B9", "rows that came during the backfill were missed", *_COMPLETE, worlds=("plain", "living"))
def miss_late_rows(site: Site) -> None:
    empty(site, site.turns(_FILLED)[-site.count :])


@fault(
    "B10",
    "the ledger says completed, but values are missing",
    "completion_true",
    *_COMPLETE,
    worlds=("plain", "partial", "foreign"),
)
def lie_of_residue(site: Site) -> None:
    # A value that was there before the migration is not missing from its work: to lose that is another fault.
    filled = f"{_FILLED} AND t.runtime_key NOT LIKE 'explicit-%' AND t.inference_id NOT LIKE 'explicit-%'"
    empty(site, site.pick_turns(filled), (site.rng.choice(_COLUMNS),))


@fault("B11", "every n-th row was skipped", *_COMPLETE, sized=False)
def skip_every_nth(site: Site) -> None:
    stride = site.rng.choice((2, 3, 7, 10))
    empty(site, site.turns("t.rowid % ? = 0", stride))


@fault("B12", "one conversation was skipped", *_COMPLETE, sized=False)
def skip_conversation(site: Site) -> None:
    row = site.pick_turns(_FILLED, most=1)[0]
    empty(site, site.turns("t.conv_id = ?", row["conv_id"]))


@fault("B13", "half of a row was filled", *_COMPLETE)
def fill_half(site: Site) -> None:
    for row in site.pick_turns(_FILLED):
        empty(site, [row], (site.rng.choice(_COLUMNS),))


@fault("B14", "the fill was undone for runtimes outside of ASCII", "runtime_complete")
def skip_unicode(site: Site) -> None:
    empty(site, site.pick_turns("octet_length(t.runtime_key) > length(t.runtime_key)"), ("runtime_key",))


@fault("B15", "rows of the second session were skipped", *_COMPLETE, sized=False)
def skip_second_session(site: Site) -> None:
    later = (
        "EXISTS (SELECT 1 FROM turns o WHERE o.conv_id = t.conv_id AND o.session_id <> t.session_id"
        " AND o.rowid < t.rowid)"
    )
    empty(site, site.turns(later))


_EVIDENCE = {
    "a text": "json_type(t.turn_metadata_json, '$.\"geppetto.runtime@v1\"') = 'text'",
    "a map": "json_type(t.turn_metadata_json, '$.\"geppetto.runtime@v1\".\"runtime_key\"') = 'text'",
    "a profile": "json_type(t.turn_metadata_json, '$.\"geppetto.runtime@v1\"') = 'object'"
    ' AND json_type(t.turn_metadata_json, \'$."geppetto.runtime@v1"."runtime_key"\') IS NULL',
    "an older key": "json_type(t.turn_metadata_json, '$.\"geppetto.runtime@v1\"') IS NULL",
}


def _skip_kind(number: int, kind: str, condition: str, *, everywhere: bool) -> None:
    # SQLite may test conditions in any order: only CASE keeps it from parsing what is no JSON.
    usable = f"t.runtime_key <> '' AND CASE WHEN json_valid(t.turn_metadata_json) THEN {condition} END"

    def inject(site: Site) -> None:
        empty(site, site.turns(usable) if everywhere else site.pick_turns(usable), ("runtime_key",))

    extent = "all rows" if everywhere else "rows"
    add(
        Fault(
            f"B{number}",
            f"{extent} whose evidence is {kind} were left out",
            ("runtime_complete",),
            inject,
            sized=not everywhere,
        )
    )


for _number, (_kind, _condition) in enumerate(_EVIDENCE.items()):
    _skip_kind(20 + _number, _kind, _condition, everywhere=False)
    _skip_kind(30 + _number, _kind, _condition, everywhere=True)


@fault("B24", "rows whose inference has an older key were left out", "inference_complete")
def skip_older_inference(site: Site) -> None:
    older = (
        "CASE WHEN json_valid(t.turn_metadata_json) THEN"
        " json_type(t.turn_metadata_json, '$.\"inference_id\"') = 'text' END"
    )
    empty(site, site.pick_turns(f"t.inference_id <> '' AND {older}"), ("inference_id",))
