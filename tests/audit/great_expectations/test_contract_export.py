"""Whoever runs the suite of a contract on a migrated file learns what that file alone can tell, and what it cannot."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from audit.cli import run
from audit.great_expectations.contract_export import LIMITS
from support.files.pair_files import make_file
from support.processes.stock_run import stock_run

_CONTRACT = """
name = "messages know who wrote them"
[rows.message]
key = ["chat", "at"]
from = "SELECT c.id AS chat, m.key AS at, m.value AS m FROM before.chat AS c, json_each(c.log) AS m"
except = [{ where = "m ->> '$.r' IS NULL", reason = "nobody said it" }]
[rows.message.columns]
role = "m ->> '$.r'"
"lower(role)" = "lower(m ->> '$.r') || iif(m = ':a:b{c}', ':', '')"
[rows.user.columns]
mail = "lower(login || '@example.org')"
[changes]
new = ["message", "user.mail"]
[defaults]
"user.mail" = "''"
"""
_RIGHT = (
    "CREATE TABLE chat (id TEXT PRIMARY KEY, log TEXT)",
    """INSERT INTO chat VALUES ('a', '[{"r": "u"}, {"r": "V"}, {"x": 1}]')""",
    "CREATE TABLE message (chat TEXT, at TEXT, role TEXT, PRIMARY KEY (chat, at))",
    "INSERT INTO message VALUES ('a', '0', 'u'), ('a', '1', 'V')",
    "CREATE TABLE user (id INTEGER PRIMARY KEY, login TEXT, mail TEXT NOT NULL DEFAULT '')",
    "INSERT INTO user VALUES (1, 'Ada', 'ada@example.org'), (2, NULL, '')",
)
_CLAIMS = (
    "message: keys", "message.rows", "message.role", "message.lower(role)", "user: keys", "user.mail",
    "user.mail DEFAULT", "chat: columns", "message: columns", "user: columns",
)  # fmt: skip
_DAMAGE = {
    "INSERT INTO message VALUES ('a', '2', NULL)": {"message.rows": 1},
    "DELETE FROM message WHERE at = '0'": {"message.rows": 1},
    "UPDATE message SET role = 'U' WHERE at = '0'": {"message.role": 1},
    "UPDATE message SET role = NULL": {"message.role": 2, "message.lower(role)": 2},
    "UPDATE user SET mail = 'ADA@example.org' WHERE id = 1": {"user.mail": 1},
    "UPDATE user SET mail = '' WHERE id = 1": {"user.mail": 1},
}
"""What is done to the file, and which expectation names how many rows for it."""


@pytest.fixture(name="contract")
def write_contract(tmp_path: Path) -> Path:
    path = tmp_path / "who_wrote.toml"
    # An empty mail is what a row has of which nothing is known.
    path.write_text(_CONTRACT + "[rows.user.unknown]\nmail = ['']\n")
    return path


@pytest.fixture(name="after")
def make_after(tmp_path: Path) -> Path:
    return make_file(tmp_path / "after.db", *_RIGHT)


def _export(contract: Path, after: Path, out: Path) -> dict[str, Any]:
    assert run(["suite", "export", "--engine", "sqlite", "--contract", str(contract), "--after", str(after),
                "--out", str(out)]) == 0  # fmt: skip
    document: dict[str, Any] = json.loads(out.read_text())
    return document


def test_stock_great_expectations_names_what_is_wrong_and_passes_what_is_right(
    contract: Path, after: Path, tmp_path: Path
) -> None:
    pytest.importorskip("sqlalchemy", reason="the SQLite data source of Great Expectations needs SQLAlchemy before 2.1")
    suite = tmp_path / "suite.json"
    _export(contract, after, suite)
    files = [after]
    for at, statement in enumerate(_DAMAGE):
        damaged = tmp_path / f"{at}.db"
        damaged.write_bytes(after.read_bytes())
        files.append(make_file(damaged, statement))

    right, *wrong = stock_run([(suite, file) for file in files], tmp_path)

    assert right == {
        "rows": dict.fromkeys(_CLAIMS, 0),
        "exceptions": {},
        "success": True,
        "gravest": None,
        "suite": "turntruth_contract_who_wrote",
    }
    for found, told in zip(_DAMAGE.values(), wrong, strict=True):
        assert {name: rows for name, rows in told["rows"].items() if rows} == found
        assert (told["success"], told["gravest"], told["exceptions"]) == (False, "critical", {})


def test_every_expectation_has_its_name_and_what_to_know(contract: Path, after: Path, tmp_path: Path) -> None:
    suite = _export(contract, after, tmp_path / "suite.json")

    assert [each["meta"]["check"] for each in suite["expectations"]] == list(_CLAIMS)
    assert {each["severity"] for each in suite["expectations"]} == {"critical"}
    rows = next(each for each in suite["expectations"] if each["meta"]["check"] == "message.rows")
    assert "evidence is that of the file itself" in rows["notes"][0]
    assert rows["notes"][1] == "Left out: nobody said it"
    assert suite["meta"]["limits"] == list(LIMITS)
    assert suite["meta"]["contract"]["name"] == "messages know who wrote them"
    assert suite["meta"]["not_exported"].keys() == {
        "user.rows", "new message", "new user.mail", "not_admitted.lost", "not_admitted.changed",
        "not_admitted.new",
    }  # fmt: skip


def test_the_suite_is_always_the_same_and_no_secret_of_its_values(
    contract: Path, after: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = _export(contract, after, tmp_path / "suite.json")
    capsys.readouterr()

    assert run(["suite", "export", "--engine", "sqlite", "--contract", str(contract), "--after", str(after)]) == 0

    printed = capsys.readouterr()
    assert json.loads(printed.out) == first
    assert (tmp_path / "suite.json").read_text() == printed.out
    assert "Ada" not in printed.out
    assert "not exported: user.rows: which rows were there before" in printed.err
    assert f"exported {len(_CLAIMS)} expectations, left out 6" in printed.err


def test_who_may_not_read_the_file_may_not_read_the_suite(contract: Path, after: Path, tmp_path: Path) -> None:
    after.chmod(0o600)

    _export(contract, after, tmp_path / "suite.json")

    assert stat.S_IMODE((tmp_path / "suite.json").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--contract", "who_wrote.toml"], "go together"),
        (["--after", "after.db"], "go together"),
        (["--contract", "who_wrote.toml", "--after", "after.db", "--fail-on", "critical"], "leave them out"),
        (["--contract", "who_wrote.toml", "--after", "none.db"], "none.db"),
        (["--contract", "nobody", "--after", "after.db"], "no such file"),
        (["--contract", "who_wrote.toml", "--after", "after.db", "--out", "after.db"], "input"),
        (["--contract", "llm-responses", "--after", "after.db"], "no such table"),
    ],
)
def test_wrong_usage_is_refused(
    contract: Path, after: Path, words: list[str], problem: str,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(contract.parent)

    assert run(["suite", "export", "--engine", "sqlite", *words]) == 2

    assert problem in capsys.readouterr().err


def test_a_contract_that_one_file_can_answer_nothing_of_makes_no_suite_that_would_pass(
    after: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contract = tmp_path / "admissions.toml"
    contract.write_text('[changes]\nnew = ["message"]\n')

    assert run(["suite", "export", "--engine", "sqlite", "--contract", str(contract), "--after", str(after)]) == 2

    assert "a suite without expectations would pass" in capsys.readouterr().err
