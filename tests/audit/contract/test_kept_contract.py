"""What is judged by, hashed and kept are the bytes that a contract had when the comparison began."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from audit.contract.errors import ContractChangedError, ContractError, ContractSyntaxError
from audit.contract.kept_contract import KeptContract
from audit.contract.shipped_contracts import shipped_contracts
from audit.contract.turns_contract import turns_contract


def test_it_stays_what_it_was_when_the_file_becomes_another(tmp_path: Path) -> None:
    path = tmp_path / "contract.toml"
    path.write_text("name = 'first'")

    kept = KeptContract.read(path)
    path.write_text("name = 'second'")

    assert (kept.content, kept.contract.name) == (b"name = 'first'", "first")
    assert kept.sha256 == kept.contract.sha256 == hashlib.sha256(b"name = 'first'").hexdigest()


def test_what_was_judged_by_other_bytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "contract.toml"
    path.write_text("name = 'first'")
    kept = KeptContract.read(path)

    kept.require(hashlib.sha256(b"name = 'first'").hexdigest())
    with pytest.raises(ContractChangedError, match=r"contract\.toml: it was written to while the files were compared"):
        kept.require(hashlib.sha256(b"name = 'second'").hexdigest())


def test_that_of_turns_is_for_every_column_there_is() -> None:
    assert KeptContract.read(shipped_contracts()["turns"]).contract is turns_contract()


def test_what_is_no_contract_is_told_as_by_whoever_reads_it(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="cannot be read"):
        KeptContract.read(tmp_path / "missing.toml")
    (tmp_path / "contract.toml").write_text("nam = 1")
    with pytest.raises(ContractSyntaxError, match="Did you mean name"):
        _ = KeptContract.read(tmp_path / "contract.toml").contract
