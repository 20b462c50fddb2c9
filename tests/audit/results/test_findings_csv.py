from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import InputFileError
from audit.results.findings_csv import (
    COLUMNS,
    escape_formula,
    escape_nul,
    read_findings,
    unescape_formula,
    unescape_nul,
    write_findings,
)
from audit.results.records import Finding
from support.audits.report_examples import FINDINGS, a_finding


def csv_of(*findings: Finding) -> str:
    stream = io.StringIO(newline="")
    write_findings(stream, findings)
    return stream.getvalue()


def test_the_columns_are_those_that_scripts_rely_on() -> None:
    assert csv_of() == "check,severity,conv_id,session_id,turn_id,table,key,column,expected,found\r\n"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20", "'"])
def test_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe(start: str) -> None:
    cell = start + "HYPERLINK(A1)"

    (row,) = list(csv.DictReader(io.StringIO(csv_of(a_finding(found=cell)), newline="")))

    assert row["found"] == "'" + cell
    assert unescape_formula(row["found"]) == cell


@given(st.text())
def test_any_cell_can_be_read_back(cell: str) -> None:
    escaped = escape_formula(cell)

    assert unescape_formula(escaped) == cell
    assert escaped[:1] not in tuple("=+-@\t\r\n")


@given(findings=st.lists(FINDINGS, max_size=5))
def test_any_findings_can_be_read_back(tmp_path_factory: pytest.TempPathFactory, findings: list[Finding]) -> None:
    path = tmp_path_factory.mktemp("csv") / "findings.csv"
    path.write_text(csv_of(*findings), encoding="utf-8", newline="")

    assert list(read_findings(path)) == findings


def test_rows_of_a_database_cursor_are_taken_as_they_come() -> None:
    stream = io.StringIO(newline="")

    count = write_findings(stream, [astuple(a_finding()), (*astuple(a_finding())[:-1], None)])

    assert count == 2
    assert stream.getvalue().count("\n") == 3


def test_findings_are_written_one_at_a_time() -> None:
    stream = io.StringIO(newline="")
    written_before: list[int] = []

    def findings() -> Iterator[Finding]:
        for number in range(3):
            written_before.append(stream.getvalue().count("\n"))
            yield a_finding(number=number)

    assert write_findings(stream, findings()) == 3
    assert written_before == [1, 2, 3]


def test_a_cell_of_megabytes_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "findings.csv"
    finding = a_finding(found="x" * 2_000_000)
    path.write_text(csv_of(finding), encoding="utf-8", newline="")

    assert list(read_findings(path)) == [finding]


def test_every_column_of_a_finding_is_a_column_of_the_file() -> None:
    assert len(COLUMNS) == len(astuple(a_finding()))


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"no-run/findings\.csv: No such file"):
        list(read_findings(tmp_path / "no-run" / "findings.csv"))


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"header\nonly,three,cells\n", "line 2: wanted 10 cells, found 3"), (b"\xff\xfe", "invalid start byte")],
)
def test_a_damaged_file_is_an_error_that_names_the_place(content: bytes, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "findings.csv"
    path.write_bytes(content)

    with pytest.raises(InputFileError, match=problem):
        list(read_findings(path))


def test_a_nul_is_written_as_its_symbol_and_the_symbol_as_itself() -> None:
    assert escape_nul("a\0b") == "a\u2400b"
    assert escape_nul("a\u2400\u241b") == "a\u241b\u2400\u241b\u241b"


@given(st.text(alphabet="\0\u2400\u241ba"))
def test_no_nul_is_in_the_file_and_each_can_be_read_back(cell: str) -> None:
    assert "\0" not in escape_nul(cell)
    assert unescape_nul(escape_nul(cell)) == cell
