"""Why a check stays of which no fault shows that it is needed: each must be needed, or have a reason here."""

from __future__ import annotations

OVERLAP = {
    "block_json_valid": "finds damage whose hash was written anew with it, where there is no baseline",
    "columns_not_swapped": "says of a row that both values are right and in each other's place, not that two are wrong",
    "completion_true": "says that the ledger claims what is not so, and not only that values are missing",
    "conversation_recorded": "warns of conversations that never had a record; one lost later is critical elsewhere",
    "default_applies": "tries an insert without the columns: what a declaration does, not how it is written",
    "explicit_values": "for information: counts what a live writer said and metadata does not, which is no fault",
    "guessed_from_neighbour": "says from which turn an invented value was taken",
    "guessed_from_pointer": "says that an invented value is the conversation's newest runtime",
    "history_not_relabelled": "says of a conversation in one line what the others say turn by turn",
    "inference_not_shared": "finds a copied inference where no metadata contradicts it",
    "inference_shared_in_metadata": "warns: the writer's metadata is at fault, the columns tell it faithfully",
    "metadata_readable": "warns of metadata that was damaged before the migration; nothing can be proved of it",
    "no_blank_padding": "says how a value is wrong, and finds it where no metadata tells what is right",
    "no_hole_in_run": "finds a gap among turns of one runtime where no metadata tells its value",
    "no_invisible_characters": "says how a value is wrong where both texts look the same",
    "no_null_value": "for files whose column lost NOT NULL: the declaration may be repaired and the NULL stay",
    "no_phantom_switch": "says that a runtime between two others was never switched to",
    "no_placeholder": "says that a word for nothing stands where nothing is known",
    "parsers_agree": "says that two parsers read a text differently, so that no other check can be trusted on it",
    "switch_not_early": "says that a switch was recorded a turn too early, not that two values are wrong",
    "switch_not_late": "says that a switch was recorded a turn too late, not that two values are wrong",
    "tables_readable": "names the table that a damaged page is in; without it other checks would see no rows",
    "turns_have_blocks": "for information: a turn may have been saved empty",
    "turns_not_copied": "says which turn a row was copied from, where there is no baseline",
}
"""Check to the reason; the page about what is detected shows it where a run found no fault for the check alone."""
