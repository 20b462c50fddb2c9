"""The contract that a pair suggests, as TOML that a human has to read: it is refused as long as a reason is blank."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import apsw

from audit.comparison.claims.names import column_of, contract_name
from audit.comparison.claims.same_meaning import register_meanings
from audit.comparison.claims.sql_texts import SqlTexts, bounded
from audit.comparison.drafting.change_entries import ChangeEntries
from audit.comparison.drafting.found_changes import FoundChanges
from audit.comparison.drafting.ledgers import applies_lines
from audit.comparison.drafting.new_table_claims import NewTableClaims
from audit.comparison.drafting.old_table_claims import OldTableClaims
from audit.comparison.drafting.rows_section import RowsSection
from audit.comparison.drafting.toml_text import comment, toml_key, toml_text
from audit.comparison.files.error_words import without_values
from audit.comparison.files.tables import Table
from audit.comparison.files.texts import is_text
from audit.comparison.pair.pair_comparison import Compared
from audit.contract.contract import Meaning
from audit.sqlite.tokens import fold

SECONDS = 300.0
"""How long looking for sources may take in all; tables that are left then are named."""

_HEAD = """\
A draft of a contract, out of what these two files are: it says what was seen, and not what was meant.
Read every line, put right what is not so, and fill in every reason and the name: a blank one is refused.
Losses, changed cells and what nobody appended are comments below: a draft never admits them.
Names of columns and of members of JSON are shown, and keys of rows; other values are not."""


def draft_contract(compared: Compared, seconds: float = SECONDS) -> str:
    """Write the contract while both files are open, after everything was compared.

    Raises
    ------
    apsw.Error
        A file cannot be read any more.
    """
    return "\n".join(_Draft(compared, time.monotonic() + seconds).lines()) + "\n"


class _Draft:
    """One draft; ``end`` is when time is up, by the monotonic clock."""

    def __init__(self, compared: Compared, end: float) -> None:
        self.compared = compared
        self.connection = compared.pair.connection
        self.before, self.after = compared.before, compared.after
        self.end = end
        register_meanings(self.connection, compared.pair.codec)
        self.texts = SqlTexts(Path("draft"), self.connection)
        self.found = FoundChanges.of(compared.findings, self.before, self.after)

    def lines(self) -> Iterator[str]:
        """All lines of TOML."""
        sides = self.before, self.after
        yield from map(comment, _HEAD.splitlines())
        for name, problem in self.compared.errors.items():
            yield comment(f"{name} could not be compared: {problem}")
        yield 'name = ""'
        yield 'about = ""'
        codec, redact = self.compared.pair.codec, self.compared.redact
        yield from applies_lines(self.connection, codec, self.found, sides, redact=redact)
        sections = dict(self._sections())
        for section in sections.values():
            if section.lines:
                yield ""
                yield from section.lines
        yield ""
        claimed = {name for name, section in sections.items() if section.is_claim}
        yield from ChangeEntries(self.connection, self.found, sides).lines(claimed)
        yield from self._same({name: each for section in sections.values() for name, each in section.same.items()})
        yield from self._defaults()

    def _same(self, meanings: dict[str, Meaning]) -> Iterator[str]:
        """What is written otherwise and means the same."""
        if meanings:
            yield ""
            yield "[changes.same]"
            yield from (f"{toml_key(name)} = {toml_text(meaning)}" for name, meaning in meanings.items())

    def _sections(self) -> Iterator[tuple[str, RowsSection]]:
        """By folded name what is claimed of tables, those with new columns first."""
        left_out = {*map(fold, self.compared.errors), *self.compared.searches}
        columns = dict(self.found.new_columns(self.before, self.after))
        for name, names in columns.items():
            if name not in left_out:
                yield name, self._guarded(self.after.tables[name], partial(self._old, name, names))
        for name, table in self.after.tables.items():
            if name not in self.before.tables and name not in left_out:
                yield name, self._guarded(table, partial(self._new, table))

    def _guarded(self, table: Table, look: Callable[[], RowsSection]) -> RowsSection:
        """One table that cannot be looked at must not hide the others."""
        try:
            with bounded(self.connection, max(0.1, self.end - time.monotonic())):
                return look()
        except apsw.InterruptError:
            return RowsSection([comment(f"{table.name}: there was no time left to look where its values come from")])
        except apsw.Error as error:
            return RowsSection(
                [comment(f"{table.name}: where its values come from cannot be said: {without_values(error)}")]
            )

    def _old(self, name: str, columns: list[str]) -> RowsSection:
        sides = self.before.tables[name], self.after.tables[name]
        telling = self.compared.telling(name)
        return OldTableClaims(self.connection, self.compared.pair.codec, self.texts, telling, sides).section(columns)

    def _new(self, table: Table) -> RowsSection:
        telling = self.compared.telling(fold(table.name))
        claims = NewTableClaims(self.connection, self.compared.pair.codec, self.texts, telling, table)
        searches = self.compared.searches
        return claims.section([owner for name, owner in self.before.tables.items() if name not in searches])

    def _defaults(self) -> Iterator[str]:
        """New columns that must hold something and have a DEFAULT: with it old writers go on as they did."""
        wanted = [
            (contract_name(column_of(self.after.tables[name].name, column.name)), column.default)
            for name, columns in self.found.new_columns(self.before, self.after)
            for column in self.after.tables[name].stored_columns
            if column.name in columns and column.not_null and column.default is not None and is_text(column.default)
        ]
        if wanted:
            yield ""
            yield "[defaults]"
            yield from (f"{toml_key(name)} = {toml_text(default)}" for name, default in wanted)
