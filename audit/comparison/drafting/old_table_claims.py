"""``[rows.TABLE]`` for a table that both files have: where the values of its new columns come from."""

from __future__ import annotations

from collections.abc import Sequence

import apsw

from audit.comparison.claims.sql_texts import SqlTexts
from audit.comparison.drafting.column_claims import ColumnSearch
from audit.comparison.drafting.looked_at import look_at
from audit.comparison.drafting.paired_evidence import PairedEvidence
from audit.comparison.drafting.rows_section import RowsSection
from audit.comparison.drafting.toml_text import comment, toml_key, toml_text
from audit.comparison.files.tables import Table, tells_apart
from audit.comparison.pair.pair_telling import PairTelling


class OldTableClaims:
    """What can be claimed of new columns of one table."""

    def __init__(
        self, connection: apsw.Connection, codec: str, texts: SqlTexts, telling: PairTelling, sides: tuple[Table, Table]
    ) -> None:
        self.connection = connection
        self.codec = codec
        self.texts = texts
        self.telling = telling
        self.before, self.after = sides

    def section(self, columns: Sequence[str]) -> RowsSection:
        """The lines of TOML for it.

        Raises
        ------
        apsw.Error
            Something cannot be read, or it takes too long.
        """
        listed = ", ".join(columns)
        key = self._key()
        if key is None:
            return RowsSection([
                comment(f"{self.after.name} has new columns ({listed}), and no key that tells its rows apart"),
                comment("in both files: whose value is whose cannot be claimed"),
            ])  # fmt: skip
        names = [column.name for column in self.before.stored_columns]
        looked = look_at(self.connection, self.before, names)
        if not looked.total:
            return RowsSection([comment(f"{self.after.name} has new columns ({listed}), and had no rows before")])
        paired = PairedEvidence(self.connection, looked.source, self.after, key)
        wanted = [column for column in self.after.stored_columns if column.name in columns]
        claims = ColumnSearch(paired, names, wanted, self.codec, self.texts, self.telling).run()
        head = [comment(f"new columns of {self.after.name}: {looked.told}")]
        has_primary = any(column.key_position for column in self.after.columns)
        if claims.claimed and not (has_primary and key == self.after.keys[0]):
            head += [f"[rows.{toml_key(self.after.name)}]", f"key = [{', '.join(map(toml_text, key))}]"]
        return RowsSection.of(self.after.name, head, claims, is_claim=False)

    def _key(self) -> tuple[str, ...] | None:
        """The first key that is in both files and tells rows apart in both."""
        for key in (*self.after.keys, *self.before.keys):
            columns = [(self.before.column(name), self.after.column(name)) for name in key]
            if any(old is None or new is None or old.is_generated for old, new in columns):
                continue
            if all(tells_apart(self.connection, table, key) for table in (self.before, self.after)):
                return key
        return None
