"""Consequences that a check's own ``breaks`` do not show, each with a fault of the drill that shows it.

``make test-detection`` makes these faults and holds the table to them; ``make test`` holds it to the headers.
"""

from __future__ import annotations

SHOWN_BY_FAULTS: dict[tuple[str, str, str], tuple[tuple[str, str], ...]] = {
    ("B1", "plain", "without"): (
        ("migration_finished", "inference_complete"),
        ("migration_finished", "runtime_complete"),
    ),
    ("B9", "living", "without"): (("never_empty_after_cutover", "runtime_complete"),),
    ("B11", "plain", "with"): (
        ("changes_as_stated", "inference_complete"),
        ("no_hole_in_run", "runtime_complete"),
        ("pointer_agrees", "runtime_complete"),
    ),
    ("N7", "plain", "with"): (("conversation_has_turns", "turns_kept"),),
    ("N8", "plain", "with"): (
        ("snapshots_unchanged", "turns_kept"),
        ("snapshots_unchanged", "turns_not_added"),
    ),
    ("N32", "plain", "with"): (("snapshots_unchanged", "blocks_unchanged"),),
    ("N51", "plain", "with"): (("changes_as_stated", "guessed_from_neighbour"),),
    ("S3", "plain", "with"): (
        ("runtime_complete", "attribution_columns_exist"),
        ("schema_objects_kept", "attribution_columns_exist"),
    ),
    ("S19", "plain", "with"): (
        ("changes_as_stated", "attribution_columns_exist"),
        ("database_intact", "attribution_columns_exist"),
        ("inference_not_shared", "attribution_columns_exist"),
        ("made_up_values", "attribution_columns_exist"),
    ),
    ("S21", "plain", "without"): (("attribution_indexes_exist", "tables_as_declared"),),
    ("S23", "plain", "without"): (("no_null_value", "attribution_columns_exist"),),
    ("S53", "plain", "with"): (("schema_objects_kept", "other_indexes_as_declared"),),
    ("S54", "plain", "with"): (("schema_objects_kept", "no_unique_surprises"),),
    ("S61", "plain", "with"): (("schema_objects_kept", "primary_keys_as_declared"),),
    ("S63", "plain", "with"): (("schema_objects_kept", "foreign_keys_as_declared"),),
    ("S65", "plain", "with"): (("schema_objects_kept", "no_undeclared_columns"),),
    ("S66", "plain", "with"): (("schema_objects_kept", "columns_in_order"),),
    ("S75", "plain", "with"): (("schema_objects_kept", "no_leftover_tables"),),
    ("S76", "plain", "with"): (
        ("default_applies", "no_triggers"),
        ("schema_objects_kept", "no_triggers"),
    ),
    ("S77", "plain", "with"): (("schema_objects_kept", "no_views"),),
    ("S79", "plain", "with"): (
        ("other_indexes_as_declared", "other_columns_as_declared"),
        ("schema_objects_kept", "other_columns_as_declared"),
    ),
    ("S82", "plain", "with"): (("schema_objects_kept", "tables_as_declared"),),
    ("S107", "rebuilt", "with"): (("block_lists_refer", "turns_kept"),),
    ("V11", "plain", "with"): (("changes_as_stated", "guessed_from_pointer"),),
    ("V14", "plain", "with"): (("changes_as_stated", "inference_not_shared"),),
    ("V17", "plain", "without"): (
        ("no_phantom_switch", "columns_not_swapped"),
        ("pointer_agrees", "columns_not_swapped"),
        ("runtime_in_registry", "columns_not_swapped"),
    ),
    ("V20", "plain", "without"): (
        ("history_not_relabelled", "runtime_matches_evidence"),
        ("no_phantom_switch", "runtime_matches_evidence"),
        ("pointer_agrees", "runtime_matches_evidence"),
        ("switch_not_early", "runtime_matches_evidence"),
        ("switch_not_late", "runtime_matches_evidence"),
    ),
    ("V21", "plain", "without"): (("inference_not_shared", "inference_matches_evidence"),),
    ("V35", "plain", "with"): (
        ("changes_as_stated", "runtime_matches_evidence"),
        ("switch_events_match_turns", "runtime_matches_evidence"),
    ),
    ("V42", "plain", "with"): (
        ("changes_as_stated", "made_up_values"),
        ("changes_as_stated", "no_placeholder"),
        ("no_phantom_switch", "no_placeholder"),
        ("runtime_in_registry", "made_up_values"),
        ("runtime_in_registry", "no_placeholder"),
    ),
    ("V102", "foreign", "without"): (
        ("no_invisible_characters", "no_blank_padding"),
        ("no_phantom_switch", "no_blank_padding"),
        ("runtime_in_registry", "no_blank_padding"),
        ("runtime_in_registry", "runtime_matches_evidence"),
    ),
    ("V108", "plain", "without"): (("pointer_agrees", "no_blank_padding"),),
    ("V117", "plain", "without"): (
        ("no_phantom_switch", "no_invisible_characters"),
        ("runtime_in_registry", "no_invisible_characters"),
    ),
    ("V146", "plain", "without"): (("pointer_agrees", "no_placeholder"),),
    ("V179", "plain", "with"): (
        ("changes_as_stated", "no_blank_padding"),
        ("ledger_counts_true", "no_blank_padding"),
    ),
    ("V180", "plain", "with"): (
        ("changes_as_stated", "no_invisible_characters"),
        ("ledger_counts_true", "no_invisible_characters"),
    ),
    ("V186", "plain", "with"): (
        ("changes_as_stated", "runtime_complete"),
        ("changes_as_stated", "stored_as_text"),
        ("completion_true", "stored_as_text"),
        ("ledger_counts_true", "stored_as_text"),
    ),
    ("V190", "plain", "without"): (
        ("no_invisible_characters", "stored_as_text"),
        ("no_phantom_switch", "stored_as_text"),
        ("runtime_in_registry", "stored_as_text"),
        ("runtime_matches_evidence", "stored_as_text"),
    ),
    ("V191", "plain", "with"): (
        ("changes_as_stated", "no_null_value"),
        ("ledger_counts_true", "no_null_value"),
    ),
    ("L8", "plain", "without"): (("changes_add_up", "ledger_counts_true"),),
    ("N64", "plain", "with"): (
        ("snapshots_unchanged", "no_missing_ids"),
        ("snapshots_unchanged", "turn_columns_unchanged"),
    ),
    ("T2", "plain", "without"): (("never_empty_after_cutover", "turn_times_in_milliseconds"),),
    ("T15", "plain", "without"): (("never_empty_after_cutover", "turn_times_near_conversation"),),
    ("T3", "plain", "with"): (
        ("snapshots_unchanged", "turn_times_in_milliseconds"),
        ("turn_times_unchanged", "turn_times_in_milliseconds"),
    ),
    ("T16", "plain", "with"): (
        ("snapshots_unchanged", "turn_times_near_conversation"),
        ("turn_times_unchanged", "turn_times_near_conversation"),
    ),
    ("N85", "plain", "with"): (
        ("turn_times_match_snapshots", "turn_times_unchanged"),
        ("turn_times_plausible", "turn_times_match_snapshots"),
        ("turn_times_plausible", "turn_times_unchanged"),
    ),
    ("T10", "plain", "with"): (
        ("blocks_unchanged", "file_times_in_milliseconds"),
        ("snapshots_unchanged", "file_times_in_milliseconds"),
        ("turn_times_unchanged", "file_times_in_milliseconds"),
    ),
    ("S18", "plain", "with"): (("no_blank_padding", "attribution_columns_exist"),),
}
"""Fault, kind of file and way to audit, to pairs of a check and the one whose consequence its findings then are."""


def shown_elsewhere(cause: str) -> set[str]:
    """The checks that say they can follow from this one and need another damage than its own ``breaks`` to do so."""
    return {check for pairs in SHOWN_BY_FAULTS.values() for check, of in pairs if of == cause}
