"""A file is refused in a role it cannot play, by the name of the shape it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.errors import FileShapeError
from audit.staging.shape import Tables, require_shape

KEY = ("conv_id", "session_id", "turn_id")
TARGET: Tables = {"turns": (*KEY, "turn_created_at_ms", "runtime_key", "inference_id", "updated_at_ms")}
BEFORE: Tables = {"turns": (*KEY, "turn_created_at_ms", "turn_metadata_json", "updated_at_ms"), "blocks": ("block_id",)}
TIMELINE: Tables = {"timeline_conversations": ("conv_id", "runtime_key"), "timeline_versions": ("conv_id", "version")}


@pytest.mark.parametrize(
    ("role", "tables"),
    [
        ("turns", TARGET),
        ("turns", BEFORE),
        ("turns", {**TARGET, "turn_snapshots_legacy": ("payload",)}),
        ("turns", {"turns": KEY}),
        ("baseline", BEFORE),
        ("baseline", {"turns": (*KEY, "phase", "created_at_ms", "payload")}),
        ("baseline", {"turns": ("conv_id", "run_id", "turn_id", "phase", "created_at_ms", "payload")}),
        ("baseline", {"turn_snapshots": (*KEY, "phase", "created_at_ms", "payload")}),
        ("timeline", TIMELINE),
    ],
)
def test_a_usable_shape_is_accepted(role: str, tables: Tables) -> None:
    require_shape(role, Path("x.db"), tables)


@pytest.mark.parametrize(
    ("role", "tables", "shape", "message"),
    [
        ("turns", {"turns": (*KEY, "phase", "created_at_ms", "payload")}, "legacy turns", "turntruth migrate"),
        ("turns", {"turns": ("conv_id", "run_id", "turn_id", "phase", "payload")}, "legacy turns", "oldest shape"),
        ("turns", {**TARGET, "turn_snapshots": ("payload",)}, "legacy snapshots", "turntruth migrate"),
        ("baseline", {"turns": (*KEY, "phase", "payload")}, "legacy turns", "without --baseline"),
        ("baseline", {**TARGET, "turn_snapshots": ("payload",)}, "legacy snapshots", "without --baseline"),
        ("baseline", {"turntruth_quarantine": (*KEY, "phase", "created_at_ms", "payload")}, "other", "no table turns"),
        ("turns", {"turns": ("id", "text")}, "unknown turns", "no column conv_id, session_id, turn_id, but id, text"),
        ("turns", TIMELINE, "other", "no table turns.*swapped"),
        ("turns", {}, "other", "no tables at all"),
        ("timeline", TARGET, "other", "not a conversation file.*swapped"),
        ("timeline", {"timeline_versions": ("conv_id",)}, "timeline without conversations", "older conversation file"),
    ],
)
def test_another_shape_is_refused_by_name(role: str, tables: Tables, shape: str, message: str) -> None:
    with pytest.raises(FileShapeError, match=message) as caught:
        require_shape(role, Path("x.db"), tables)
    assert caught.value.shape == shape
    assert caught.value.exit_code == 2
