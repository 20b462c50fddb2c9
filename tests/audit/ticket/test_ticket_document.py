"""A document is read as its markdown means it."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.ticket.ticket_document import Passage, Task, read_document
from support.files.ticket_files import write_ticket


def test_boxes_have_section_state_line_identity_and_proofs(tmp_path: Path) -> None:
    tasks = read_document(write_ticket(tmp_path) / "tasks.md").tasks

    assert tasks == (
        Task("Store", "Add a column.", True, 5, "s001", ("pytest tests/a.py::test_b", "make lint")),
        Task("Store", "A box of two lines", True, 7, "", ()),
        Task("Closeout", "Set the ticket's status to `complete`.", False, 13, "c001", ()),
    )
    assert [task.closes for task in tasks] == [False, False, True]


def test_fields_links_sql_and_the_stated_status(tmp_path: Path) -> None:
    index = read_document(write_ticket(tmp_path) / "index.md")

    assert (index.problem, index.text_of("Title"), index.list_of("Topics")) == ("", "Runtimes: one a turn", ["backend"])
    assert index.links == (Passage("tasks.md#closeout", 18), Passage("https://example.org/x", 18))
    assert index.sql == (Passage("SELECT runtime_key FROM turns WHERE conv_id = :conv_id;\n", 21),)
    assert index.stated == (Passage("active", 16),)


def test_what_only_looks_like_boxes_and_links_is_none(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "[ ] no list\n\n```\n- [ ] in code\n[a](b.md)\n```\n\n`[a](b.md)`\n\n# [x] heading\n", encoding="utf-8"
    )
    found = read_document(page)

    assert (found.tasks, found.links) == ((), ())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("# no front matter\n", "does not begin with front matter"),
        ("---\na: [\n---\n", "is no YAML"),
        ("---\n- a\n---\n", "has no fields"),
        ("---\na: 1\n", "does not begin with front matter"),
        ("---\na: 2026-13-77\n---\n", "is no YAML"),
    ],
)
def test_front_matter_that_is_none_is_told(text: str, problem: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")

    assert problem in read_document(page).problem
