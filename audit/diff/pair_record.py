"""``results.json`` of a comparison: all of it but the findings, of which it has the first and the hash of all."""

from __future__ import annotations

import json
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from importlib.metadata import version
from typing import Any

from audit.certificates.parquet_hash import as_hex, hash_row
from audit.diff.pair_result import PairResult
from audit.results.run_kind import COMPARISON_MARK

ROWS_SHOWN = 100
"""Findings of each change that the page shows; findings.parquet has them all."""

COLUMNS = ("change", "kind", "table", "key", "column", "before", "after")
LONGEST_SHOWN = 2_000


def record_of(
    result: PairResult, run_id: str, times: tuple[str, str], inputs: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Plain data, ready for JSON; reads all findings once."""
    total = rows = 0
    shown: Counter[str] = Counter()
    sample = []
    for finding in result.findings():
        cells = astuple(finding)
        total += hash_row(cells)
        rows += 1
        shown[finding.change] += 1
        if shown[finding.change] <= ROWS_SHOWN:
            sample.append(dict(zip(COLUMNS, (cell[:LONGEST_SHOWN] for cell in cells), strict=True)))
    return {
        "kind": COMPARISON_MARK,
        **result.to_json(),
        "run_id": run_id,
        "started_at": times[0],
        "finished_at": times[1],
        "versions": {
            "turntruth": version("turntruth"),
            "python": platform.python_version(),
            "apsw": version("apsw"),
        },
        "inputs": list(inputs),
        "findings": {"rows": rows, "hash": as_hex(total)},
        "sample": sample,
    }


def record_text(record: Mapping[str, Any]) -> str:
    """The text of ``results.json``."""
    return json.dumps(record, ensure_ascii=False, allow_nan=False, indent=2) + "\n"
