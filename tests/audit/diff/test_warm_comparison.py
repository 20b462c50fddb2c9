"""Many pairs in one process: each is judged by the contract as it was when its comparison began."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.contract.errors import ContractChangedError
from audit.contract.kept_contract import KeptContract
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
