"""The documented views that a query of the runtime history can read, from their SQL files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Template

from audit.policy.coverage import INFERENCE_KNOWN, RUNTIME_KNOWN

ORDER_VIEWS = ("turns", "segments", "switches", "runtimes", "conversation_runtimes")
"""Those that need the turns in their order and nothing else."""
EVIDENCE_VIEWS = ("evidence", "coverage_by_month", "coverage_by_conversation")
"""Those that need what the metadata of turns says."""
ROLE_OF_VIEW = {"pointers": "timeline", "changes": "baseline"}
"""Those that need a further file, and which."""
VIEWS = (*ORDER_VIEWS, *EVIDENCE_VIEWS, *ROLE_OF_VIEW)

_WORD = re.compile(r"\w+")
_COLUMN = re.compile(r"--   (?P<names>\w+(?:, \w+)*)  +(?P<text>.*)")


@dataclass(frozen=True, slots=True)
class DocumentedView:
    """One of them: what a row is, and what those columns hold whose names do not say it."""

    name: str
    definition: str
    comment: str
    columns: dict[str, str]


def views_told() -> str:
    """Where to look, for the end of a message."""
    return f"The views are {', '.join(VIEWS)}; `DESCRIBE turns` shows the columns of one"


def views_named(query: str) -> set[str]:
    """Those that a query may read: every word that is the name of one."""
    return {word.lower() for word in _WORD.findall(query)} & set(VIEWS)


@cache
def documented_view(name: str) -> DocumentedView:
    """The view of that name.

    Examples
    --------
    >>> documented_view("runtimes").comment
    'One row a runtime of the file with its use.'
    """
    text = files("audit.history").joinpath("views", f"{name}.sql").read_text(encoding="utf-8")
    comment: list[str] = []
    columns: dict[str, str] = {}
    named: list[str] = []
    for line in text.splitlines():
        if found := _COLUMN.fullmatch(line):
            named = found["names"].split(", ")
            columns |= dict.fromkeys(named, found["text"])
        elif line.startswith("--"):
            more = line.removeprefix("--").strip()
            columns |= {column: f"{columns[column]} {more}" for column in named}
            comment += [] if named else [more]
    known = {"runtime_known": RUNTIME_KNOWN, "inference_known": INFERENCE_KNOWN}
    return DocumentedView(name, Template(text).substitute(known), " ".join(comment), columns)
