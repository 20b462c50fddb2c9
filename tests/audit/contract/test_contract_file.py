"""Contracts as files: strict in form, so that nothing that was misspelt is left out of the proof."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.contract.contract import Exempted, Meaning
from audit.contract.contract_file import LIMIT_BYTES, read_contract
from audit.contract.errors import ContractError, ContractSyntaxError
from audit.contract.shipped_contracts import find_contract, shipped_contracts


def _read(folder: Path, text: str) -> object:
    (folder / "c.toml").write_text(text)
    return read_contract(folder / "c.toml")


def test_every_part_of_the_language_is_read(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(
        """
        name = "n"
        about = "a"
        applies = "SELECT 1"
        [rows.t]
        key = ["a", "b"]
        from = "SELECT 1 AS a, 2 AS b"
        except = [{ where = "a", reason = "why" }]
        filled = ["f"]
        columns."lower(x)" = "y"
        unknown.f = ["", 0, 1.5]
        [changes]
        new = ["t*"]
        appended = ["t"]
        dropped = [{ name = "i", constraint = "UNIQUE (x)", reason = "why" }]
        redeclared = [{ name = "t.x", reason = "why" }]
        rewritten = [{ name = "t.y", reason = "why" }]
        deleted = [{ table = "t", where = "z", reason = "why" }]
        same."t.z" = "instant"
        [defaults]
        "t.f" = "''"
        """
    )

    contract = read_contract(tmp_path / "c.toml")

    (claim,) = contract.rows
    assert (claim.key, claim.exempted, claim.filled) == (("a", "b"), (Exempted("a", "why"),), ("f",))
    assert (claim.columns, claim.unknown) == ({"lower(x)": "y"}, {"f": ("", 0, 1.5)})
    assert contract.changes.dropped[0].constraint == "UNIQUE (x)"
    assert contract.changes.deleted[0].rows.where == "z"
    assert contract.changes.same == {"t.z": Meaning.INSTANT}
    assert contract.defaults == {"t.f": "''"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = 1", "x: unknown key. Known are rows, defaults, name, about, applies, changes"),
        ("nam = 'x'", "nam: unknown key. Did you mean name?"),
        ("name = ''", "name: wanted a text, found an empty one"),
        ("[rows.t]\nkei = 'x'", "rows.t.kei: unknown key. Did you mean key?"),
        ("[rows.t.columns]\na = 1", "rows.t.columns.a: wanted a text, found 1"),
        ("[rows.t.columns]\na = ' '", "rows.t.columns.a: wanted a text, found an empty one"),
        ("[rows.t]\nexcept = [{ where = 'a' }]", "rows.t.except[1].reason: is missing"),
        ("[rows.t.unknown]\na = [true]", "rows.t.unknown.a: wanted a list of texts and numbers"),
        ("[rows.t.unknown]\na = [1970-01-01]", "rows.t.unknown.a: wanted a list of texts and numbers"),
        ("[rows.t.unknown]\na = [['']]", "rows.t.unknown.a: wanted a list of texts and numbers"),
        ("[rows.t.unknown]\na = ['', nan]", "rows.t.unknown.a: wanted texts and numbers, found nan, which is no"),
        ("[rows.t.unknown]\na = [-inf]", "rows.t.unknown.a: wanted texts and numbers, found -inf"),
        ("[rows.t.unknown]\na = [1e999]", "rows.t.unknown.a: wanted texts and numbers, found inf"),
        ("[rows.t.unknown]\na = [9223372036854775808]", "rows.t.unknown.a: wanted integers of 64 bits, found 92233"),
        ("[changes]\ndropped = [{ name = 'a*', reason = 'x' }]", "changes.dropped[1].name: 'a*': wanted a name"),
        ("[changes]\ndropped = [{ name = 'a', reason = '' }]", "changes.dropped[1].reason: wanted a text"),
        ("[changes]\nredeclared = [{ name = 'a', reason = 'x', constraint = 'y' }]", "redeclared[1].constraint: unk"),
        ("[changes]\nappended = ['a*']", "only what is new may be named by one"),
        ("[changes.same]\n't.a' = 'yaml'", "changes.same.t.a: 'yaml': wanted one of json, instant"),
        ("[rows.t]\n[rows.T]", "rows.T: it is the same name as t"),
        ("[rows.t.columns]\nv = 'a'\nV = 'b'", "rows.t.columns.V: it is the same name as v"),
        ("[changes]\nsame.'t.v' = 'json'\nsame.'T.V' = 'instant'", "same.T.V: it is the same name as t.v"),
        ("[defaults]\n't.v' = '1'\n'T.V' = '2'", "defaults.T.V: it is the same name as t.v"),
        ("rows = 1", "rows: wanted a table, found 1"),
        ("a = 1\nb = \nc = 2", "(at line 2"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_full_name(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ContractSyntaxError) as caught:
        _read(tmp_path, text)

    assert told in str(caught.value)


def test_what_is_no_contract_is_refused(tmp_path: Path) -> None:
    (tmp_path / "large.toml").write_bytes(b"#" * (LIMIT_BYTES + 1))
    (tmp_path / "bytes.toml").write_bytes(b"name = '\xff\xfe'")
    for name in ("large.toml", "bytes.toml", "missing.toml", "."):
        with pytest.raises(ContractError):
            read_contract(tmp_path / name)


def test_a_shipped_one_is_found_by_its_name_and_a_path_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_contract("llm-responses") == shipped_contracts()["llm-responses"]
    (tmp_path / "llm-responses").write_text("name = 'mine'")
    assert find_contract("llm-responses") == Path("llm-responses")
    with pytest.raises(ContractError, match=r"llm: no such file.*llm-responses"):
        find_contract("llm")


@pytest.mark.parametrize("name", sorted(shipped_contracts().keys()))
def test_every_shipped_one_says_what_it_is_for_and_on_which_files(name: str) -> None:
    contract = read_contract(shipped_contracts()[name])

    assert contract.name
    assert contract.about.strip()
    assert contract.applies or name == "turns"  # which is known by its tables
