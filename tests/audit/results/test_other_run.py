"""What a list tells of comparisons, fleets and migrations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit.results.other_run import OtherRun, OtherRunError, comparison_of, read_other
from audit.results.run_kind import RunKind
from support.audits.kept_pairs import HEADLINE, a_fleet_folder, a_kept_pair, a_migration_folder
from support.audits.run_folders import a_kept_run


def test_a_comparison_tells_its_result_its_files_and_when_it_began(tmp_path: Path) -> None:
    folder = a_kept_pair(tmp_path / "reports")
    record = json.loads((folder / "results.json").read_text())

    assert read_other(folder) == OtherRun(
        RunKind.COMPARISON, "pair", HEADLINE, record["started_at"], (record["before"], record["after"])
    )


def test_comparisons_of_the_same_files_under_another_contract_are_of_something_else(tmp_path: Path) -> None:
    plain = a_kept_pair(tmp_path / "reports")
    judged = a_kept_pair(tmp_path / "reports", "judged", contract="strict")

    first, second = read_other(plain), read_other(judged)

    assert first is not None
    assert second is not None
    assert second.about == f"{first.about} under strict"
    assert second.headline == "NO-GO"


@pytest.mark.parametrize(
    ("verdict", "told"),
    [("passed", "GO"), ("failed", "NO-GO"), ("errored", "CANNOT TELL"), ("incomplete", "INCOMPLETE")],
)
def test_a_fleet_tells_its_verdict_in_the_words_of_its_page_and_when_it_ended(
    verdict: str, told: str, tmp_path: Path
) -> None:
    other = read_other(a_fleet_folder(tmp_path / "fleet", verdict))

    assert other == OtherRun(RunKind.FLEET, "fleet_1", told, "2026-03-01T10:15:00.000Z")
    assert other.about == ""


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[" * 9000])
def test_a_fleet_whose_certificate_does_not_say_is_a_fleet_all_the_same(content: bytes, tmp_path: Path) -> None:
    folder = a_fleet_folder(tmp_path / "fleet")
    (folder / "certificate.json").write_bytes(content)

    assert read_other(folder) == OtherRun(RunKind.FLEET)


def test_a_fleet_without_a_certificate_has_not_finished(tmp_path: Path) -> None:
    folder = a_fleet_folder(tmp_path / "fleet")
    (folder / "certificate.json").unlink()

    assert read_other(folder) == OtherRun(RunKind.FLEET, headline="NOT FINISHED")


def history_of(folder: Path, *lines: object) -> None:
    (folder / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_a_fleet_tells_how_many_files_it_has_and_how_they_are(tmp_path: Path) -> None:
    folder = a_fleet_folder(tmp_path / "fleet", "failed")
    earlier = {"run_id": "fleet_0", "headline": "GO", "tenants": 7, "note": "x" * 20_000}
    by_verdict = {"passed": 1_998, "failed": 1, "errored": 1}
    history_of(folder, earlier, {"run_id": "fleet_1", "headline": "NO-GO", "tenants": 2_000, "by_verdict": by_verdict})

    other = read_other(folder)

    assert other is not None
    assert (other.tenants, other.by_verdict, other.headline) == (2_000, by_verdict, "NO-GO")
    assert other.about == "2,000 files: 1,998 GO, 1 NO-GO, 1 CANNOT TELL"


def test_a_fleet_behind_an_open_gate_is_not_called_go(tmp_path: Path) -> None:
    folder = a_fleet_folder(tmp_path / "fleet")
    history_of(folder, {"run_id": "fleet_1", "headline": "GATE OPEN", "tenants": 1})

    other = read_other(folder)

    assert other is not None
    assert (other.headline, other.about) == ("GATE OPEN", "1 file")


@pytest.mark.parametrize(
    "line",
    [{"run_id": "fleet_2", "tenants": 9}, [], {"run_id": "fleet_1", "tenants": "many", "headline": 3, "by_verdict": 1}],
)
def test_of_a_history_of_another_run_or_form_nothing_is_told(line: object, tmp_path: Path) -> None:
    folder = a_fleet_folder(tmp_path / "fleet")
    history_of(folder, line)

    assert read_other(folder) == OtherRun(RunKind.FLEET, "fleet_1", "GO", "2026-03-01T10:15:00.000Z")


def test_a_migration_is_told_as_one(tmp_path: Path) -> None:
    assert read_other(a_migration_folder(tmp_path / "moved")) == OtherRun(RunKind.MIGRATION)


def test_audits_and_what_is_nothing_of_ours_are_for_others(tmp_path: Path) -> None:
    assert read_other(a_kept_run(tmp_path, 1)) is None
    assert read_other(tmp_path) is None
    assert read_other(tmp_path / "missing") is None


@pytest.mark.parametrize(("name", "value"), [("headline", None), ("before", 7), ("contract", "x"), ("run_id", [])])
def test_a_damaged_comparison_says_so(name: str, value: object, tmp_path: Path) -> None:
    folder = a_kept_pair(tmp_path / "reports")
    record = json.loads((folder / "results.json").read_text())
    (folder / "results.json").write_text(json.dumps(record | {name: value}))

    with pytest.raises(OtherRunError, match="a comparison of two files, and lacks what every comparison has"):
        read_other(folder)


@pytest.mark.parametrize("value", [{"lost": 1}, {"lost": {"row": "many"}}, 3])
def test_counts_of_another_form_are_damage(value: object, tmp_path: Path) -> None:
    folder = a_kept_pair(tmp_path / "reports")
    record = json.loads((folder / "results.json").read_text())
    (folder / "results.json").write_text(json.dumps(record | {"counts": value}))

    with pytest.raises(OtherRunError, match="lacks what every comparison has"):
        read_other(folder)


def test_a_verdict_that_was_edited_is_not_listed(tmp_path: Path) -> None:
    folder = a_kept_pair(tmp_path / "reports", contract="strict")
    record = json.loads((folder / "results.json").read_text())
    (folder / "results.json").write_text(json.dumps(record | {"headline": "GO", "exit_code": 0}))

    with pytest.raises(OtherRunError, match="it contradicts itself: its headline is GO"):
        read_other(folder)


def test_results_of_an_audit_are_no_comparison() -> None:
    assert comparison_of({"schema_version": 1}) is None
    assert comparison_of(None) is None
