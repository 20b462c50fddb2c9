"""Folds findings under the ones that they follow from, on the same rows, by counts alone.

There may be millions of findings and little memory: one check is looked at after the other, against one possible cause
after the other, in joins and groupings that DuckDB can put on disk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING

from audit.results.cause import Extent
from audit.sqlite.attributed_column import COLUMN_NAMES

if TYPE_CHECKING:
    import duckdb

_TABLES = (
    "checks_of_conversations",
    "attributed_columns",
    "open_findings",
    "named_turns",
    "named_conversations",
    "named_keys",
    "named_blocks",
)


@dataclass(slots=True)
class Folded:
    """What is left of a check: findings that follow from no other, the rows, turns and conversations they name.

    ``consequences`` counts the findings of other checks that follow from it.
    """

    findings: int
    rows: int
    turns: int
    conversations: int
    consequences: dict[str, int] = field(default_factory=dict)


class Folding:
    """The findings of a run while they are folded; reads the table ``findings``, and leaves nothing behind.

    To be closed: it makes temporary tables.

    Parameters
    ----------
    of_conversations
        Checks whose findings are about a conversation, though they may name one of its turns.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, of_conversations: Sequence[str]) -> None:
        self.connection = connection
        connection.execute('CREATE TEMP TABLE checks_of_conversations ("check" VARCHAR)')
        for name in of_conversations:
            connection.execute("INSERT INTO checks_of_conversations VALUES (?)", [name])
        connection.execute("CREATE TEMP TABLE attributed_columns (name VARCHAR, bit BIGINT)")
        for place, name in enumerate(COLUMN_NAMES):
            connection.execute("INSERT INTO attributed_columns VALUES (?, ?)", [name, 1 << place])
        connection.execute(_sql("named_rows"))
        self._things = {str(name): things for name, *things in connection.execute(_sql("things")).fetchall()}

    def close(self) -> None:
        """Drop what was made."""
        for table in _TABLES:
            self.connection.execute(f"DROP TABLE {table}")

    def fold(self, causes: Mapping[str, Sequence[str]]) -> dict[str, Folded]:
        """Fold the findings of each check under the first of its possible causes that names the same rows.

        Parameters
        ----------
        causes
            Check to those from which its findings can follow, the first to be preferred; without circles.
        """
        found: dict[str, Folded] = {}
        under: dict[str, dict[str, int]] = {}
        for name, possible in causes.items():
            self.connection.execute(
                'CREATE TEMP TABLE left_over AS SELECT * FROM open_findings WHERE "check" = ?', [name]
            )
            under[name] = {cause: count for cause in possible if (count := self._take(cause))}
            counts = self.connection.execute(_sql("left_over")).fetchone()
            assert counts is not None, "an aggregate has a row"
            found[name] = Folded(*counts)
            self.connection.execute("DROP TABLE left_over")
        _hand_on(found, under)
        for name, parts in under.items():
            for cause, count in parts.items():
                found[cause].consequences[name] = count
        return {name: each for name, each in found.items() if each.findings}

    def extent(self, checks: Sequence[str]) -> Extent:
        """How far the findings of some checks go."""
        counts = self.connection.execute(_sql("extent"), {"checks": list(checks)}).fetchone()
        assert counts is not None, "an aggregate has a row"
        return Extent(*counts)

    def _take(self, cause: str) -> int:
        """Take what follows from a cause out of what is left; how many findings that are."""
        kinds, members, things, conversations = self._things.get(cause, (0, 0, 0, 0))
        self.connection.execute(
            _sql("follows"),
            {
                "cause": cause,
                "kinds": kinds,
                "members": members or 0,
                "things": things,
                "conversations": conversations,
            },
        )
        self.connection.execute("DROP TABLE left_over")
        self.connection.execute(
            "CREATE TEMP TABLE left_over AS SELECT * EXCLUDE (follows) FROM judged WHERE NOT follows"
        )
        taken = self.connection.execute("SELECT count(*) FROM judged WHERE follows").fetchone()
        self.connection.execute("DROP TABLE judged")
        return int(taken[0]) if taken else 0


def _hand_on(found: Mapping[str, Folded], under: dict[str, dict[str, int]]) -> None:
    """What lies under a check of which nothing is left goes on to where most of that check's own findings went."""
    for _ in found:  # no chain is longer
        empty = {cause for parts in under.values() for cause in parts if not found[cause].findings}
        if not empty:
            return
        # A check of which nothing is left has put all of its findings under others.
        further = {cause: max(sorted(under[cause]), key=lambda each: under[cause][each]) for cause in empty}
        for name, parts in under.items():
            handed: dict[str, int] = {}
            for cause, count in parts.items():
                target = further.get(cause, cause)
                handed[target] = handed.get(target, 0) + count
            under[name] = handed


def _sql(name: str) -> str:
    return files("audit.causes").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
