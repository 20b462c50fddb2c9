"""The DAG that docs/automation.md shows runs in Airflow, and fails as the audit does."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.elsewhere


@pytest.fixture(scope="module")
def dag(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The DAG in an Airflow of its own."""
    if find_spec("airflow") is None:
        pytest.skip("Airflow is not here: make test-orchestrators makes an environment that has it")
    home = tmp_path_factory.mktemp("airflow")
    dags = home / "dags"
    dags.mkdir()
    shutil.copyfile(examples / "airflow_audit.py", dags / "airflow_audit.py")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_HOME", str(home))
        patch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True)
        patch.syspath_prepend(str(dags))
        yield import_module("airflow_audit").turntruth_audit


def run(dag: Any, turns: Path) -> Any:
    return dag.test(run_conf={"turns": str(turns), "reports": str(turns.parent / "reports")})


def told(ran: Any, key: str) -> str:
    (instance,) = [each for each in ran.get_task_instances() if each.task_id == "audit"]
    value = instance.xcom_pull(task_ids="audit", key=key)
    assert isinstance(value, str)
    return value


def states(ran: Any) -> dict[str, str]:
    return {each.task_id: str(each.state) for each in ran.get_task_instances()}


def test_turns_that_are_proven_pass(dag: Any, turns: Path) -> None:
    ran = run(dag, turns)

    assert states(ran) == {"migrate": "success", "audit": "success"}
    assert told(ran, "verdict") == "passed"
    assert Path(told(ran, "report")).is_file()


def test_findings_fail_the_task_and_the_report_is_kept(dag: Any, damaged: Path) -> None:
    ran = run(dag, damaged)

    assert states(ran) == {"migrate": "success", "audit": "failed"}
    assert told(ran, "verdict") == "failed"
    assert Path(told(ran, "report")).is_file()


def test_so_does_an_audit_that_cannot_look_at_what_it_must(
    dag: Any, turns: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TURNTRUTH_REQUIRE", "timeline")

    ran = run(dag, turns)

    assert states(ran) == {"migrate": "success", "audit": "failed"}
    assert Path(told(ran, "report")).is_file()


def test_without_a_file_nothing_is_audited(dag: Any, demo: Path, tmp_path: Path) -> None:
    ran = run(dag, tmp_path / "missing.db")

    assert states(ran) == {"migrate": "failed", "audit": "upstream_failed"}
    assert list(tmp_path.iterdir()) == []
