"""``python -m audit.comparison``: run the proof in a process of its own and leave its two files in a folder.

``differences.ndjson`` holds one JSON object a difference, ``summary.json`` what was compared, and ``draft.toml`` is
the contract that they suggest, where one is asked for. Exit codes: 0 compared,
whatever was found; 2 a file cannot be read; 3 the proof is incomplete.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from audit.comparison.claims.contract_judge import DEFAULT_SECONDS, by_contract, by_turns_contract
from audit.comparison.drafting.contract_draft import draft_contract
from audit.comparison.files.texts import shown, to_json
from audit.comparison.pair.kept_comparison import (
    DIFFERENCES,
    EXIT_INCOMPLETE,
    SUMMARY,
    compare_into,
    end_of_pair,
)
from audit.comparison.pair.pair_comparison import Compared, MakeJudge
from audit.comparison.proof import prove
from audit.comparison.single_file.single_file import read_single_file
from audit.errors import AuditError

DRAFT = "draft.toml"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with the arguments of the command line and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m audit.comparison", description=__doc__)
    parser.add_argument("--turns", type=Path, help="the migrated file")
    parser.add_argument("--baseline", type=Path, help="its copy of before the migration")
    parser.add_argument("--before", type=Path, help="any file, in place of --baseline: nothing is allowed to differ")
    parser.add_argument("--after", type=Path, help="the file that it is compared with, in place of --turns")
    parser.add_argument("--show", action="append", default=[], metavar="TABLE.COLUMN", help="show its values")
    parser.add_argument("--redact", action="store_true", help="tell keys by type, length and hash as well")
    parser.add_argument("--contract", type=Path, help="what had to change between them, and what may")
    parser.add_argument("--no-contract", action="store_true", help="not even that of two turn stores")
    parser.add_argument("--contract-seconds", type=float, default=DEFAULT_SECONDS, help="how long its SQL may take")
    parser.add_argument("--draft", action="store_true", help="write the contract that any two files suggest as well")
    parser.add_argument("--statements", action="store_true", help="write what --after alone can answer of --contract")
    parser.add_argument("--out", type=Path, required=True, help="an existing folder for the two files")
    parser.add_argument("--cutover", type=int, metavar="MS", help="when the migration began, in ms since 1970")
    given = parser.parse_args(arguments)
    is_any_pair = bool(given.before and given.after)
    is_one_file = bool(given.statements and given.after and given.contract)
    if not is_any_pair and not is_one_file and not (given.turns and given.baseline):
        parser.error("wanted --baseline and --turns, --before and --after, or --statements, --after and --contract")
    try:
        if is_one_file:
            (given.out / SUMMARY).write_bytes(to_json(read_single_file(given.contract, given.after).to_json()))
            return 0
        if is_any_pair:
            # A draft says what differs, and what a contract admits is told nowhere.
            is_judged = not (given.no_contract or given.draft)
            judged_by: MakeJudge | None = by_turns_contract if is_judged else None
            if given.contract is not None:
                judged_by = by_contract(given.contract, given.contract_seconds)
            look_back = partial(_write_draft, given.out / DRAFT) if given.draft else None
            compare_into(
                given.out, given.before, given.after, show=given.show, redact=given.redact, judged_by=judged_by,
                look_back=look_back,
            )  # fmt: skip
            return 0
        with (given.out / DIFFERENCES).open("w+b") as output:
            summary = prove(given.turns, given.baseline, output, cutover_ms=given.cutover)
        (given.out / SUMMARY).write_bytes(to_json(summary.to_json()))
    except (AuditError, OSError, UnicodeError) as error:
        said, code = end_of_pair(error)
        print(said, file=sys.stderr)  # noqa: T201  a program of its own: stderr is how it speaks
        return error.exit_code if isinstance(error, AuditError) and not (is_any_pair or is_one_file) else code
    for table, problem in summary.errors.items():
        print(f"{given.turns}: table {table} cannot be compared to its end: {problem}", file=sys.stderr)  # noqa: T201  the same
    return 0 if summary.complete else EXIT_INCOMPLETE


def _write_draft(path: Path, compared: Compared) -> None:
    path.write_text(shown(draft_contract(compared)), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    sys.exit(main())
