"""Compares one pair a line of its input: ``python -m audit.comparison.comparison_worker``, for whoever has many.

To start a process takes longer than to compare two small files. Each line is JSON with ``before``, ``after``,
``contract``, ``seconds`` and ``out``, the folder for the two files that `audit.comparison` leaves. It answers with a
line of JSON: ``exit_code`` and, where that is not 0, what is ``said``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TextIO

from audit.comparison.claims.contract_judge import DEFAULT_SECONDS, by_contract
from audit.comparison.pair.kept_comparison import compare_into, end_of_pair
from audit.errors import AuditError


def answer(line: str) -> str:
    """Compare one pair and say how that ended."""
    asked = json.loads(line)
    before, after, contract, out = (Path(asked[name]) for name in ("before", "after", "contract", "out"))
    try:
        compare_into(out, before, after, judged_by=by_contract(contract, asked["seconds"] or DEFAULT_SECONDS))
    except (AuditError, OSError, UnicodeError) as error:
        said, code = end_of_pair(error)
        return json.dumps({"exit_code": code, "said": said})
    return json.dumps({"exit_code": 0, "said": ""})


def work(questions: TextIO, answers: TextIO) -> None:
    """Answer to the end of the questions."""
    for line in questions:
        print(answer(line), file=answers, flush=True)


if __name__ == "__main__":
    # What libraries print goes to standard error: standard output carries the answers.
    output, sys.stdout = sys.stdout, sys.stderr
    work(sys.stdin, output)
