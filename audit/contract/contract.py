"""A contract as it was written, its form checked: names and SQL are held against the files where these are open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Value = str | int | float
"""What TOML can hold that a cell can be."""


class Meaning(StrEnum):
    """In which sense two values that are written otherwise are the same."""

    JSON = "json"
    INSTANT = "instant"


@dataclass(frozen=True, slots=True)
class Exempted:
    """Rows that a rule leaves out: ``where`` is an expression over the row, ``reason`` is for readers of the report."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class RowsClaim:
    """Which rows of a table had to come out of which evidence, and what their columns had to become.

    Attributes
    ----------
    table
        The table of the file after, as the contract calls it.
    key
        The columns by which a row and its evidence belong together; () for the primary key.
    evidence
        A SELECT over the file before; '' for the table of the same name.
    columns
        By column of, or expression over, the new row the expression over its evidence.
    filled
        Columns that may go from not known to a value, and nothing else.
    unknown
        By column the values that mean not known, as NULL always does.
    """

    table: str
    key: tuple[str, ...] = ()
    evidence: str = ""
    exempted: tuple[Exempted, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    filled: tuple[str, ...] = ()
    unknown: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NamedChange:
    """One thing that may be gone or different, by its full name.

    ``constraint`` names a clause of it, ``becomes`` is what has to be declared instead; '' for whatever it is.
    """

    name: str
    reason: str
    constraint: str = ""
    becomes: str = ""


@dataclass(frozen=True, slots=True)
class DeletedRows:
    """Rows of before that may be gone."""

    table: str
    rows: Exempted


@dataclass(frozen=True, slots=True)
class Changes:
    """What may differ. Only in ``new`` may a name hold ``*``."""

    new: tuple[str, ...] = ()
    appended: tuple[str, ...] = ()
    dropped: tuple[NamedChange, ...] = ()
    redeclared: tuple[NamedChange, ...] = ()
    rewritten: tuple[NamedChange, ...] = ()
    deleted: tuple[DeletedRows, ...] = ()
    same: Mapping[str, Meaning] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Contract:
    """What had to change and what may. ``defaults`` has by TABLE.COLUMN the DEFAULT that has to be declared.

    ``sha256`` is of the file's bytes.
    """

    name: str = ""
    about: str = ""
    applies: str = ""
    rows: tuple[RowsClaim, ...] = ()
    changes: Changes = field(default_factory=Changes)
    defaults: Mapping[str, str] = field(default_factory=dict)
    sha256: str = ""
