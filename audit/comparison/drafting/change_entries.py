"""``[changes]`` of a draft: what is only new or said otherwise stands there, what is lost stands there as comments."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TypeVar

import apsw

from audit.comparison.claims.admissions import Admissions
from audit.comparison.claims.names import Names, column_of
from audit.comparison.drafting.found_changes import FoundChanges
from audit.comparison.drafting.toml_text import comment, commented, toml_text
from audit.comparison.pair.declarations import Schema
from audit.contract.contract import Changes
from audit.sqlite.tokens import fold

_LINE = 110
Named = TypeVar("Named", str, tuple[str, str])
"""A name, or a name with a clause of it."""


class ChangeEntries:
    """The entries for one comparison; ``claimed`` are folded names of tables whose rows a claim is about."""

    def __init__(self, connection: apsw.Connection, found: FoundChanges, sides: tuple[Schema, Schema]) -> None:
        self.connection = connection
        self.found = found
        self.before, self.after = sides

    def lines(self, claimed: Collection[str]) -> Iterator[str]:
        """The whole table of TOML without ``same``."""
        yield "[changes]"
        yield from _listed("new", self.found.new.items(), _name)
        yield from self._appended(claimed)
        redeclared = [(name, "; ".join(told)) for name, told in self.found.redeclared.items()]
        yield from _listed("redeclared", redeclared, _with_reason)
        yield from self._losses()

    def _appended(self, claimed: Collection[str]) -> Iterator[str]:
        """Only where every new row lies behind the last one of before, which rows of a new table do not."""
        behind, others = [], []
        for name, rows in self.found.rows_new.items():
            if fold(name) in claimed and self.before.tables.get(fold(name)) is None:
                continue
            told = f"{rows.count:,} new: {rows.told}"
            number = self._behind_the_last(name)
            if number == rows.count:
                behind.append((name, told))
            elif self.before.tables.get(fold(name)) is None:
                others.append((name, f"{told}; its table is new: admit them if nothing can be claimed of them"))
            else:
                others.append((name, f"{told}; {number:,} of them behind the last row of before"))
        yield from _listed("appended", behind, _name)
        if others:
            yield ""
            yield comment("These new rows are not admitted: not all of them were appended, or nothing says where they")
            yield comment("come from. To admit rows behind the last one of before, put the name into appended.")
            for name, told in others:
                yield comment(f"{toml_text(name)}: {told}")

    def _behind_the_last(self, name: str) -> int:
        old, new = (side.tables.get(fold(name)) for side in (self.before, self.after))
        if old is None or new is None:
            return 0
        condition = Admissions(Changes(appended=(name,)), self.before, self.after).appended(old, new)
        if not condition:
            return 0
        sql = f"SELECT count(*) FROM {new.source} AS a NOT INDEXED WHERE {condition}"
        return int(str(self.connection.execute(sql).get))

    def _losses(self) -> Iterator[str]:
        found, names = self.found, Names(self.before, self.after)
        promises = [(name, "; ".join(told)) for name, told in found.promises.items()]
        dropped = [((name, clause), told) for (name, clause), told in found.lost.items()]
        cells = [
            (names.written(column_of(*place)), f"{rows.count:,}: {rows.told}") for place, rows in found.cells.items()
        ]
        pragmas = [(f"PRAGMA {name}", told) for name, told in found.pragmas.items()]
        deleted = [(name, f"{rows.count:,}: {rows.told}") for name, rows in found.rows_lost.items()]
        if not (promises or dropped or cells or pragmas or deleted):
            return
        yield ""
        yield comment("What follows is lost or changed, and a draft never admits that. Whoever knows that it was meant")
        yield comment("takes the line out of the comment and says why.")
        yield from commented(_listed("redeclared", promises, _with_reason))
        yield from commented(_listed("dropped", dropped, _dropped))
        yield from commented(_listed("rewritten", [*cells, *pragmas], _with_reason))
        yield from commented(_listed("deleted", deleted, _deleted))


def _listed(key: str, entries: Iterable[tuple[Named, str]], write: Callable[[Named], str]) -> Iterator[str]:
    """A list of TOML, each entry below what was seen of it."""
    listed = list(entries)
    if not listed:
        return
    yield f"{key} = ["
    for name, told in listed:
        line = f"  {write(name)},"
        if problem := _unnameable(name if isinstance(name, str) else name[0]):
            yield comment(problem, "  ")
            line = f"  # {line.strip()}"
        if len(line) + len(told) < _LINE:
            yield f"{line}{comment(told, '  ')}"
        else:
            yield comment(told, "  ")
            yield line
    yield "]"


def _unnameable(name: str) -> str:
    """Why a contract cannot name something by its name, '' where it can."""
    if "*" in name:
        return "its name holds *, by which a contract would name others too: it cannot be admitted"
    return "" if name.strip() else "its name is empty: it cannot be admitted"


def _name(name: str) -> str:
    return toml_text(name)


def _with_reason(name: str) -> str:
    return f'{{ name = {toml_text(name)}, reason = "" }}'


def _dropped(name: tuple[str, str]) -> str:
    clause = f", constraint = {toml_text(name[1])}" if name[1] else ""
    return f'{{ name = {toml_text(name[0])}{clause}, reason = "" }}'


def _deleted(name: str) -> str:
    return f'{{ table = {toml_text(name)}, where = "", reason = "" }}'
