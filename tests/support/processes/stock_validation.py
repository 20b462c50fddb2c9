"""Runs a suite over SQLite files as anybody would who has Great Expectations and nothing of ours.

Called as a program with the path of a suite and that of a file, and of as many more pairs as there are; prints one
JSON line a pair. To load the library takes as long as several validations.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import great_expectations as gx


def validate(suite: dict[str, Any], path: str) -> dict[str, Any]:
    """How many rows each check returned, the messages of those that raised, and how Great Expectations sums it up."""
    context = gx.get_context(mode="ephemeral")
    source = context.data_sources.add_sqlite("file", connection_string=f"sqlite:///{path}")
    asset = source.add_table_asset("table", table_name=suite["meta"].get("table", "turns"))
    definition = gx.ValidationDefinition(
        name="turns",
        data=asset.add_batch_definition_whole_table("all"),
        suite=context.suites.add(gx.ExpectationSuite(**suite)),
    )
    outcome = context.validation_definitions.add(definition).run()
    rows: dict[str, int] = {}
    exceptions: dict[str, str] = {}
    for result in outcome.results:
        check = result.expectation_config.meta["check"]  # type: ignore[union-attr]  # a result of a run has one
        if "observed_value" in result.result:
            rows[check] = result.result["observed_value"]
            assert result.success == (rows[check] == 0)
        else:
            exceptions[check] = str(result.exception_info)
    gravest = outcome.get_max_severity_failure()
    return {
        "rows": rows,
        "exceptions": exceptions,
        "success": outcome.success,
        "gravest": gravest and gravest.value,
        "suite": definition.suite.name,
    }


if __name__ == "__main__":
    # What the library prints goes to stderr: stdout carries the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    for suite_path, name in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
        answers.write(json.dumps(validate(json.loads(Path(suite_path).read_text(encoding="utf-8")), name)) + "\n")
