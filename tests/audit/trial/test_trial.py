"""``turntruth checks test``: a check is tried on a clean sample, and after the damage that its ``breaks`` does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from audit.errors import MissingFileError
from audit.trial.new_check import write_new_check
from audit.trial.trial import BrokenCheckError, NoCheckFileError, Trial, try_check

BREAKS = """\
-- breaks: timeline: UPDATE timeline_conversations SET last_error = 'quota exceeded'
--   WHERE conv_id = (SELECT min(conv_id) FROM timeline_conversations)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_new_check("billing/quota_left", tmp_path / "ours")


def tried(file: Path, old: str, new: str) -> Trial:
    """The trial of the template with one part of it changed."""
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    return try_check(file)


def problem(file: Path, old: str, new: str) -> str:
    trial = tried(file, old, new)
    assert not trial.works
    (told,) = trial.problems
    return told


def test_a_new_check_works_and_trips_no_other(file: Path) -> None:
    trial = try_check(file)

    assert trial.works
    assert (trial.scanned, trial.damaged, trial.named) == (16, 1, 1)
    assert trial.answering == ()
    assert trial.header == ()
    (finding,) = trial.findings
    assert (finding.column, finding.found) == ("last_error", "quota exceeded")


def test_other_checks_that_answer_are_named_and_the_header_is_suggested(file: Path) -> None:
    trial = tried(file, "SET last_error = 'quota exceeded'", "SET last_error = 'quota exceeded', session_id = 'gone'")

    assert trial.works
    assert "session_has_turns" in trial.answering
    assert dict(trial.header)["also_fails"] == ", ".join(trial.answering)


def test_what_the_header_says_is_not_suggested_again(file: Path) -> None:
    answering = "session_has_turns"
    file.write_text(file.read_text().replace("-- remedy", f"-- also_fails: {answering}\n-- remedy"))

    trial = tried(file, "SET last_error = 'quota exceeded'", "SET last_error = 'quota exceeded', session_id = 'gone'")

    assert answering in trial.answering
    assert dict(trial.header).get("also_fails", answering) == ", ".join(trial.answering)


def test_a_check_that_is_said_to_fail_with_it_and_does_not_is_a_problem(file: Path) -> None:
    told = problem(file, "-- remedy", "-- also_fails: session_has_turns\n-- remedy")
    assert told == "said to fail with it, and do not: session_has_turns"


def test_without_breaks_it_is_untested_and_works_where_it_finds_nothing(file: Path) -> None:
    trial = tried(file, BREAKS, "")

    assert trial.works
    assert trial.check.untested
    assert (trial.scanned, trial.damaged) == (16, 0)


def test_without_breaks_too_it_must_not_find_fault_with_clean_files(file: Path) -> None:
    file.write_text(file.read_text().replace("'%quota%'", "'%'"))
    assert "it finds fault with the clean sample: 16 findings, conv_id " in problem(file, BREAKS, "")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("'%quota%'", "'%'", "it finds fault with the clean sample: 16 findings, conv_id "),
        ("'%quota%'", "'%credit%'", "it does not notice the damage that its `breaks` does"),
        ("SET last_error = 'quota exceeded'", "SET last_error = last_error", "its `breaks` changes nothing"),
        ("SET last_error", "SET lost_error", "line 9: its `breaks` cannot be done on timeline: no such column"),
        ("timeline: UPDATE timeline_conv", "timeline: DROP TABLE timeline_conv", "line 9: its `breaks` cannot be done"),
        ("FROM conversations\n", "FROM conversaions\n", "line 13 of the file: FROM conversaions"),
        ("FROM conversations\n", "FROM conversations WHERE\n", "its query cannot be run: Parser Error"),
    ],
)
def test_what_is_wrong_is_told(file: Path, old: str, new: str, told: str) -> None:
    assert told in problem(file, old, new)


def test_damage_that_the_check_does_not_name_is_told(file: Path) -> None:
    more = "-- breaks: timeline: UPDATE timeline_conversations SET last_error = 'odd'\n--   WHERE conv_id LIKE 'b%'\n"
    told = problem(file, "-- remedy", f"{more}-- remedy")
    assert re.match(r"its `breaks` damages \d+ that it does not name: conv_id b", told)


def test_damage_that_no_audit_can_take_in_is_told(file: Path) -> None:
    drops = "-- breaks: turns: DROP TABLE turn_block_membership\n-- breaks: turns: DROP TABLE turns\n"
    assert problem(file, BREAKS, drops).startswith("after its `breaks` the files cannot be audited: ")


def test_rows_that_are_named_but_not_damaged_are_told(file: Path) -> None:
    everything = "'%quota%' OR EXISTS (FROM conversations WHERE lower(last_error) LIKE '%quota%')"
    assert "it names 15 that were not damaged: conv_id " in problem(file, "'%quota%'", everything)


@pytest.mark.parametrize(
    ("old", "new", "key", "value"),
    [
        ("-- identity: conv_id", "-- identity: conv_id, session_id", "identity", "conv_id"),
        ("-- scans: conversations", "-- scans: conversation", "scans", "conversations"),
    ],
)
def test_what_the_header_gets_wrong_is_suggested(file: Path, old: str, new: str, key: str, value: str) -> None:
    trial = tried(file, old, new)
    assert not trial.works
    assert dict(trial.header)[key] == value


def test_needs_are_suggested_from_what_is_read(file: Path) -> None:
    trial = tried(file, "-- needs: turns, timeline", "-- needs: turns, registry")
    assert trial.works, "the sample has both files whatever a check needs"
    assert dict(trial.header) == {"needs": "turns, timeline"}


def test_a_broken_header_is_told_with_its_line(file: Path) -> None:
    with pytest.raises(BrokenCheckError, match=r"quota_left\.sql:2: unknown severity 'odd'") as caught:
        tried(file, "severity: warning", "severity: odd")
    assert caught.value.exit_code == 1


def test_a_name_that_a_check_of_the_package_has_is_told(tmp_path: Path, file: Path) -> None:
    taken = file.rename(file.with_name("phases_known.sql"))
    with pytest.raises(BrokenCheckError, match=r"already taken by expectations/integrity/phases_known\.sql"):
        try_check(taken)


def test_what_is_no_check_file_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="no such file"):
        try_check(tmp_path / "suite" / "gone.sql")
    with pytest.raises(NoCheckFileError, match="it is a folder"):
        try_check(tmp_path)
    (tmp_path / "notes.md").write_text("text")
    with pytest.raises(NoCheckFileError, match=r"a check file ends in \.sql"):
        try_check(tmp_path / "notes.md")


def test_checks_of_the_package_can_be_tried_where_they_lie(repository: Path) -> None:
    trial = try_check(repository / "expectations" / "integrity" / "block_json_valid.sql")
    assert trial.works
    assert trial.answering == ("block_hash_matches",)
    assert trial.header == ()


@pytest.mark.parametrize("name", ["continuity/as_seen_before", "integrity/api_values_as_stored"])
def test_an_earlier_audit_and_a_debug_api_are_there_for_checks_that_need_them(repository: Path, name: str) -> None:
    trial = try_check(repository / "expectations" / f"{name}.sql")
    assert trial.works
    assert trial.answering == ("runtime_matches_evidence",)
