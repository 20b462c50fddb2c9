"""The asset and its check that docs/automation.md shows run in Dagster, and fail as the audit does."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.elsewhere


@pytest.fixture(scope="module")
def job(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The job in a Dagster that keeps nothing."""
    if find_spec("dagster") is None:
        pytest.skip("Dagster is not here: make test-orchestrators makes an environment that has it")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(tmp_path_factory.mktemp("dagster")))
        patch.setenv("DAGSTER_DISABLE_TELEMETRY", "yes")
        patch.syspath_prepend(str(examples))
        yield import_module("dagster_audit").defs.resolve_job_def("migrate_and_audit")


def run(job: Any, turns: Path) -> Any:
    files = {"turns": str(turns), "reports": str(turns.parent / "reports")}
    return job.execute_in_process(run_config={"resources": {"files": {"config": files}}}, raise_on_error=False)


def made(ran: Any) -> set[str]:
    return {event.asset_key.to_user_string() for event in ran.get_asset_materialization_events()}


def test_turns_that_are_proven_are_served(job: Any, turns: Path) -> None:
    ran = run(job, turns)

    assert ran.success
    (check,) = ran.get_asset_check_evaluations()
    assert check.passed
    assert check.metadata["verdict"].value == "passed"
    assert check.metadata["turns"].value == 2000
    assert made(ran) == {"migrated_turns", "served_turns"}


def test_findings_stop_what_comes_after_and_the_report_is_kept(job: Any, damaged: Path) -> None:
    ran = run(job, damaged)

    assert not ran.success
    (check,) = ran.get_asset_check_evaluations()
    assert not check.passed
    assert check.metadata["causes"].value[0].startswith("2 turns have another runtime")
    assert Path(check.metadata["report"].value).is_file()
    assert made(ran) == {"migrated_turns"}


def test_an_audit_that_cannot_look_at_what_it_must_is_no_verdict(
    job: Any, turns: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TURNTRUTH_REQUIRE", "timeline")

    ran = run(job, turns)

    assert not ran.success
    assert ran.get_asset_check_evaluations() == []
    assert made(ran) == {"migrated_turns"}
    assert len(list((turns.parent / "reports").glob("run_*/index.html"))) == 1
