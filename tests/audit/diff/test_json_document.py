from __future__ import annotations

import io
import json
from pathlib import Path

from audit.diff.json_document import write_json
from audit.diff.pair_run import compared
from support.files.pair_files import make_file


def test_a_comparison_without_findings_is_a_document_too(tmp_path: Path) -> None:
    paths = [make_file(tmp_path / name, "CREATE TABLE t (k)") for name in ("before.db", "after.db")]
    written = io.StringIO()

    with compared(*paths) as result:
        write_json(result, written)

    assert json.loads(written.getvalue())["findings"] == []


def test_each_finding_is_one_of_its_members(tmp_path: Path) -> None:
    before = make_file(tmp_path / "before.db", "CREATE TABLE t (k)")
    after = make_file(tmp_path / "after.db", "CREATE TABLE t (k)", "INSERT INTO t VALUES (1), ('two\nlines')")
    written = io.StringIO()

    with compared(before, after) as result:
        write_json(result, written)

    document = json.loads(written.getvalue())
    assert document["headline"] == "ONLY NEW"
    assert [each["kind"] for each in document["findings"]] == ["row", "row"]
