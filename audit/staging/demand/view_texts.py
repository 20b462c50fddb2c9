"""The views that checks read, as people wrote them, and what reads what: from the SQL files, without a database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from audit.sqlite.attributed_column import render

VIEW_FOLDER = Path(__file__).parents[2] / "views"
DEFINITION = re.compile(
    r"(?P<comment>(?:^--[^\n]*\n)*)^CREATE (?P<kind>VIEW|TABLE) (?P<name>\w+) AS\s(?P<query>.*?);[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
QUOTED_OR_COMMENT = re.compile(r"'(?:[^']|'')*'|--[^\n]*")
SOURCES = re.compile(r"(?<!DISTINCT )\b(?:FROM|JOIN)\s+(?P<names>\w+(?:\s+\w+)?(?:\s*,\s*\w+(?:\s+\w+)?)*)")
"""What follows FROM or JOIN: a name, perhaps with an alias, or a list of such."""


@dataclass(frozen=True, slots=True)
class ViewText:
    """One view.

    Attributes
    ----------
    kind
        ``VIEW``, or ``TABLE`` where its rows are computed once and kept, because several checks read them.
    comment
        What the comment above it says, without the dashes.
    query
        Without a closing semicolon.
    """

    name: str
    kind: str
    comment: str
    query: str

    @property
    def definition(self) -> str:
        """The statement that creates it."""
        return f"CREATE {self.kind} {self.name} AS {self.query}"


def load_views() -> dict[str, ViewText]:
    """All views by name, each one behind those that it reads."""
    return {
        view.name: view
        for path in sorted(VIEW_FOLDER.glob("*.sql"))
        for view in parse_views(render(path.read_text(encoding="utf-8")))
    }


def parse_views(text: str) -> list[ViewText]:
    """The views that one file creates, in its order."""
    return [
        ViewText(
            name=match["name"],
            kind=match["kind"],
            comment="\n".join(line.removeprefix("--").removeprefix(" ") for line in match["comment"].splitlines()),
            query=match["query"].strip(),
        )
        for match in DEFINITION.finditer(text)
    ]


def sources(sql: str, known: Iterable[str]) -> frozenset[str]:
    """Those of the known relations that a query reads itself.

    A common table expression that has the name of a relation counts as that relation: rather one too many.
    """
    text = QUOTED_OR_COMMENT.sub("''", sql)
    words = {word for match in SOURCES.finditer(text) for word in re.findall(r"\w+", match["names"])}
    return frozenset(words & set(known))


def relations_behind(sql: str, queries: Mapping[str, str]) -> list[str]:
    """Names of all relations behind a query, directly or not, each one behind those that it reads itself.

    Parameters
    ----------
    queries
        Every relation with its query; '' for a table, which reads nothing.
    """
    found: list[str] = []

    def visit(text: str) -> None:
        for name in sorted(sources(text, queries)):
            if name not in found and queries[name] != text:
                visit(queries[name])
                found.append(name)

    visit(sql)
    return list(dict.fromkeys(found))
