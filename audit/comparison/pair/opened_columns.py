"""Which columns of which tables are shown with their values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from audit.comparison.files.dotted_names import tables_and_columns
from audit.comparison.files.tables import Table, quote_identifier
from audit.errors import UsageError
from audit.sqlite.tokens import fold


class UnknownColumnError(UsageError):
    """A column to show is in neither file."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(
            f"{text!r} cannot be shown: neither file has such a column of a table. Wanted TABLE.COLUMN, as the"
            " files call them"
        )


class AmbiguousColumnError(UsageError):
    """A column to show can be one or another: showing both would show what nobody asked for."""

    def __init__(self, text: str, found: Sequence[tuple[str, str]]) -> None:
        self.text = text
        meant = " and ".join(f"the column {column} of {table}" for table, column in found)
        written = " or ".join(".".join(map(quote_identifier, parts)) for parts in found)
        super().__init__(f"{text!r} cannot be shown: it can mean {meant}. Write {written}, with the double quotes")


@dataclass(frozen=True, slots=True)
class OpenedColumns:
    """By folded name of the table the folded names of columns that somebody asked to see."""

    asked: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, texts: Iterable[str], sides: Sequence[Mapping[str, Table]]) -> Self:
        """Read ``TABLE.COLUMN``; names may hold dots themselves, and stand in double quotes.

        Raises
        ------
        UnknownColumnError
            Neither side has it.
        AmbiguousColumnError
            There are several that it can mean.
        """
        asked: dict[str, frozenset[str]] = {}
        for text in texts:
            found = {
                (fold(table), fold(column)): (table, column)
                for table, column in tables_and_columns(text)
                if _is_there(table, column, sides)
            }
            if not found:
                raise UnknownColumnError(text)
            if len(found) > 1:
                raise AmbiguousColumnError(text, list(found.values()))
            ((table, column),) = found
            asked[table] = asked.get(table, frozenset()) | {column}
        return cls(asked)

    def of_table(self, name: str, *sides: Table | None, redact: bool) -> frozenset[str]:
        """The folded names of the columns of one table that are shown: its keys too, unless they are to be closed."""
        keys = {fold(column) for side in sides if side is not None and side.keys for column in side.keys[0]}
        return self.asked.get(name, frozenset()) | (frozenset() if redact else keys)


def _is_there(table: str, column: str, sides: Sequence[Mapping[str, Table]]) -> bool:
    found = [side[fold(table)] for side in sides if fold(table) in side]
    return any(each.column(column) is not None for each in found)
