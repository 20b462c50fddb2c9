"""What a row gets without the columns that metadata fills; a definition that computes without end is stopped."""

from __future__ import annotations

import pytest

from audit.sqlite.attributed_column import COLUMN_NAMES
from audit.staging import default_probe
from audit.staging.default_probe import ProbedDefault, probe_defaults
from support.files.sqlite_files import TURNS_DDL

_ENDLESS = """CREATE TRIGGER endless AFTER INSERT ON turns BEGIN
SELECT count(*) FROM (WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c); END"""


def test_the_declared_defaults_are_read_back() -> None:
    assert probe_defaults([TURNS_DDL]) == [ProbedDefault(column, "text", "") for column in COLUMN_NAMES]


def test_a_trigger_that_never_ends_is_stopped_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(default_probe, "_SECONDS", 0.05)
    (problem,) = {each.problem for each in probe_defaults([TURNS_DDL, _ENDLESS])}

    assert "what the definitions compute does not end" in problem


def test_a_default_that_makes_too_long_a_value_is_told() -> None:
    longer = TURNS_DDL.replace(
        "inference_id TEXT NOT NULL DEFAULT ''", "inference_id TEXT DEFAULT (hex(zeroblob(9e7)))"
    )
    (problem,) = {each.problem for each in probe_defaults([longer])}

    assert "too big" in problem
