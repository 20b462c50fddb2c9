"""The steps of an audit: each reads what steps before it have found, and nothing else."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, get_type_hints

import duckdb
import pytest

from audit.errors import MemoryLimitError
from audit.great_expectations.validation_process import Judge
from audit.pipeline import run
from audit.pipeline.context import AuditContext
from audit.pipeline.settings import AuditSettings
from audit.results.records import AuditResult
from support.files.sqlite_files import make_turns


def test_the_steps_read_like_a_table_of_contents() -> None:
    assert [step.__name__ for step in run.STEPS] == [
        "choose",
        "plan",
        "load_judge",
        "stage_files",
        "stage_references",
        "measure",
        "weigh",
        "trace",
        "chronicle",
        "translate",
        "judge",
        "conclude",
        "redact_result",
        "write_report",
    ]
    assert all(step.__doc__ for step in run.STEPS)


def test_each_step_reads_the_context_and_results_of_steps_before_it() -> None:
    known: set[Any] = {AuditContext}
    for step in run.STEPS:
        hints = get_type_hints(step)
        found = hints.pop("return")
        assert set(hints.values()) <= known, step.__name__
        assert found not in known, f"{step.__name__} replaces what another step has found"
        known.add(found)
    assert AuditResult in known


def test_what_steps_hand_on_cannot_be_changed_and_is_small() -> None:
    found = {get_type_hints(step)["return"] for step in run.STEPS} - {Judge, type(None), AuditResult}
    for kind in (AuditContext, *found):
        assert is_dataclass(kind)
        assert vars(kind)["__dataclass_params__"].frozen, kind
        assert len(fields(kind)) <= 7, kind


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (RuntimeError("Query interrupted"), KeyboardInterrupt),
        (duckdb.OutOfMemoryException("no more"), MemoryLimitError),
        (RuntimeError("something else"), RuntimeError),
    ],
)
def test_what_duckdb_says_of_ctrl_c_and_of_memory_is_told_as_that(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, raised: Exception, told: type[BaseException]
) -> None:
    def fail(audit: AuditContext) -> None:
        raise raised

    monkeypatch.setattr(run, "STEPS", (fail,))
    with pytest.raises(told) as caught:
        run.run_audit(AuditSettings(make_turns(tmp_path / "turns.db")))
    assert caught.value is raised or caught.value.__cause__ is raised
