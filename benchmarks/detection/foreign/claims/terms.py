"""What a contract says, read from its TOML for the drill alone: where it claims, and what it admits.

Not by the product's own reader, which is tried here.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

from benchmarks.detection.foreign.pair_data import PairData, TableData
from benchmarks.detection.foreign.values import Value
from benchmarks.detection.foreign.wanted import Place, Wanted

_SHIPPED = {"llm": "llm-responses", "openwebui": "openwebui-chat-message"}
REFUSED = Place("refused", "contract")
"""What is found where a contract cannot be used for two files."""
_DECLARED = {"constraint", "declaration", "order"}


def contract_of(pair: str) -> Path:
    """The contract of a pair: the one that is shipped, or else the drill's own."""
    if pair in _SHIPPED:
        return Path(str(files("expectations.contracts").joinpath(f"{_SHIPPED[pair]}.toml")))
    return Path(__file__).with_name("contracts") / f"{pair}.toml"


@dataclass(frozen=True, slots=True)
class ContractTerms:
    """The document, its names as they are written."""

    document: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Of a file."""
        return cls(tomllib.loads(path.read_text(encoding="utf-8")))

    @property
    def _changes(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.document.get("changes", {})
        return found

    @property
    def _needed(self) -> frozenset[str]:
        """Tables that the file after has to have."""
        return frozenset(self._changes.get("appended", ()))

    @property
    def claimed(self) -> Mapping[str, Mapping[str, Any]]:
        """By table what is claimed of its rows."""
        found: Mapping[str, Mapping[str, Any]] = self.document.get("rows", {})
        return found

    @property
    def defaults(self) -> list[tuple[str, str]]:
        """Table and column of every default that must be declared."""
        names = (name.partition(".") for name in self.document.get("defaults", {}))
        return [(table, column) for table, _, column in names]

    def columns(self, table: TableData) -> list[str]:
        """The claimed columns of a table, without claims about expressions."""
        claims = self.claimed.get(table.name, {}).get("columns", {})
        return [name for name in claims if name.isidentifier()]

    def fillable(self, table: str) -> list[str]:
        """The columns of a table that may go from not known to a value."""
        return list(self.claimed.get(table, {}).get("filled", []))

    def has_query(self, table: str) -> bool:
        """Whether the rows of a table come out of a query, and not out of the table of that name."""
        return "from" in self.claimed[table]

    def is_appended(self, table: str) -> bool:
        """Whether rows may come behind the last one."""
        return table in self._changes.get("appended", [])

    def unknown(self, table: str, column: str) -> list[Value]:
        """Values that mean not known besides NULL."""
        listed = self.claimed.get(table, {}).get("unknown", {}).get(column, [])
        return [("text", each.encode()) if isinstance(each, str) else ("integer", each) for each in listed]

    def is_json(self, table: str, column: str) -> bool:
        """Whether two texts of the same members mean the same there."""
        same: Mapping[str, str] = self._changes.get("same", {})
        return same.get(f"{table}.{column}") == "json"

    # -- what is no claim -----------------------------------------------------------------------------------------

    def unclaimed(self, data: PairData) -> PairData:
        """The tables that no claim and no condition speaks of; rows that may come are no candidates for a new key."""
        return replace(
            data,
            shared=tuple(
                replace(table, new=()) if self.is_appended(table.name) else table
                for table in data.shared
                if not (table.name in self.claimed or table.name in self.document.get("applies", ""))
            ),
            new=tuple(each for each in data.new if not (each.name in self.claimed or self.is_appended(each.name))),
        )

    def admit(self, wanted: Wanted, base: Mapping[Place, int]) -> Wanted:
        """What is left to be named where the contract admits the rest; one that names what is gone is refused."""
        lost = [place for place in wanted.comes if (place.change, place.kind) == ("lost", "object")]
        if any('"type": "table"' in place.key and place.table in self._needed for place in lost):
            refused = Wanted(Counter([REFUSED]))
            refused.take(Counter(base).elements())
            return refused
        admitted = set(self._admitted(wanted.comes))
        left = Wanted(words={place: words for place, words in wanted.words.items() if place not in admitted})
        for place in wanted.comes.elements():
            left.add(*(() if place in admitted else (place,)))
        left.take(place for place in wanted.goes.elements() if place in base)
        return left

    def _admitted(self, places: Mapping[Place, int]) -> Iterator[Place]:
        redeclared = {each["name"] for each in self._changes.get("redeclared", [])}
        for place in places:
            name = f"{place.table}.{place.column}" if place.column else place.table
            is_row = (place.change, place.kind) == ("new", "row")
            is_declared = place.change == "changed" and place.kind in _DECLARED and not place.key
            if (is_row and self.is_appended(place.table)) or (is_declared and name in redeclared):
                yield place
