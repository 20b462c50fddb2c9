"""Dagster: a migrated turn database as an asset, and its audit as a check that what comes after it waits for."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import dagster as dg


class ChatFiles(dg.ConfigurableResource):
    """Where the turns lie, and where reports go."""

    turns: str
    reports: str


@dg.asset
def migrated_turns(files: dg.ResourceParam[ChatFiles]) -> dg.MaterializeResult:
    """The turns with what their metadata proves; a file that is migrated stays as it is."""
    subprocess.run(["turntruth", "migrate", files.turns, "--quiet"], check=True)
    return dg.MaterializeResult(metadata={"path": dg.MetadataValue.path(files.turns)})


@dg.asset_check(asset=migrated_turns, blocking=True)
def turns_are_proven(files: dg.ResourceParam[ChatFiles]) -> dg.AssetCheckResult:
    """Fails where the audit has findings; one that did not come to an end is a failure of the run."""
    command = ["turntruth", "audit", files.turns, "--baseline", "auto", "--out", files.reports]
    ran = subprocess.run([*command, "--format", "json", "--quiet"], stdout=subprocess.PIPE, check=False)
    metadata = _told(files, json.loads(ran.stdout)) if ran.stdout else {}
    if ran.returncode not in {0, 1}:
        raise dg.Failure(f"turntruth ended with {ran.returncode}", metadata=metadata)
    return dg.AssetCheckResult(passed=ran.returncode == 0, metadata=metadata)


def _told(files: ChatFiles, result: dict) -> dict:
    return {
        "verdict": result["verdict"],
        "turns": result["coverage"]["turns"],
        "runtime_known": result["coverage"]["runtime_known"],
        "causes": [cause["sentence"] for cause in result["causes"]],
        "report": dg.MetadataValue.path(str(Path(files.reports, result["run_id"], "index.html"))),
    }


@dg.asset(deps=[migrated_turns])
def served_turns() -> None:
    """Whatever may only happen to turns that are proven."""


defs = dg.Definitions(
    assets=[migrated_turns, served_turns],
    asset_checks=[turns_are_proven],
    jobs=[dg.define_asset_job("migrate_and_audit")],
    resources={"files": ChatFiles.configure_at_launch()},
)
