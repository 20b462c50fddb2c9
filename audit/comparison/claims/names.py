"""Names in a contract: what each means in two files, where the name of a table or a column may have a dot itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from audit.comparison.files.tables import quote_identifier
from audit.comparison.pair.declarations import Schema
from audit.sqlite.tokens import fold

Parts = tuple[str, ...]
"""The name of an object, or those of a table and its column."""

NOWHERE = "neither file has anything of that name"
_QUOTED = re.compile(r'"((?:[^"]|"")+)"', re.DOTALL)


def readings(name: str) -> Iterator[Parts]:
    """Everything that a name can mean by itself; a part in double quotes may be meant with them or without.

    Examples
    --------
    >>> list(readings("a.b"))
    [('a.b',), ('a', 'b')]
    >>> ("a.b", "c") in readings('"a.b".c')
    True
    """
    yield from ((whole,) for whole in _spellings(name))
    for at, character in enumerate(name):
        if character == ".":
            yield from ((table, column) for table in _spellings(name[:at]) for column in _spellings(name[at + 1 :]))


def _spellings(part: str) -> Iterator[str]:
    yield part
    if quoted := _QUOTED.fullmatch(part):
        yield quoted[1].replace('""', '"')


def contract_name(*parts: str) -> str:
    """How a contract calls an object, or a column of a table, so that it means nothing else.

    Examples
    --------
    >>> print(contract_name("t", "v"), contract_name("a.b", "c"))
    t.v "a.b".c
    """
    return ".".join(quote_identifier(part) if {".", '"'} & set(part) else part for part in parts)


def folded(parts: Parts) -> Parts:
    """By which names are the same."""
    return tuple(map(fold, parts))


class Names:
    """The objects and columns of some files, by name."""

    def __init__(self, *sides: Schema) -> None:
        self.sides = sides
        self._kinds = {name: kind for side in sides for kind, name in side.objects}

    def meant(self, name: str, *, columns_alone: bool = False) -> list[Parts]:
        """What is there of everything that a name can mean."""
        found = {folded(parts): parts for parts in readings(name) if self._is_there(parts)}
        return [parts for parts in found.values() if len(parts) > 1 or not columns_alone]

    def problem(self, name: str, *, columns_alone: bool = False) -> str:
        """Why it is not clear what a name means, '' where it is."""
        found = self.meant(name, columns_alone=columns_alone)
        if len(found) == 1:
            return ""
        if not found:
            return NOWHERE
        told = " and ".join(map(self._told, found))
        written = " or ".join(".".join(map(quote_identifier, parts)) for parts in found)
        return f"it can mean {told}: write {written}, with the double quotes"

    def _is_there(self, parts: Parts) -> bool:
        if len(parts) == 1:
            return fold(parts[0]) in self._kinds
        tables = (side.tables.get(fold(parts[0])) for side in self.sides)
        return any(table is not None and table.column(parts[1]) is not None for table in tables)

    def _told(self, parts: Parts) -> str:
        if len(parts) == 1:
            return f"the {self._kinds[fold(parts[0])]} {parts[0]}"
        return f"the column {parts[1]} of {parts[0]}"


class NewNames:
    """A name of something new, in which ``*`` stands for any characters.

    A dot before or behind it parts a table from its columns, as in a name without.
    """

    def __init__(self, name: str, names: Names) -> None:
        self._exact = None if "*" in name else {folded(parts) for parts in names.meant(name)}
        self._is_dotted = "." in name
        self._pattern = re.compile(".*".join(re.escape(fold(part)) for part in name.split("*")), re.DOTALL)

    def matches(self, parts: Parts) -> bool:
        """Whether it is the name of this object or column."""
        if self._exact is not None:
            return folded(parts) in self._exact
        return self._pattern.fullmatch(fold(contract_name(*parts) if self._is_dotted else ".".join(parts))) is not None
