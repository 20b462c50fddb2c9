"""A content hash can be computed with another tool, and tells what a table says, not how it lies in the file."""

from __future__ import annotations

import hashlib
import json
import re
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.certificates.content_hash import ContentHash, hash_content
from audit.errors import DamagedFileError
from audit.processes.children import Child
from support.files.sqlite_files import make_turns, run_sql

OLD = (
    "conv_id",
    "session_id",
    "turn_created_at_ms",
    "turn_data_json",
    "turn_id",
    "turn_metadata_json",
    "updated_at_ms",
)
ATTRIBUTION = ("conv_id", "inference_id", "runtime_key", "session_id", "turn_id")


def by_another_tool(path: Path, columns: tuple[str, ...]) -> str:
    """What the program in the documents prints, which needs nothing but Python's own sqlite3 and json."""
    page = (Path(__file__).parents[3] / "docs" / "certificate.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    # In a process of its own: two SQLite libraries must not have one file open in one process.
    command = [sys.executable, "-c", program, str(path), ", ".join(columns)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_the_documents_name_the_columns_that_are_hashed() -> None:
    page = (Path(__file__).parents[3] / "docs" / "certificate.md").read_text(encoding="utf-8")
    assert ", ".join(OLD) in " ".join(page.split())
    assert ", ".join(ATTRIBUTION) in " ".join(page.split())


@pytest.fixture
def turns(tmp_path: Path) -> Path:
    path = make_turns(tmp_path / "turns.db", turns=50)
    run_sql(
        path,
        "UPDATE turns SET turn_metadata_json = 'ü𝄞\\ \"' || char(10, 1, 31, 127, 8232) WHERE turn_id = 't1'",
        "UPDATE turns SET turn_data_json = 'a' || char(0) || 'b' WHERE turn_id = 't2'",
        "UPDATE turns SET updated_at_ms = -9223372036854775808 WHERE turn_id = 't3'",
    )
    return path


def test_another_tool_finds_the_same_hashes(turns: Path) -> None:
    found = hash_content(turns)
    assert found.content_sha256 == by_another_tool(turns, OLD)
    assert found.attribution_sha256 == by_another_tool(turns, ATTRIBUTION)


def test_a_schema_hash_is_that_of_its_definitions(turns: Path) -> None:
    run_sql(turns, "CREATE INDEX turns_by_session ON turns(session_id)")
    connection = apsw.Connection(str(turns))
    definitions = connection.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name"
    ).fetchall()
    connection.close()
    text = json.dumps(definitions, ensure_ascii=False, separators=(",", ":"))
    assert hash_content(turns).schema_sha256 == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    "statements",
    [
        ["VACUUM"],
        ["PRAGMA page_size = 8192", "VACUUM"],
        ["PRAGMA journal_mode = WAL"],
        [
            "CREATE TABLE copied AS SELECT * FROM turns",
            "DELETE FROM turns",
            "INSERT INTO turns SELECT * FROM copied ORDER BY turn_id DESC",
        ],
        ["CREATE TABLE turntruth_quarantine (a)"],
    ],
)
def test_how_the_rows_lie_in_the_file_does_not_matter(turns: Path, statements: list[str]) -> None:
    before = hash_content(turns)
    run_sql(turns, *statements)
    after = hash_content(turns)
    assert (after.content_sha256, after.attribution_sha256) == (before.content_sha256, before.attribution_sha256)


@pytest.mark.parametrize(
    ("statement", "differing"),
    [
        ("UPDATE turns SET turn_data_json = '{ }' WHERE turn_id = 't9'", {"content_sha256"}),
        ("UPDATE turns SET updated_at_ms = updated_at_ms + 1 WHERE turn_id = 't9'", {"content_sha256"}),
        ("UPDATE turns SET runtime_key = 'x' WHERE turn_id = 't9'", {"attribution_sha256"}),
        ("UPDATE turns SET inference_id = '' WHERE turn_id = 't9'", {"attribution_sha256"}),
        ("UPDATE turns SET turn_id = 't99' WHERE turn_id = 't9'", {"content_sha256", "attribution_sha256"}),
        ("DELETE FROM turns WHERE turn_id = 't9'", {"content_sha256", "attribution_sha256"}),
        ("CREATE INDEX i ON turns(turn_id)", {"schema_sha256"}),
    ],
)
def test_each_change_moves_the_hash_that_stands_for_it(turns: Path, statement: str, differing: set[str]) -> None:
    before = hash_content(turns)
    run_sql(turns, statement)
    after = hash_content(turns)
    names = ("schema_sha256", "content_sha256", "attribution_sha256")
    assert {name for name in names if getattr(before, name) != getattr(after, name)} == differing


def test_swapped_values_of_two_rows_do_not_cancel_out(turns: Path) -> None:
    run_sql(turns, "UPDATE turns SET inference_id = 'one' WHERE turn_id = 't8'")
    before = hash_content(turns)
    run_sql(
        turns,
        "UPDATE turns SET inference_id = 'one' WHERE turn_id = 't9'",
        "UPDATE turns SET inference_id = 'inf' WHERE turn_id = 't8'",
    )
    assert hash_content(turns).attribution_sha256 != before.attribution_sha256


def test_a_file_of_before_the_migration_has_the_same_content_and_no_attribution(turns: Path) -> None:
    after = hash_content(turns)
    run_sql(turns, "ALTER TABLE turns DROP COLUMN runtime_key", "ALTER TABLE turns DROP COLUMN inference_id")
    before = hash_content(turns)
    assert (before.content_sha256, before.attribution_sha256) == (after.content_sha256, "")


Cell = None | int | float | str | bytes
CELLS = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.binary(max_size=20),
)


def expected_cell(value: Cell) -> Any:
    match value:
        case bytes():
            return {"blob": value.hex()}
        case float():
            return {"real": struct.pack(">d", value).hex()}
    return value


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(CELLS, CELLS), max_size=4))
def test_cells_of_every_kind_are_told_apart(tmp_path: Path, rows: list[tuple[Cell, Cell]]) -> None:
    path = tmp_path / "any.db"
    path.unlink(missing_ok=True)
    run_sql(path, "CREATE TABLE turns (b, A BLOB)")
    connection = apsw.Connection(str(path))
    connection.executemany("INSERT INTO turns VALUES (?, ?)", rows)
    connection.close()
    texts = (
        json.dumps([expected_cell(a), expected_cell(b)], ensure_ascii=False, separators=(",", ":")) for b, a in rows
    )
    total = sum(int.from_bytes(hashlib.sha256(text.encode()).digest(), "big") for text in texts)
    assert hash_content(path).content_sha256 == f"{total % 2**256:064x}"


def test_a_text_that_is_no_utf_8_is_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "damaged.db"
    run_sql(path, "CREATE TABLE turns (a TEXT)", "INSERT INTO turns VALUES (CAST(x'ff41' AS TEXT))")
    expected = hashlib.sha256(b'[{"text":"ff41"}]').hexdigest()
    assert hash_content(path).content_sha256 == expected


@pytest.mark.parametrize("encoding", ["UTF-16le", "UTF-16be"])
def test_the_encoding_of_a_file_does_not_matter(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "wide.db"
    run_sql(path, f"PRAGMA encoding = '{encoding}'", "CREATE TABLE turns (a TEXT)", "INSERT INTO turns VALUES ('ü𝄞')")
    assert hash_content(path).content_sha256 == hashlib.sha256('["ü𝄞"]'.encode()).hexdigest()


def test_counts_are_there_if_asked_for(turns: Path) -> None:
    assert hash_content(turns).rows == {}
    run_sql(turns, 'CREATE TABLE "Odd ""name" (a)')
    assert hash_content(turns, count=True).rows == {"turns": 50, 'odd "name': 0}


def test_a_file_is_not_touched_and_nothing_is_left_beside_it(turns: Path) -> None:
    run_sql(turns, "PRAGMA journal_mode = WAL")
    before = turns.read_bytes()
    hash_content(turns)
    assert turns.read_bytes() == before
    assert [entry.name for entry in turns.parent.iterdir()] == ["turns.db"]


def test_a_damaged_file_is_an_error_of_the_process(turns: Path, tmp_path: Path) -> None:
    content = bytearray(turns.read_bytes())
    content[4096 : 4096 + 2000] = b"\x00" * 2000
    turns.write_bytes(bytes(content))
    with pytest.raises(DamagedFileError):
        hash_content(turns)


def test_the_process_prints_a_line_a_file(turns: Path, tmp_path: Path) -> None:
    odd = turns.rename(turns.with_name("--odd name.db"))
    with Child("audit.certificates.content_hash", ["--", str(odd), str(odd)], tmp_path) as child:
        lines = [json.loads(line) for line in child.finish().splitlines()]
    found = hash_content(odd)
    assert [line["content_sha256"] for line in lines] == [found.content_sha256] * 2
    assert isinstance(found, ContentHash)
