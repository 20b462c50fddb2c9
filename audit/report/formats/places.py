"""In which of the audited files a finding lies."""

from __future__ import annotations

from collections.abc import Sequence

from audit.results.records import InputFile

_ROLES_BY_TABLE_PREFIX = {"timeline_": "timeline"}


def input_of(table: str, inputs: Sequence[InputFile]) -> int | None:
    """Which of the files a table lies in, by its place among them; None where that file is none of them."""
    role = next((role for prefix, role in _ROLES_BY_TABLE_PREFIX.items() if table.startswith(prefix)), "turns")
    return next((index for index, entry in enumerate(inputs) if entry.role == role), None)
