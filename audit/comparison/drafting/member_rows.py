"""New tables whose rows were members of JSON objects or arrays in a table of before: which ones, and by which key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import apsw

from audit.comparison.difference import Cell, cell_sql, make_cells
from audit.comparison.drafting.candidate import Place, can_be_written, parsed, plain_key, similarity, written
from audit.comparison.drafting.looked_at import LookedAt, look_at
from audit.comparison.drafting.source_search import LONGEST_VALUE
from audit.comparison.files.tables import Table, quote_identifier

MOST_NEW_ROWS = 200_000
"""Of larger new tables no source is looked for: all their keys are kept in memory meanwhile."""

_MOST_OWNERS = 1_000
_MOST_MEMBERS_A_VALUE = 10_000
_MOST_CONTAINERS = 200
_DEEPEST = 4
_SEPARATORS = ("-", ":", "/", "_", ".", "|", "")
_LEAST_FOUND = 0.5
_NUMBERS = frozenset({"at", "idx", "index", "no", "number", "ordinal", "position", "seq", "sequence"})


@dataclass(frozen=True, slots=True)
class Container:
    """A JSON object or array with members, in a column of a table of before."""

    owner: Table
    column: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeyPart:
    """How a column of a key is made: of a column of the owner, a separator and a part of the member.

    ``member`` is None for the name or number of the member, () for nothing of it, else the name of a field of it.
    """

    owner: str = ""
    separator: str = ""
    member: tuple[str, ...] | None = ()

    def expression(self) -> str:
        """As SQL over the owner ``o`` and its ``member``."""
        parts = [f"o.{written(self.owner)}"] if self.owner else []
        if self.member is None:
            parts.append("member.key")
        elif self.member:
            parts.append(f"member.value ->> {Place('', self.member).path_text}")
        between = f" || '{self.separator}' || " if self.separator else " || "
        return between.join(parts)

    def likeness(self, column: str) -> float:
        """How much the name of the key's column says of it."""
        if self.member is None and not self.owner:
            return 1.0 if column.lower() in _NUMBERS else 0.1
        if self.owner and self.member != ():
            return 0.0
        return similarity(column, Place(self.owner or (self.member or ("",))[0]))


@dataclass(frozen=True, slots=True)
class MemberSource:
    """Where the rows of a new table come from; ``key`` is by column of its key."""

    container: Container
    key: Mapping[str, KeyPart]
    found: int
    members: int


class _Tally:
    """What was counted of one container."""

    def __init__(self) -> None:
        self.members = 0
        self.hits: Counter[tuple[str, KeyPart]] = Counter()


class MemberSearch:
    """Looks through the JSON of a table of before for the keys of one new table."""

    def __init__(self, connection: apsw.Connection, codec: str, new: Table, key: Sequence[str], rows: int) -> None:
        self.connection = connection
        self.codec = codec
        self.new = new
        self.key = tuple(key)
        self.rows = rows
        self.wanted = {name: self._values(new, name) for name in key}

    def ranked(self, owners: Sequence[Table]) -> list[MemberSource]:
        """The containers whose members have their key in the table, or are most of it, the most keys first.

        Raises
        ------
        apsw.Error
            A table cannot be read, or it takes too long.
        """
        sources = [source for owner in owners for source in self._sources(owner)]
        return sorted(sources, key=lambda each: (-each.found, len(each.container.path)))

    def _values(self, table: Table, name: str) -> set[object]:
        cells = ", ".join(cell_sql(quote_identifier(name)))
        rows = self.connection.execute(f"SELECT {cells} FROM {table.source} NOT INDEXED")
        return {key for values in rows if (key := self._plain(make_cells(values)[0])) is not None}

    def _plain(self, cell: Cell) -> object:
        value = self._value(cell)
        return None if value is None else plain_key(value)

    def _value(self, cell: Cell) -> Any:
        if cell.storage == "text" and isinstance(cell.value, bytes):
            try:
                return cell.value.decode(self.codec)
            except UnicodeDecodeError:
                return None
        return None if isinstance(cell.value, bytes) else cell.value

    def _sources(self, owner: Table) -> Iterator[MemberSource]:
        tallies: dict[Container, _Tally] = {}
        names = [column.name for column in owner.stored_columns]
        looked = look_at(self.connection, owner, names, _MOST_OWNERS)
        for row in self._rows(looked, names):
            self._look_at(owner, row, tallies)
        for container, tally in tallies.items():
            key = {}
            for name in self.key:
                parts = [part for column, part in tally.hits if column == name]
                best = max(parts, key=lambda part: (tally.hits[name, part], part.likeness(name)), default=None)
                if best is None or not self._is_enough(tally, tally.hits[name, best], looked):
                    break
                key[name] = best
            # Of an owner alone come no members: one part at least tells them apart.
            if len(key) == len(self.key) and any(part.member != () for part in key.values()):
                found = min(tally.hits[name, part] for name, part in key.items())
                yield MemberSource(container, key, found, tally.members)

    def _is_enough(self, tally: _Tally, hits: int, looked: LookedAt) -> bool:
        """Whether half of the members have a row, or half of the rows would be such members."""
        in_all = hits * looked.total / max(1, looked.rows)
        return hits >= _LEAST_FOUND * tally.members or in_all >= _LEAST_FOUND * self.rows

    def _rows(self, looked: LookedAt, names: Sequence[str]) -> Iterator[dict[str, Any]]:
        bounded = [
            f"CASE WHEN octet_length({name}) > {LONGEST_VALUE} THEN NULL ELSE {name} END"
            for name in map(quote_identifier, names)
        ]
        selected = ", ".join(part for name in bounded for part in cell_sql(name))
        for values in self.connection.execute(f"SELECT {selected} FROM {looked.source}"):
            yield {name: self._value(cell) for name, cell in zip(names, make_cells(values), strict=True)}

    def _look_at(self, owner: Table, row: Mapping[str, Any], tallies: dict[Container, _Tally]) -> None:
        short = {name: value for name, value in row.items() if _is_short(value)}
        naming = {name: value for name, value in short.items() if _names_rows(owner, name)}
        for column, value in row.items():
            document = parsed(value) if isinstance(value, str) else None
            if document is None:
                continue
            for path, members in _containers((), document):
                container = Container(owner, column, path)
                if container not in tallies and len(tallies) >= _MOST_CONTAINERS:
                    continue
                tally = tallies.setdefault(container, _Tally())
                for name, member in members[:_MOST_MEMBERS_A_VALUE]:
                    tally.members += 1
                    for part, key in _parts(short, naming, name, member):
                        for wanted, values in self.wanted.items():
                            if key in values:
                                tally.hits[wanted, part] += 1


def _containers(path: tuple[str, ...], document: Any) -> Iterator[tuple[tuple[str, ...], list[tuple[str | int, Any]]]]:
    """Objects whose members are all objects, and arrays, each with its members; arrays are not looked into."""
    if isinstance(document, list):
        yield path, list(enumerate(document))
    elif isinstance(document, dict):
        if document and all(isinstance(each, dict) for each in document.values()):
            yield path, list(document.items())
        if len(path) < _DEEPEST:
            for name, value in document.items():
                if isinstance(value, dict | list) and can_be_written(name):
                    yield from _containers((*path, name), value)


def _parts(
    short: Mapping[str, Any], naming: Mapping[str, Any], name: str | int, member: Any
) -> Iterator[tuple[KeyPart, object]]:
    """Every key that could be made of a member and its owner."""
    fields = member.items() if isinstance(member, dict) else ()
    of_member: list[tuple[tuple[str, ...] | None, Any]] = [(None, name)]
    of_member += [((each,), value) for each, value in fields if _is_short(value) and can_be_written(each)]
    for part, value in of_member:
        yield KeyPart(member=part), plain_key(value)
    for column, value in short.items():
        yield KeyPart(column), plain_key(value)
    for column, value in naming.items():
        for part, said in of_member:
            if part is None or part == ("id",):
                for separator in _SEPARATORS:
                    yield KeyPart(column, separator, part), f"{plain_key(value)}{separator}{plain_key(said)}"


def _is_short(value: Any) -> bool:
    return (isinstance(value, str) and 0 < len(value) <= 200) or (
        isinstance(value, int | float) and not isinstance(value, bool)
    )


def _names_rows(table: Table, name: str) -> bool:
    """Whether a column alone says which row is meant."""
    return name.lower() in {"id", "uuid", "key"} or any(key == (name,) for key in table.keys)
