"""What people are told of two files, line by line."""

from __future__ import annotations

from pathlib import Path

from audit.diff.pair_run import compared
from audit.diff.pair_text import pair_lines
from support.files.pair_files import make_file

_TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, said TEXT)"


def test_values_that_contradict_a_claim_are_shown_to_whoever_asks(tmp_path: Path) -> None:
    before = make_file(tmp_path / "before.db", _TABLE, "INSERT INTO t VALUES (1, 'blue')")
    after = make_file(
        tmp_path / "after.db", _TABLE, "ALTER TABLE t ADD COLUMN colour TEXT", "INSERT INTO t VALUES (1, 'blue', 'red')"
    )
    contract = tmp_path / "contract.toml"
    contract.write_text("rows.t.columns.colour = 'said'\nchanges.new = ['t.colour']\n", encoding="utf-8")

    with compared(before, after, show=["t.colour"], contract=contract) as result:
        told = list(pair_lines(result, show=["t.colour"]))

    assert told[told.index("values") :] == ["values", '  t.colour {"id":1}', "    'blue'", "    → 'red'"]
