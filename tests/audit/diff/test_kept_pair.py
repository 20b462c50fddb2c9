"""A kept comparison is told again as it was told when it was made, and a damaged one is not."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audit.diff.json_document import write_json
from audit.diff.kept_pair import KeptPairError, kept_pair
from audit.diff.pair_run import compared
from audit.diff.pair_text import pair_lines
from audit.errors import InputFileError
from support.audits.kept_pairs import a_kept_pair


@pytest.fixture(name="kept")
def keep(tmp_path: Path) -> Path:
    return a_kept_pair(tmp_path / "reports")


@pytest.mark.parametrize("contract", ["", "strict"])
def test_it_says_what_was_said_then_in_text_and_in_json(contract: str, tmp_path: Path) -> None:
    folder = a_kept_pair(tmp_path / "reports", contract=contract)
    judged_by = tmp_path / "strict.toml" if contract else None
    then, now = io.StringIO(), io.StringIO()

    with compared(tmp_path / "before.db", tmp_path / "after.db", contract=judged_by) as made:
        write_json(made, then)
        lines = list(pair_lines(made))
        exit_code = made.exit_code
    (tmp_path / "before.db").unlink()
    with kept_pair(folder) as again:
        write_json(again, now)
        assert list(pair_lines(again)) == lines
        assert again.exit_code == exit_code == 1

    assert json.loads(now.getvalue()) == json.loads(then.getvalue())
    assert len(json.loads(now.getvalue())["findings"]) == 3


def _change(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    record = json.loads((folder / "results.json").read_text())
    change(record)
    (folder / "results.json").write_text(json.dumps(record))


@pytest.mark.parametrize(
    "change",
    [
        lambda record: record.pop("tables"),
        lambda record: record.pop("notes"),
        lambda record: record.update(asides=[{"name": "x"}]),
        lambda record: record.update(contract={"is_built_in": 1}, counts={"claim": {}, **record["counts"]}),
        lambda record: record.update(findings=None),
    ],
)
def test_what_lacks_a_part_is_damaged(change: Callable[[dict[str, Any]], object], kept: Path) -> None:
    _change(kept, change)

    with pytest.raises(KeptPairError, match="it lacks what every comparison has") as caught, kept_pair(kept) as again:
        list(pair_lines(again))
    assert caught.value.exit_code == 3


def test_findings_of_other_files_are_not_told_for_its_own(kept: Path) -> None:
    _change(kept, lambda record: record["counts"]["lost"].update(row=2))

    with pytest.raises(KeptPairError, match=r"findings\.parquet: it has other findings than results\.json counts"):
        kept_pair(kept).__enter__()


@pytest.mark.parametrize(("headline", "exit_code"), [("GO", 0), ("GO", 1), ("NO-GO", 0), ("CANNOT TELL", 3)])
def test_a_verdict_that_does_not_follow_from_its_counts_is_not_repeated(
    headline: str, exit_code: int, tmp_path: Path
) -> None:
    folder = a_kept_pair(tmp_path / "reports", contract="strict")
    _change(folder, lambda record: record.update(headline=headline, exit_code=exit_code))

    with pytest.raises(KeptPairError, match=r"results\.json: it contradicts itself: its headline is") as caught:
        kept_pair(folder).__enter__()
    assert caught.value.exit_code == 3
    assert "and what it counts says NO-GO with exit code 1" in str(caught.value)


@pytest.mark.parametrize("content", [None, b"", b"PAR1" + b"\0" * 200 + b"PAR1"])
def test_a_table_that_cannot_be_read_is_told(content: bytes | None, kept: Path) -> None:
    (kept / "findings.parquet").unlink()
    if content is not None:
        (kept / "findings.parquet").write_bytes(content)

    with pytest.raises(KeptPairError, match="its findings cannot be read"):
        kept_pair(kept).__enter__()


def test_results_that_are_no_json_or_not_there(kept: Path) -> None:
    (kept / "results.json").write_text("{")
    with pytest.raises(KeptPairError, match="no JSON"):
        kept_pair(kept).__enter__()

    (kept / "results.json").unlink()
    with pytest.raises(InputFileError, match="No such file"):
        kept_pair(kept).__enter__()
