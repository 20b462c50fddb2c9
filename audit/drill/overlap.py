"""Why a check stays of which no fault shows that it is needed: each must be needed, or have a reason here."""

from __future__ import annotations

OVERLAP = {
    "columns_not_swapped": "says of a row that both values are right and in each other's place, not that two are wrong",
    "conversation_recorded": "warns of conversations that never had a record; one lost later is critical elsewhere",
    "default_applies": "tries an insert without the columns: what a declaration does, not how it is written",
    "explicit_values": "for information: counts what a live writer said and metadata does not, which is no fault",
    "guessed_from_neighbour": "says from which turn an invented value was taken",
    "guessed_from_pointer": "says that an invented value is the conversation's newest runtime",
    "history_not_relabelled": "says of a conversation in one line what the others say turn by turn",
    "inference_shared_in_metadata": "warns: the writer's metadata is at fault, the columns tell it faithfully",
    "metadata_readable": "warns of metadata that was damaged before the migration; nothing can be proved of it",
    "no_null_value": "for files whose column lost NOT NULL: the declaration may be repaired and the NULL stay",
    "no_phantom_switch": "says that a runtime between two others was never switched to",
    "no_blank_padding": "says how a value is wrong, and finds it where no metadata tells what is right",
    "no_invisible_characters": "says how a value is wrong where both texts look the same",
    "tables_readable": "names the table that a damaged page is in; without it other checks would see no rows",
    "turns_have_blocks": "for information: a turn may have been saved empty",
}
"""Check to the reason; the page about what is detected shows it where a run found no fault for the check alone."""
