"""Many pairs in one process: each is judged by the contract as it was when its comparison began."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import apsw
import pytest

from audit.contract.errors import ContractChangedError
from audit.contract.kept_contract import KeptContract
from audit.diff.pair_run import PairFileError
from audit.diff.warm_comparison import WarmComparison
from support.files.pair_files import make_file


def test_a_contract_that_is_edited_meanwhile_is_refused_for_that_pair_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = (make_file(tmp_path / f"{name}.db", "CREATE TABLE t (id)") for name in ("before", "after"))
    contract = tmp_path / "contract.toml"
    contract.write_text("name = 'as it is'")

    with WarmComparison() as warm:
        with monkeypatch.context() as patched:
            patched.setattr(KeptContract, "read", lambda path: KeptContract(path, b"name = 'as it was'"))
            with pytest.raises(ContractChangedError):
                warm.compare(before, after, contract, tmp_path)
        result = warm.compare(before, after, contract, tmp_path)

    assert result.judged_by is not None
    assert (result.headline, result.judged_by.content) == ("GO", b"name = 'as it is'")


def test_files_whose_texts_are_none_end_no_process_that_compares_others(tmp_path: Path) -> None:
    contract = tmp_path / "contract.toml"
    contract.write_text("name = 'as it is'")
    good = [make_file(tmp_path / f"good {at}.db", "CREATE TABLE t (v)") for at in range(2)]
    bad = [make_file(tmp_path / f"bad {at}.db", "CREATE TABLE t (v)") for at in range(2)]
    for path in bad:
        with closing(apsw.Connection(str(path))) as connection:
            connection.pragma("writable_schema", True)
            wrong = "CREATE TABLE t (é)".encode("latin-1")
            connection.execute("UPDATE sqlite_schema SET sql = CAST(? AS TEXT)", (wrong,))
    other = make_file(tmp_path / "other.db", "PRAGMA encoding = 'UTF-16le'", "CREATE TABLE t (v)")

    with WarmComparison() as warm:
        assert warm.compare(bad[0], bad[1], contract, tmp_path).headline == "CANNOT TELL"
        with pytest.raises(PairFileError, match=r"bad 0\.db: .* is no text in its encoding") as caught:
            warm.compare(bad[0], other, contract, tmp_path)
        assert caught.value.exit_code == 3
        assert warm.compare(good[0], good[1], contract, tmp_path).headline == "GO"
