"""Search tables on both sides: which of their rows follow from other tables, and are not compared for themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from audit.comparison.schema.objects import SchemaObject
from audit.sqlite.neighbours import fed_by_triggers, index_tables
from audit.sqlite.virtual_tables import SchemaRow


@dataclass(frozen=True, slots=True)
class Search:
    """Folded names of tables that belong to a search before and after.

    ``indexes`` hold an index in whatever form: optimising a search changes every row of it and nothing that it finds.
    The search's own check says whether it is right. ``fed`` hold what triggers write into them.
    """

    indexes: frozenset[str]
    fed: frozenset[str]

    @classmethod
    def of(cls, before: Iterable[SchemaObject], after: Iterable[SchemaObject]) -> Self:
        """What both schemas agree on."""
        sides = [[SchemaRow(each.kind, each.name, each.sql) for each in side] for side in (before, after)]
        return cls(
            index_tables(sides[0]) & index_tables(sides[1]), fed_by_triggers(sides[0]) & fed_by_triggers(sides[1])
        )
