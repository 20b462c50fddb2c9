"""A ticket in a folder, with which nothing is wrong until a test changes something."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

NOW = datetime(2026, 3, 1, tzinfo=UTC)

INDEX = """---
Title: "Runtimes: one a turn"
Ticket: T-1
DocType: index
Status: active   # until all is done
Topics: [backend]
Intent: long-term
RelatedFiles:
  - Path: code/store.py
    Note: What it is about
LastUpdated: 2026-02-24T10:00:00Z
---

# Runtimes

Current status: **active**

See [the tasks](tasks.md#closeout) and [elsewhere](https://example.org/x).

```sql
SELECT runtime_key FROM turns WHERE conv_id = :conv_id;
```
"""
TASKS = """# Tasks

## Store

- [x] Add a column. <!-- t:s001 -->
  Proof: `pytest tests/a.py::test_b`, `make lint`
- [X] A box
  of two lines
- no box

## Closeout

- [ ] Set the ticket's status to `complete`. <!-- t:c001 -->
"""
VOCABULARY = "topics:\n  - {slug: backend, description: Servers}\nstatus:\n  - {slug: resting, description: Later}\n"


def write_ticket(root: Path) -> Path:
    """Write a repository with a ticket, and return the ticket's folder."""
    folder = root / "docs" / "ticket"
    folder.mkdir(parents=True)
    (root / ".git").mkdir()
    (root / "code").mkdir()
    (root / "code" / "store.py").touch()
    for name, text in {
        "index.md": INDEX,
        "tasks.md": TASKS,
        "changelog.md": "# Changelog\n",
        "vocabulary.yaml": VOCABULARY,
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def change(path: Path, old: str, new: str) -> None:
    """Replace a piece of a page, which must be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
