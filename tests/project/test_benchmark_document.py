"""The page of benchmarks keeps what was not measured again, and shows sizes apart."""

from __future__ import annotations

from pathlib import Path

from benchmarks.document import AT_SIZE, PREFACE, read_sections, write_sections

ORDER = ["Turn store", "Audit", "Debug API"]


def test_what_is_measured_anew_replaces_its_section_and_no_other(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text(write_sections({"Debug API": "old", "Audit": "### part\n\n| 1 |"}, ORDER))
    sections = read_sections(page)
    assert sections == {"Audit": "### part\n\n| 1 |", "Debug API": "old"}
    page.write_text(write_sections(sections | {"Debug API": "new"}, ORDER))
    assert read_sections(page) == {"Audit": "### part\n\n| 1 |", "Debug API": "new"}


def test_other_sizes_follow_the_usual_one_and_what_is_no_more_is_left_out() -> None:
    heads = ["Audit at 5,000,000 turns", "Gone", "Audit at 1,000,000 turns", "Turn store", "Audit"]
    text = write_sections(dict.fromkeys(heads, "x"), ORDER)
    told = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert told == ["Turn store", "Audit", "Audit at 1,000,000 turns", "Audit at 5,000,000 turns"]


def test_a_page_that_is_not_there_has_no_sections(tmp_path: Path) -> None:
    assert read_sections(tmp_path / "none.md") == {}
    assert write_sections({}, ORDER) == PREFACE


def test_the_page_of_the_repository_is_read_as_it_was_written(repository: Path) -> None:
    page = repository / "docs" / "benchmarks.md"
    sections = read_sections(page)
    order = list(dict.fromkeys(head.partition(AT_SIZE)[0] for head in sections))
    assert write_sections(sections, order) == page.read_text(encoding="utf-8")
