"""Speed is compared where the same is done: pairs take their routes, and a tool that finds other rows gets no time."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.__main__ import BENCHMARKS, heading
from benchmarks.arm import Measured, run
from benchmarks.diff_arms import ARMS
from benchmarks.diff_pairs import AFTER, BEFORE, FINE_ROWS, PROBES, differences_of, write_pairs
from benchmarks.diff_rivals import answer
from benchmarks.diff_speed import BY_KEY, TOOLS, Refusal, beside_sqlite, beside_tools, untold
from support.files.pair_files import compare_files, make_file

ROWS = 60
PLANTED = differences_of(ROWS).to_json()


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pairs")
    write_pairs(folder, ROWS)
    return folder


@pytest.mark.parametrize(
    ("pair", "route"),
    [("numbers", "rowid"), *((pair, "primary key (id)") for pair in ("kept", "shuffled", "ascending"))],
)
def test_a_pair_in_which_nothing_differs_takes_the_route_it_is_for(pair: str, route: str, pairs: Path) -> None:
    ours = ARMS["compare"](pairs / pair)
    by_hand = ARMS["sqlite_except"](pairs / pair)

    assert (ours["paired_by"], ours["differences"], by_hand["differences"]) == (route, 0, 0)


def test_the_planted_rows_are_those_that_are_found(pairs: Path) -> None:
    findings, _ = compare_files(pairs / "few" / BEFORE, pairs / "few" / AFTER)
    found: dict[str, list[int]] = {change: [] for change in PLANTED}
    for finding in findings:
        found[finding["change"]].append(json.loads(finding["key"])["id"])

    assert {change: sorted(ids) for change, ids in found.items()} == PLANTED
    assert ARMS["sqlite_except"](pairs / "few")["differences"] == 13
    # In a process of its own: no file is opened by two libraries of one.
    assert run("benchmarks.diff_arms", "duckdb_except", pairs / "few").said["found"] == PLANTED


def test_turntruth_tells_everything_that_differs_in_the_small_pair(pairs: Path) -> None:
    said = ARMS["turntruth"](pairs / "fine")
    known = differences_of(FINE_ROWS)

    assert untold(Measured(said.pop("seconds"), 1.0, said)) == []
    assert (
        said["found"] == replace(known, changed=known.changed | {probe.row for probe in PROBES if probe.row}).to_json()
    )
    assert len(said["schema"]) == len([probe for probe in PROBES if probe.word])


@pytest.mark.skipif(shutil.which("sqldiff") is None, reason="needs sqldiff (Debian: sqlite3-tools)")
def test_what_sqldiff_prints_is_read_as_the_rows_it_means(pairs: Path) -> None:
    assert answer("sqldiff", pairs / "few")["found"] == PLANTED
    said = answer("sqldiff", pairs / "fine")
    assert {"5 is not 5.0", "user_version has changed"} <= set(untold(Measured(said["seconds"], 1.0, said)))


def test_a_tool_that_is_not_there_says_so_and_one_that_fails_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "reladiff", None)
    absent = answer("reladiff_join", tmp_path)
    assert absent.keys() == {"missing"}
    (tmp_path / BEFORE).write_text("no database")
    if shutil.which("sqldiff"):
        assert answer("sqldiff", tmp_path).keys() == {"failed"}


def _found(seconds: float, **found: list[int]) -> Measured:
    return Measured(seconds, 10.0, {"cpu": 2 * seconds, "found": PLANTED | found, "schema": []})


def test_only_who_finds_the_same_rows_has_a_time() -> None:
    timed: dict[str, Measured | Refusal] = dict.fromkeys(TOOLS, _found(3.0))
    timed |= {"turntruth": _found(1.5), "sqldiff": _found(1.0, changed=[]), "datacompy": Refusal("not installed")}
    asked = {tool: _asked(tool) for tool in TOOLS}
    lines = {line[0]: line for line in beside_tools(ROWS, timed, asked, Measured(0.5, 10.0, {}))}

    assert lines[TOOLS["turntruth"]][1:] == ("1.50 s, CPU 3.00 s", "10 MB", "", "nothing of it")
    assert lines[TOOLS["sqldiff"]][1:4] == ("finds other rows", "", "")
    assert lines[TOOLS["datacompy"]] == (TOOLS["datacompy"], "not run", "", "", "not installed")
    assert lines[TOOLS["reladiff_join"]][1] == "3.00 s, CPU 6.00 s; and 0.50 s for the copies"
    assert lines[TOOLS["duckdb_except"]][3:] == (
        "2.0 times as long, 2.0 times the CPU",
        "5 is not 5.0, user_version has changed",
    )


def _asked(tool: str) -> Measured:
    missed = {"5 is not 5.0", "user_version has changed"} if tool == "duckdb_except" else set()
    told = [probe for probe in PROBES if probe.said not in missed]
    found = differences_of(FINE_ROWS).to_json()
    found["changed"] += [probe.row for probe in told if probe.row]
    return Measured(1.0, 10.0, {"found": found, "schema": [f"{probe.word} differs" for probe in told if probe.word]})


def test_ours_has_to_find_the_planted_rows() -> None:
    timed = dict.fromkeys(TOOLS, _found(1.0)) | {"turntruth": _found(1.0, lost=[])}
    with pytest.raises(AssertionError, match="wanted"):
        beside_tools(ROWS, timed, {}, Measured(0.5, 10.0, {}))


@pytest.mark.parametrize("wrong", [{"paired_by": "rowid"}, {"differences": 1}])
def test_another_route_or_a_difference_is_no_measurement(wrong: dict[str, Any]) -> None:
    by_key = {"differences": 0, "paired_by": "primary key (id)"}
    measured = {
        ("read_both", "numbers"): Measured(1.0, 10.0, {}),
        ("compare", "numbers"): Measured(0.5, 10.0, {"differences": 0, "paired_by": "rowid"}),
        **{("sqlite_except", pair): Measured(6.0, 10.0, {"differences": 0}) for pair in BY_KEY},
        **{("compare", pair): Measured(2.0, 10.0, by_key) for pair in BY_KEY},
        ("select_claims", "claims"): Measured(2.0, 10.0, {"differences": 0}),
        ("claims", "claims"): Measured(3.0, 10.0, {"differences": 0, "whole": 4.0}),
    }
    assert [line[4] for line in beside_sqlite(1_000_000, measured)] == [
        "0.50; 2,000,000 rows/s",
        *["3.0 times faster"] * len(BY_KEY),
        "1.50",
    ]
    measured["compare", "kept"] = Measured(2.0, 10.0, by_key | wrong)
    with pytest.raises(AssertionError):
        beside_sqlite(1_000_000, measured)


def test_another_size_than_the_usual_one_stands_in_the_heading() -> None:
    by_module = {benchmark.module: benchmark for benchmark in BENCHMARKS}
    headings = [heading(by_module["diff_speed"], rows) for rows in (1_000_000, 300_000)]

    assert headings == ["Diff", "Diff at 300,000 rows"]
    assert heading(by_module["audit_speed"], 1_000_000) == "Audit at 1,000,000 turns"
    assert heading(by_module["page_size"], 0) == "The page of a run"


def test_the_contract_and_the_statement_by_hand_claim_the_same(pairs: Path, tmp_path: Path) -> None:
    shutil.copytree(pairs / "claims", tmp_path / "claims")
    assert ARMS["claims"](tmp_path / "claims")["differences"] == 0
    make_file(tmp_path / "claims" / AFTER, "UPDATE messages SET model_id = 'other' WHERE id IN (3, 5)")

    assert [ARMS[arm](tmp_path / "claims")["differences"] for arm in ("claims", "select_claims")] == [2, 2]
