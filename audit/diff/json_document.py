"""A comparison as one JSON document with every finding."""

from __future__ import annotations

import json
from typing import TextIO

from audit.diff.pair_result import PairResult


def write_json(result: PairResult, stream: TextIO) -> None:
    """Findings are written as they are read, so that their number is not bounded by memory."""
    head = json.dumps(result.to_json(), ensure_ascii=False, indent=2).removesuffix("\n}")
    stream.write(f'{head},\n  "findings": [')
    with result.findings_path.open(encoding="utf-8", newline="\n") as lines:
        stream.writelines(f"{',' if at else ''}\n    {line.rstrip(chr(10))}" for at, line in enumerate(lines))
    stream.write("\n  ]\n}\n")
