"""A comparison under a contract as a suite: Great Expectations says of its roll-up what the comparison itself says."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import great_expectations as gx
import pandas as pd
import pytest

from audit.cli import run
from audit.fleet.pairs.comparison_suite import JudgementsDifferError, judge
from audit.great_expectations.rolled_up import NOT_JUDGED, RolledUp
from support.files.pair_files import make_file

_BEFORE = (
    "CREATE TABLE message (id INTEGER PRIMARY KEY, meta TEXT, body TEXT)",
    """INSERT INTO message VALUES (1, '{"r": "a"}', 'x'), (2, '{"r": "b"}', 'y'), (3, '{}', 'z')""",
    "CREATE TABLE ledger (version TEXT)",
    "INSERT INTO ledger VALUES ('1')",
)
_MIGRATED = (
    "ALTER TABLE message ADD COLUMN runtime TEXT NOT NULL DEFAULT ''",
    "UPDATE message SET runtime = coalesce(meta ->> '$.r', '')",
    "UPDATE ledger SET version = '2'",
)
_CONTRACT = """
name = "messages know their runtime"
[rows.message.columns]
runtime = "meta ->> '$.r'"
[rows.message.unknown]
runtime = [""]
[changes]
new = ["message.runtime", "ix_*"]
rewritten = [{ name = "ledger.version", reason = "the program's own" }]
[defaults]
"message.runtime" = "''"
"""
_CASES = {
    "SELECT 1": (0, {}),
    "UPDATE message SET runtime = 'z' WHERE id < 3": (1, {"message.runtime": 2}),
    "DELETE FROM message WHERE id = 1": (1, {"message.rows": 1}),
    "INSERT INTO message (id) VALUES (9)": (1, {"message.rows": 1}),
    "UPDATE message SET body = 'w' WHERE id = 3": (1, {"not_admitted.changed": 1}),
    "DROP TABLE ledger": (1, {"not_admitted.lost": 2}),
    "CREATE TABLE more (n)": (1, {"not_admitted.new": 1}),
    "CREATE INDEX ix_runtime ON message (runtime)": (0, {}),
}
"""What happens to the migrated file; the exit code of the comparison, and what is unexpected."""


@pytest.fixture(name="contract")
def write_contract(tmp_path: Path) -> Path:
    path = tmp_path / "contract.toml"
    path.write_text(_CONTRACT)
    return path


def _pair(folder: Path, *damage: str) -> tuple[Path, Path]:
    after = make_file(folder / "after.db", *_BEFORE, *_MIGRATED, *damage)
    return make_file(folder / "before.db", *_BEFORE), after


def _judged(contract: Path, before: Path, after: Path, *words: str) -> tuple[int, dict[str, Any]]:
    """The exit code of the comparison, and what it wrote."""
    target = contract.with_name("gx.json")
    code = run(["diff", str(before), str(after), "-q", "--contract", str(contract), "--write", f"gx:{target}", *words])
    return code, json.loads(target.read_text())


def _unexpected(document: dict[str, Any]) -> dict[str, int]:
    return {row["name"]: row["unexpected"] for row in document["roll_up"] if row["unexpected"]}


@pytest.mark.parametrize("damage", _CASES)
def test_the_verdict_is_that_of_the_comparison(damage: str, contract: Path, tmp_path: Path) -> None:
    code, document = _judged(contract, *_pair(tmp_path, damage))

    assert (code, _unexpected(document)) == _CASES[damage]
    assert document["result"]["success"] is (code == 0)
    failed = {
        each["expectation_config"]["meta"]["check"] for each in document["result"]["results"] if not each["success"]
    }
    assert failed == set(_CASES[damage][1])


def test_each_claim_and_each_admission_is_an_expectation_by_name(contract: Path, tmp_path: Path) -> None:
    _, document = _judged(contract, *_pair(tmp_path))

    rows = {row["name"]: row for row in document["roll_up"]}
    assert list(rows) == [
        "message.rows", "message.runtime", "message.runtime DEFAULT", "not_admitted.lost", "not_admitted.changed",
        "not_admitted.new", "new message.runtime", "new ix_*", "rewritten ledger.version",
    ]  # fmt: skip
    assert [each["meta"]["check"] for each in document["suite"]["expectations"]] == list(rows)
    assert (rows["message.runtime"]["looked_at"], rows["new message.runtime"]["admitted"]) == (3, 1)
    assert rows["rewritten ledger.version"]["title"].endswith("is admitted: the program's own")
    assert document["suite"]["meta"]["verdict"] == "GO"


def test_what_could_not_be_judged_fails(contract: Path, tmp_path: Path) -> None:
    contract.write_text('[rows.message]\nkey = "body"\n[changes]\nnew = ["message.runtime"]\n')
    pair = _pair(tmp_path, "UPDATE message SET body = 'x'")

    code, document = _judged(contract, *pair)

    row = next(row for row in document["roll_up"] if row["name"] == "message.rows")
    assert (code, row["unexpected"], document["result"]["success"]) == (3, NOT_JUDGED, False)
    assert "more than one row of key" in row["problem"]


def test_anybody_can_judge_the_roll_up_again(contract: Path, tmp_path: Path) -> None:
    """With stock Great Expectations alone, whatever tables and columns are called."""
    files = [
        'CREATE TABLE "$odd.{n}" (id INTEGER PRIMARY KEY, "a b" TEXT, rows)',
        "INSERT INTO \"$odd.{n}\" VALUES (1, 'x', 7)",
    ]
    contract.write_text("[rows.'$odd.{n}'.columns]\n'a b' = \"'y'\"\nrows = '7'\n")
    before, after = (make_file(tmp_path / f"{name}.db", *files) for name in ("before", "after"))

    _, document = _judged(contract, before, after)

    frame = pd.DataFrame([{row["name"]: row["unexpected"] for row in document["roll_up"]}])
    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("roll-up").add_dataframe_asset("rows")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    outcome = batch.validate(gx.ExpectationSuite(**document["suite"]))
    assert [each.success for each in outcome.results] == [each["success"] for each in document["result"]["results"]]
    assert _unexpected(document) == {'"$odd.{n}".a b': 1}


def test_the_suite_is_always_the_same_and_who_may_not_read_the_files_may_not_read_it(
    contract: Path, tmp_path: Path
) -> None:
    pair = _pair(tmp_path)
    pair[0].chmod(0o600)

    suites = [_judged(contract, *pair)[1]["suite"] for _ in range(2)]

    assert suites[0] == suites[1]
    assert stat.S_IMODE((tmp_path / "gx.json").stat().st_mode) == 0o600


def test_two_verdicts_are_never_told_as_one(contract: Path, tmp_path: Path) -> None:
    from audit.diff.pair_run import compared  # noqa: PLC0415  beside what it is for

    with compared(*_pair(tmp_path), contract=contract) as result, pytest.raises(JudgementsDifferError, match="GO"):
        judge("made_for_a_test", (RolledUp("t.v", "A title", unexpected=1),), result)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--write", "gx:gx.json"], "without a contract"),
        (["--write", "junit:gx.json", "--contract", "contract.toml"], "no format 'junit'"),
        (["--write", "gx:", "--contract", "contract.toml"], "the path of a file is missing"),
        (["--write", "gx:none/gx.json", "--contract", "contract.toml"], "is no folder"),
        (["--write", "gx:before.db", "--contract", "contract.toml"], "input"),
        (["--write", "gx:contract.toml", "--contract", "contract.toml"], "input"),
    ],
)
def test_wrong_usage_is_refused_before_any_work(
    contract: Path, tmp_path: Path, words: list[str], problem: str,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    _pair(tmp_path)
    monkeypatch.chdir(tmp_path)

    assert run(["diff", "before.db", "after.db", *words]) == 2

    printed = capsys.readouterr()
    assert (printed.out, problem in printed.err) == ("", True)
    assert not (tmp_path / "gx.json").exists()


@pytest.mark.samples
@pytest.mark.parametrize(
    ("before", "after", "shipped", "unexpected"),
    [
        ("openwebui-374d2f66af06", "openwebui-0.8.5-head", "openwebui-chat-message",
         {"chat_message.usage": 165, "chat_message.done": 151, "chat_message.created_at": 16, "not_admitted.lost": 7}),
        ("llm-0.12", "llm-0.36", "llm-responses",
         dict.fromkeys(("responses.resolved_model", "responses.input_tokens", "responses.output_tokens"), 408)),
    ],
)  # fmt: skip
def test_pairs_of_other_programs(
    before: str, after: str, shipped: str, unexpected: dict[str, int], tmp_path: Path, pairs: Path
) -> None:
    target = tmp_path / "gx.json"

    code = run(["diff", str(pairs / f"{before}.before.db"), str(pairs / f"{after}.after.db"), "-q",
                "--contract", shipped, "--write", f"gx:{target}"])  # fmt: skip

    document = json.loads(target.read_text())
    assert (code, _unexpected(document), document["result"]["success"]) == (1, unexpected, False)
