from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from audit.runs.finding_tables import PLACE_CHARACTERS, PLACES_SHOWN, CheckFindings, count_findings
from support.audits.report_examples import a_finding
from support.audits.run_folders import a_kept_run


def table(folder: Path, *rows: object, accepted: str = "") -> Path:
    """A table of findings; those of the run that is written for it."""
    path = a_kept_run(folder, 1, findings=rows) / "findings.parquet"  # type: ignore[arg-type]
    if accepted:
        with duckdb.connect() as connection:
            connection.execute(
                f"COPY (SELECT * REPLACE ('{accepted}' AS accepted) FROM read_parquet('{path}')) TO '{path}.new'"
                " (FORMAT parquet)"
            )
        Path(f"{path}.new").replace(path)
    return path


def counted(a: Path, b: Path, folder: Path) -> CheckFindings:
    (found,) = count_findings(a, b, folder)
    return found


def test_what_somebody_has_accepted_is_counted_but_is_not_open(tmp_path: Path) -> None:
    a = table(tmp_path / "a", a_finding(number=1))
    b = table(tmp_path / "b", a_finding(number=1), a_finding(number=2), accepted="written by hand")

    found = counted(a, b, tmp_path)

    assert (found.a, found.b, found.still, found.open_b, found.added_open) == (1, 2, 1, 0, 0)


def test_of_many_places_only_the_first_are_kept_and_long_values_are_cut(tmp_path: Path) -> None:
    a = table(tmp_path / "a")
    b = table(tmp_path / "b", *(a_finding(number=number, session_id="s" * 9_000) for number in range(40)))

    found = counted(a, b, tmp_path)

    assert (found.b, found.added_open) == (40, 40)
    assert [place["turn_id"] for place in found.added_first] == [f"turn-{number:06d}" for number in range(PLACES_SHOWN)]
    assert {len(place["session_id"]) for place in found.added_first} == {PLACE_CHARACTERS}


def test_two_places_that_differ_behind_the_cut_stay_two(tmp_path: Path) -> None:
    a = table(tmp_path / "a", a_finding(turn_id="x" * 900 + "1"))
    b = table(tmp_path / "b", a_finding(turn_id="x" * 900 + "2"))

    found = counted(a, b, tmp_path)

    assert (found.a, found.b, found.still) == (1, 1, 0)


@pytest.mark.parametrize("name", ["a*b", "a?b", "[ab]", "a'b", 'a"b', "ü\u202e"])
def test_a_folder_of_any_name_is_read_and_no_other(name: str, tmp_path: Path) -> None:
    a = table(tmp_path / name, a_finding(number=1))
    table(tmp_path / "aXb", a_finding(number=2))

    assert counted(a, a, tmp_path).still == 1


def test_values_are_compared_as_they_are(tmp_path: Path) -> None:
    hostile = ("=1+1", "'", "\0", "a\u0301", "\u00e1", " ", "")
    rows = [a_finding(turn_id=each) for each in hostile]

    found = counted(table(tmp_path / "a", *rows), table(tmp_path / "b", *rows[:-1]), tmp_path)

    assert (found.still, found.a, found.b) == (len(hostile) - 1, len(hostile), len(hostile) - 1)
