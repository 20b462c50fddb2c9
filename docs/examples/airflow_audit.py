"""An Airflow DAG: migrates a turn database, audits it, and fails where the audit does, with the report kept."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import dag, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException


@dag(schedule=None, params={"turns": "/srv/chat/turns.db", "reports": "/srv/chat/reports"})
def turntruth_audit() -> None:
    """`migrate` does nothing to a file that is migrated, so that the DAG can run every night."""
    migrate = BashOperator(
        task_id="migrate",
        bash_command='turntruth migrate "$TURNS" --quiet',
        # Not a part of the command, where a shell would run what a parameter says.
        env={"TURNS": "{{ params.turns }}"},
        append_env=True,
    )
    migrate >> audit()


@task
def audit() -> None:
    """Put what was found into XCom, for tasks that tell somebody, before this one fails."""
    context = get_current_context()
    turns, reports = context["params"]["turns"], context["params"]["reports"]
    command = ["turntruth", "audit", turns, "--baseline", "auto", "--out", reports, "--format", "json", "--quiet"]
    ran = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if ran.stdout:
        result = json.loads(ran.stdout)
        report = Path(reports, result["run_id"], "index.html")
        context["ti"].xcom_push("report", str(report))
        context["ti"].xcom_push("verdict", result["verdict"])
        print(result["verdict"], report, *(cause["sentence"] for cause in result["causes"]), sep="\n")
    if ran.returncode == 1:
        raise AirflowFailException("the audit has findings, which trying again does not change")
    if ran.returncode:
        raise RuntimeError(f"the audit did not come to an end: turntruth ended with {ran.returncode}")


turntruth_audit = turntruth_audit()
