"""An explanation tells all there is to know of a check; a misspelt name is met with the one that was meant."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from audit.checks.catalog import Catalog, load_catalog
from audit.cli import run
from audit.cli.commands import explain as command
from audit.errors import CheckFileError
from audit.explanation.explanation import UnknownCheckError, explain, skip_reasons
from support.files.sqlite_files import make_turns


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def printed(*arguments: str) -> str:
    app = typer.Typer()
    command.register(app)
    ran = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert ran.exit_code == 0
    return ran.stdout


def test_the_views_behind_a_check_come_in_the_order_in_which_they_are_read(catalog: Catalog) -> None:
    explanation = explain("pointer_agrees", catalog)
    views = [view.name for view in explanation.views]
    assert views[-1] == "pointers"
    assert views.index("turn_order") < views.index("latest_attributed_turn") < views.index("pointers")
    assert {"turns", "conversations"} <= set(explanation.tables)


def test_a_check_over_tables_alone_has_no_views(catalog: Catalog) -> None:
    explanation = explain("database_intact", catalog)
    assert explanation.views == ()
    assert explanation.tables == ("integrity_problems",)


def test_a_check_is_skipped_for_want_of_each_thing_it_needs(catalog: Catalog) -> None:
    (reason,) = explain("pointer_agrees", catalog).skipped_when
    assert "--timeline" in reason
    assert skip_reasons(("turns",)) == []
    assert len(skip_reasons(("turns", "timeline", "cutover"))) == 2


def test_a_check_may_be_named_with_its_suite(catalog: Catalog) -> None:
    assert explain("backfill/runtime_complete", catalog).check is explain("runtime_complete", catalog).check


@pytest.mark.parametrize(
    ("given", "meant"), [("runtime_complet", "runtime_complete"), ("schema/no_trigers", "no_triggers")]
)
def test_a_misspelt_name_is_met_with_the_right_one(catalog: Catalog, given: str, meant: str) -> None:
    with pytest.raises(UnknownCheckError, match=f"Did you mean {meant}") as caught:
        explain(given, catalog)
    assert caught.value.similar[0] == meant


def test_a_name_like_none_is_sent_to_the_list(catalog: Catalog) -> None:
    with pytest.raises(UnknownCheckError, match="turntruth checks lists them all"):
        explain("zzz", catalog)


def test_a_broken_check_file_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema" / "half_done.sql").write_text("-- title: Half done\nSELECT 1\n")
    with pytest.raises(CheckFileError, match=r"half_done\.sql:2: missing header key"):
        explain("half_done", load_catalog(tmp_path))


def test_the_command_prints_everything_a_reader_needs(catalog: Catalog) -> None:
    text = printed("switch_not_late")
    explanation = explain("switch_not_late", catalog)
    check = explanation.check
    views = [f"CREATE {view.kind} {view.name} AS" for view in explanation.views]
    assert views
    for part in (check.title, check.remedy, check.path, check.breaks[0][1], *views):
        assert part in text
    assert all(f"    {line}" in text for line in check.sql.splitlines())


def test_as_json_it_is_the_whole_check_file_and_more() -> None:
    told = json.loads(printed("no_residue", "--format", "json"))
    text = files("expectations").joinpath("ledger/no_residue.sql").read_text(encoding="utf-8")
    assert told["sql"] in text
    assert [view["view"] for view in told["views"]] == ["last_migration"]
    assert told["tables"] == ["ledger"]
    assert {"title", "severity", "remedy", "breaks", "consequence_of", "also_fails", "sql_sha256"} <= told.keys()


def test_what_else_the_damage_trips_is_told_from_both_ends() -> None:
    assert "The same damage is also found by block_hash_matches." in printed("block_json_valid")
    assert json.loads(printed("block_json_valid", "--format", "json"))["also_fails"] == ["block_hash_matches"]
    assert "can be the consequence of what block_json_valid finds" in printed("block_hash_matches")
    assert json.loads(printed("block_hash_matches", "--format", "json"))["consequence_of"] == ["block_json_valid"]


def test_an_unknown_name_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "pointer_agree"]) == 2
    assert "Did you mean pointer_agrees" in capsys.readouterr().err


def test_a_check_is_printed_as_one_statement_that_sqlite_runs_on_the_file(tmp_path: Path) -> None:
    turns = make_turns(tmp_path / "turns.db")

    with closing(sqlite3.connect(f"{turns.as_uri()}?mode=ro", uri=True)) as connection:
        assert connection.execute(printed("runtime_complete", "--sqlite", "--no-ledger")).fetchall() == []


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["pointer_agrees", "--sqlite"], "another database"),
        (["completion_true", "--sqlite", "--no-ledger"], "the record of the migration"),
    ],
)
def test_a_check_that_sqlite_cannot_say_has_the_reason_and_what_to_do(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["explain", *arguments]) == 2

    told = capsys.readouterr().err
    assert reason in told
    assert f"turntruth audit --select {arguments[0]}" in told
