"""Everything that can be wrong with a ticket is named, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from audit.ticket.errors import NoTicketError
from audit.ticket.ticket_examination import Examination, examine
from audit.ticket.ticket_folder import read_ticket
from audit.ticket.ticket_remark import Level
from support.files.ticket_files import NOW, change, write_ticket


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_ticket(tmp_path)


def found_in(folder: Path, *, later: timedelta = timedelta()) -> Examination:
    return examine(read_ticket(folder), now=NOW + later)


def issues(folder: Path) -> list[str]:
    return [remark.issue for remark in found_in(folder).remarks]


def test_a_sound_ticket_has_no_remark(folder: Path) -> None:
    found = found_in(folder)

    assert found.remarks == ()
    assert found.to_json() == {"ticket": "T-1", "status": "active", "tasks": {"done": 2, "open": 1}, "rows": []}


@pytest.mark.parametrize(
    ("old", "new", "issue"),
    [
        ("Title: ", "Name: ", "missing_required_fields"),
        ("Ticket: T-1", "Ticket:", "missing_required_fields"),
        ("DocType: index\n", "", "missing_required_fields"),
        ("Status: active   # until all is done\n", "", "missing_field"),
        ("Topics: [backend]", "Topics: []", "missing_field"),
        ("[backend]", "[backend, cooking]", "unknown_topics"),
        ("DocType: index", "DocType: poem", "unknown_doc_type"),
        ("long-term", "some-day", "unknown_intent"),
        ("Path: code/store.py", "Path: code/gone.py", "missing_related_file"),
        ("Path: code/store.py", 'Path: "a\\0b"', "missing_related_file"),
        ("Note: What", "Nota: What", "missing_related_file_note"),
        ("**active**", "**complete**", "status_contradicted"),
        ("(tasks.md#closeout)", "(task.md#closeout)", "broken_link"),
        ("(tasks.md#closeout)", "(/docs/no/tasks.md)", "broken_link"),
        ("---\nTitle", "--\nTitle", "invalid_frontmatter"),
        ("Topics: [backend]", "Topics: [backend", "invalid_frontmatter"),
    ],
)
def test_a_fault_of_the_index_is_named(old: str, new: str, issue: str, folder: Path) -> None:
    change(folder / "index.md", old, new)

    assert issues(folder) == [issue]


@pytest.mark.parametrize(
    "path", ["repo://code/store.py", "ws://code/store.py", "docs://ticket/tasks.md", "doc://tasks.md"]
)
def test_anchors_of_related_files_are_followed(path: str, folder: Path) -> None:
    change(folder / "index.md", "Path: code/store.py", f"Path: {path}")

    assert issues(folder) == []


def test_a_path_of_one_machine_is_named_though_the_file_is_there(folder: Path) -> None:
    change(folder / "index.md", "code/store.py", str(folder.parents[1] / "code" / "store.py"))

    assert issues(folder) == ["absolute_related_file"]


def test_words_of_the_vocabulary_are_known_and_without_one_that_is_told(folder: Path) -> None:
    change(folder / "index.md", "Status: active   #", "Status: resting   #")
    change(folder / "index.md", "**active**", "**resting**")
    assert issues(folder) == []

    (folder / "vocabulary.yaml").unlink()
    assert issues(folder) == ["unknown_status", "no_vocabulary"]


def test_indexes_are_one(folder: Path) -> None:
    (folder / "other").mkdir()
    (folder / "other" / "index.md").write_text((folder / "index.md").read_text().replace("(tasks.md", "(../tasks.md"))
    assert issues(folder) == ["multiple_index"]

    (folder / "index.md").unlink()
    assert "missing_index" in issues(folder)


def test_documents_in_folders_have_a_number_and_sources_are_left_out(folder: Path) -> None:
    header = "---\nTitle: a\n---\n"
    for name in ("reference/01-a.md", "reference/a.md", "sources/b.md"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(header if "sources" not in name else "[a](gone.md)")

    (remark,) = found_in(folder).remarks
    assert (remark.issue, remark.path) == ("missing_numeric_prefix", "docs/ticket/reference/a.md")


def test_age_counts_from_the_newest_document_and_only_until_all_is_done(folder: Path) -> None:
    late = timedelta(days=27)
    assert [each.issue for each in found_in(folder, later=late).remarks] == ["stale"]

    (folder / "later.md").write_text("---\nLastUpdated: 2026-03-20\n---\n")
    assert found_in(folder, later=late).remarks == ()

    (folder / "later.md").unlink()
    change(folder / "index.md", "active", "complete")
    change(folder / "tasks.md", "[ ]", "[x]")
    assert found_in(folder, later=late * 100).remarks == ()


def test_a_complete_ticket_has_no_open_box_and_no_active_document(folder: Path) -> None:
    change(folder / "index.md", "active", "complete")
    (folder / "more.md").write_text("---\nStatus: active\n---\n")
    box, document = found_in(folder).remarks

    assert (box.issue, box.severity, box.path, box.line) == ("open_task", Level.ERROR, "docs/ticket/tasks.md", 13)
    assert (document.issue, document.path) == ("active_document", "docs/ticket/more.md")


def test_the_box_of_the_status_is_not_ticked_before_the_status_says_so(folder: Path) -> None:
    change(folder / "tasks.md", "[ ]", "[x]")

    assert issues(folder) == ["closed_too_early"]


def test_a_level_fails_at_its_own_and_worse(folder: Path) -> None:
    change(folder / "index.md", "tasks.md#closeout", "gone.md")
    found = found_in(folder)

    assert [found.fails(level) for level in Level] == [False, True, True]


def test_a_folder_without_a_document_is_no_ticket(tmp_path: Path) -> None:
    with pytest.raises(NoTicketError, match="no ticket lies there"):
        read_ticket(tmp_path / "gone")
