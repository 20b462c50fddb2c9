"""Two small files of any shape, and what a comparison of them says."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import apsw
import orjson

from audit.comparison.claims.contract_judge import DEFAULT_SECONDS, by_contract
from audit.comparison.pair.pair_comparison import PairSummary, compare_pair

Told = tuple[str, str, str, str, str]
"""Change, kind, table, key, column."""


def make_file(path: Path, *statements: str) -> Path:
    """A new file on which these statements were run."""
    connection = apsw.Connection(str(path))
    try:
        connection.pragma("synchronous", "off")
        for statement in statements:
            connection.execute(statement).fetchall()
    finally:
        connection.close()
    return path


def compare_files(
    before: Path,
    after: Path,
    *,
    show: Sequence[str] = (),
    redact: bool = False,
    contract: Path | None = None,
    contract_seconds: float = DEFAULT_SECONDS,
) -> tuple[list[dict[str, str]], PairSummary]:
    """All findings in their order, and the summary."""
    output = io.BytesIO()
    judged_by = None if contract is None else by_contract(contract, contract_seconds)
    summary = compare_pair(before, after, output, show=show, redact=redact, judged_by=judged_by)
    orjson.dumps(summary.to_json())  # as the process of a comparison hands it on, which takes plain data alone
    return [orjson.loads(line) for line in output.getvalue().splitlines()], summary


def compare_statements(
    folder: Path, before: Iterable[str], after: Iterable[str], **options: bool
) -> tuple[list[dict[str, str]], PairSummary]:
    """The same of two files that are made by these statements."""
    return compare_files(
        make_file(folder / "before.db", *before), make_file(folder / "after.db", *after), **options  # type: ignore[arg-type]
    )  # fmt: skip


def told(findings: Iterable[dict[str, str]]) -> list[Told]:
    """Which thing each finding is about."""
    return [(each["change"], each["kind"], each["table"], each["key"], each["column"]) for each in findings]
