"""Values that belong somewhere else: to another row, another column, another member of the metadata, or nowhere."""

from __future__ import annotations

from benchmarks.detection.fault import Fault, add, fault
from benchmarks.detection.files.site import Row, Site

MATCH = ("runtime_matches_evidence", "inference_matches_evidence")
RUNTIME, INFERENCE = MATCH
INVENTED = ("made_up_values", "guessed_from_neighbour", "guessed_from_pointer")
_FILLED = "t.runtime_key <> '' AND t.inference_id <> ''"
_KNOWN = "t.runtime_key <> ''"
_UNKNOWN = "t.runtime_key = ''"
_INFERRED = "t.inference_id <> ''"
_TEXTUAL = (
    "CASE WHEN json_valid(t.turn_metadata_json) THEN"
    " json_type(t.turn_metadata_json, '$.\"geppetto.runtime@v1\"') = 'text' END"
)
_SOUND = "json_valid(t.turn_metadata_json) AND t.turn_metadata_json <> 'null'"


def _member(path: str) -> str:
    """SQL for a text in a turn's metadata, NULL where there is none; damaged metadata is never parsed."""
    return f"CASE WHEN json_valid(t.turn_metadata_json) THEN json_extract(t.turn_metadata_json, '{path}') END"


@fault("V1", "values of the row before", *MATCH, worlds=("plain", "foreign"))
def shift_by_one(site: Site) -> None:
    rows = site.turns(_FILLED)
    starts = range(1, max(2, len(rows) - site.count + 1))
    start = site.pick([{"row_id": rows[at]["row_id"], "at": at} for at in starts], most=1)[0]["at"]
    for at in range(start, min(start + site.count, len(rows))):
        for column in ("runtime_key", "inference_id"):
            site.set_cell(rows[at], column, rows[at - 1][column])


@fault("V2", "values of two rows exchanged", *MATCH)
def exchange(site: Site) -> None:
    for row in site.pick_turns(_FILLED):
        other = site.rng.choice(site.turns(f"{_FILLED} AND t.rowid <> ?", row["row_id"]))
        fresh = site.turns("t.rowid = ?", row["row_id"])[0]
        for column in ("runtime_key", "inference_id"):
            site.set_cell(fresh, column, other[column])
            site.set_cell(other, column, fresh[column])
        if site.count > 1:
            break


def _from_member(number: int, title: str, column: str, path: str, condition: str) -> None:
    check = RUNTIME if column == "runtime_key" else INFERENCE

    def inject(site: Site) -> None:
        for row in site.pick_turns(f"{condition} AND {_member(path)} <> t.{column}"):
            found = site.value(f"SELECT CAST({_member(path)} AS TEXT) FROM turns t WHERE rowid = ?", row["row_id"])
            site.set_cell(row, column, found)

    add(Fault(f"V{number}", title, (check,), inject))


_from_member(
    3, "runtime read from the registry's name", "runtime_key", '$."geppetto.runtime@v1"."profile.registry"', _KNOWN
)
_from_member(
    4, "runtime read from the fingerprint", "runtime_key", '$."geppetto.runtime@v1"."runtime_fingerprint"', _KNOWN
)
_from_member(
    5, "runtime read from the profile's version", "runtime_key", '$."geppetto.runtime@v1"."profile.version"', _KNOWN
)
_from_member(
    6,
    "runtime is the whole map as JSON",
    "runtime_key",
    '$."geppetto.runtime@v1"',
    f"{_KNOWN} AND instr(t.turn_metadata_json, 'runtime_key')",
)
_from_member(7, "inference read from the session", "inference_id", '$."geppetto.session_id@v1"', _INFERRED)
_from_member(8, "inference read from the trace", "inference_id", '$."geppetto.trace_id@v1"', _INFERRED)


@fault("V10", "unknown runtime guessed from the pointer", *INVENTED, worlds=("plain",))
def guess_from_pointer(site: Site) -> None:
    records = site.rows("SELECT * FROM timeline_conversations WHERE runtime_key <> ''", role="timeline")
    pointers = {row["conv_id"]: row["runtime_key"] for row in records}
    for row in site.pick([row for row in site.turns(_UNKNOWN) if row["conv_id"] in pointers], wanted="an unknown turn"):
        site.set_cell(row, "runtime_key", pointers[row["conv_id"]])


@fault("V11", "unknown runtime guessed from the turn before", *INVENTED)
def guess_from_neighbour(site: Site) -> None:
    before = (
        "(SELECT o.runtime_key FROM turns o WHERE o.conv_id = t.conv_id AND o.runtime_key <> ''"
        " AND o.turn_created_at_ms < t.turn_created_at_ms ORDER BY o.turn_created_at_ms DESC LIMIT 1)"
    )
    for row in site.pick_turns(f"{_UNKNOWN} AND {before} IS NOT NULL"):
        site.set_cell(row, "runtime_key", site.value(f"SELECT {before} FROM turns t WHERE rowid = ?", row["row_id"]))


@fault("V12", "unknown runtime set to a default", *INVENTED, "no_placeholder")
def make_up(site: Site) -> None:
    value = site.rng.choice(("default", "unknown", "legacy", "webchat", "-"))
    for row in site.pick_turns(_UNKNOWN):
        site.set_cell(row, "runtime_key", value)


@fault("V13", "unknown inference made up", *INVENTED)
def make_up_inference(site: Site) -> None:
    for row in site.pick_turns("t.inference_id = ''"):
        site.set_cell(row, "inference_id", f"{site.rng.getrandbits(128):032x}")


@fault("V14", "unknown inference taken from another turn", *INVENTED, "inference_not_shared")
def borrow_inference(site: Site) -> None:
    for row in site.pick_turns("t.inference_id = ''"):
        donor = site.rng.choice(site.turns(_INFERRED))
        site.set_cell(row, "inference_id", donor["inference_id"])


@fault("V15", "inference of another turn", INFERENCE, "inference_not_shared")
def share_inference(site: Site) -> None:
    donors = site.turns(_INFERRED)
    for row in site.pick_turns(_INFERRED):
        donor = site.rng.choice([each for each in donors if each["row_id"] != row["row_id"]])
        site.set_cell(row, "inference_id", donor["inference_id"])


@fault("V16", "the two columns exchanged", "columns_not_swapped", worlds=("plain", "foreign"))
def swap_columns(site: Site) -> None:
    for row in site.pick_turns(_FILLED):
        site.set_cell(row, "runtime_key", row["inference_id"])
        site.set_cell(row, "inference_id", row["runtime_key"])


@fault("V17", "the two columns exchanged in every row", "columns_not_swapped", sized=False)
def swap_all(site: Site) -> None:
    for row in site.turns(_FILLED):
        site.set_cell(row, "runtime_key", row["inference_id"])
        site.set_cell(row, "inference_id", row["runtime_key"])


@fault("V18", "the inference in both columns", "columns_not_swapped", RUNTIME)
def copy_inference(site: Site) -> None:
    for row in site.pick_turns(_FILLED):
        site.set_cell(row, "runtime_key", row["inference_id"])


@fault("V19", "runtime of another conversation", RUNTIME)
def foreign_runtime(site: Site) -> None:
    for row in site.pick_turns(_KNOWN):
        others = site.turns(f"{_KNOWN} AND t.conv_id <> ? AND t.runtime_key <> ?", row["conv_id"], row["runtime_key"])
        site.set_cell(row, "runtime_key", site.rng.choice(others)["runtime_key"])


@fault("V20", "every known row says the same runtime", RUNTIME, sized=False)
def flatten(site: Site) -> None:
    for row in site.turns(_KNOWN):
        site.set_cell(row, "runtime_key", "inventory")


@fault("V21", "every known row says the same inference", INFERENCE, sized=False)
def flatten_inference(site: Site) -> None:
    constant = site.value("SELECT inference_id FROM turns WHERE inference_id <> '' ORDER BY rowid LIMIT 1")
    for row in site.turns(_INFERRED):
        site.set_cell(row, "inference_id", constant)


@fault("V22", "a retired runtime, in metadata too", "runtime_in_registry", needs="registry")
def retire(site: Site) -> None:
    for row in site.pick_turns(f"{_KNOWN} AND {_TEXTUAL}"):
        name = site.rng.choice(("inventory-2023", "Planner", "plannner"))
        metadata = site.value(
            "SELECT json_set(turn_metadata_json, '$.\"geppetto.runtime@v1\"', ?) FROM turns WHERE rowid = ?",
            name, row["row_id"],
        )  # fmt: skip
        site.set_on_both(row, "turn_metadata_json", metadata)
        site.set_cell(row, "runtime_key", name)


def _explicit(site: Site) -> list[Row]:
    """Turns whose value was there before the migration and is not in their metadata."""
    return site.turns("t.runtime_key LIKE 'explicit-%'")


@fault(
    "V25",
    "a recorded value overwritten by another one",
    "attribution_not_overwritten",
    needs="baseline",
    worlds=("partial",),
)
def overwrite(site: Site) -> None:
    for row in site.pick(_explicit(site), wanted="a recorded value"):
        site.set_cell(row, "runtime_key", "inventory")


@fault("V26", "a recorded value emptied", "attribution_not_overwritten", needs="baseline", worlds=("partial",))
def forget(site: Site) -> None:
    for row in site.pick(_explicit(site), wanted="a recorded value"):
        site.set_cell(row, "runtime_key", "")


@fault("V28", "a recorded inference overwritten", "attribution_not_overwritten", needs="baseline", worlds=("partial",))
def overwrite_inference(site: Site) -> None:
    for row in site.pick_turns("t.inference_id LIKE 'explicit-%'"):
        site.set_cell(row, "inference_id", f"{row['inference_id']}-again")


def _conflicting(number: int, title: str, metadata: str, wanted: str, wrong: str) -> None:
    """Metadata on which parsers differ (in the baseline too); the column holds the wrong reading."""

    def inject(site: Site) -> None:
        for row in site.pick_turns(_KNOWN):
            site.retell(row, metadata)
            site.set_cell({**row, "runtime_key": wanted}, "runtime_key", wrong)

    add(Fault(f"V{number}", title, (RUNTIME,), inject))


_conflicting(30, "the first of duplicate keys", '{"runtime":"planner","runtime":"analyst"}', "analyst", "planner")
_conflicting(
    31,
    "the alias instead of the canonical key",
    '{"geppetto.runtime@v1":"planner","runtime":"analyst"}',
    "planner",
    "analyst",
)
_conflicting(32, "an escape read as its letters", '{"runtime":"caf\\u00e9"}', "café", "caf\\u00e9")
_conflicting(
    33,
    "the slug instead of the runtime key",
    '{"geppetto.runtime@v1":{"slug":"planner","runtime_key":"analyst"}}',
    "analyst",
    "planner",
)
_conflicting(
    34,
    "a nested map read one level too high",
    '{"geppetto.runtime@v1":{"runtime_key":{"slug":"planner"},"slug":"analyst"}}',
    "planner",
    "analyst",
)
_conflicting(35, "a surrogate pair torn apart", '{"runtime":"r\\ud83d\\ude9a"}', "r🚚", "r\ufffd\ufffd")


def _coerced(number: int, title: str, metadata: str, value: str) -> None:
    """Metadata whose value has a type that is no evidence; the column holds it printed."""

    def inject(site: Site) -> None:
        for row in site.pick_turns(f"{_UNKNOWN} AND {_SOUND}"):
            site.retell(row, metadata)
            site.set_cell(row, "runtime_key", value)

    add(Fault(f"V{number}", title, (*INVENTED, "no_placeholder"), inject))


_coerced(40, "a number printed as a runtime", '{"runtime":7}', "7")
_coerced(41, "true printed as a runtime", '{"runtime":true}', "1")
_coerced(42, "null printed as a runtime", '{"runtime":null}', "null")
_coerced(43, "a list printed as a runtime", '{"runtime":["planner"]}', '["planner"]')
_coerced(44, "a map printed as a runtime", '{"runtime":{"x":1}}', "[object Object]")
_coerced(46, "an inference id as a runtime", '{"runtime":{"inference_id":"inf-7"}}', "inf-7")


@fault("V45", "a runtime out of damaged metadata", *INVENTED)
def read_damaged(site: Site) -> None:
    for row in site.pick_turns("trim(t.turn_metadata_json) <> '' AND NOT json_valid(t.turn_metadata_json)"):
        site.set_cell(row, "runtime_key", "planner")
