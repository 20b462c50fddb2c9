"""The page of the documented views in Markdown: written from the SQL files that create them."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from audit.demo.run import migrate_demo, write_demo
from audit.history.runtime_history import RuntimeHistory
from audit.history.views import ROLE_OF_VIEW, VIEWS, documented_view

INTRODUCTION = """\
# The views of the runtime history

What `RuntimeHistory.sql` and `turntruth sql` can name. This page is written by `make docs` from
[audit/history/views](../audit/history/views/turns.sql). Columns named `…_at` are times in UTC, and NULL where the
stored number is no time of the years 1 to 9999; `…_ms` has that number.
"""


def render_view_page() -> str:
    """The whole page, with the columns that the views have of the demo's files."""
    with tempfile.TemporaryDirectory() as folder:
        files = write_demo(Path(folder))
        migrate_demo(files)
        with RuntimeHistory(files.turns, files.timeline, files.baseline) as history:
            return INTRODUCTION + "".join(_section(name, history) for name in VIEWS)


def _section(name: str, history: RuntimeHistory) -> str:
    view = documented_view(name)
    answer = history.sql(f"FROM {name}")
    rows = "".join(
        f"| `{column}` | {kind} | {view.columns.get(column, '')} |\n"
        for column, kind in zip(answer.columns, map(str, answer.relation.types), strict=True)
    )
    needs = f" Needs the {ROLE_OF_VIEW[name]} file." if name in ROLE_OF_VIEW else ""
    return f"\n## {name}\n\n{view.comment}{needs}\n\n| column | type | what |\n|---|---|---|\n{rows}"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render_view_page(), encoding="utf-8")
