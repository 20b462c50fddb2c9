"""``[rows.TABLE]`` for a new table whose rows were found in the JSON of an old one; else what a human would fill in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import apsw

from audit.comparison.claims.sql_texts import SqlTexts
from audit.comparison.drafting.candidate import Place, written
from audit.comparison.drafting.column_claims import ColumnClaims, ColumnSearch
from audit.comparison.drafting.looked_at import LookedAt, look_at
from audit.comparison.drafting.member_rows import MOST_NEW_ROWS, MemberSearch, MemberSource
from audit.comparison.drafting.paired_evidence import VALID_JSON, PairedEvidence
from audit.comparison.drafting.rows_section import RowsSection
from audit.comparison.drafting.toml_text import comment, commented, toml_key, toml_query, toml_text
from audit.comparison.files.opening import BEFORE
from audit.comparison.files.tables import Table, quote_identifier
from audit.comparison.pair.pair_telling import PairTelling
from audit.contract.errors import ContractSqlError
from audit.sqlite.tokens import fold

_MEMBER, _NAME = "member", "member_name"
_MOST_TRIED = 5
_LEAST_EXPLAINED = 0.5


@dataclass(frozen=True, slots=True)
class _Seen:
    """Members, different keys of them, and rows that have such a key."""

    members: int
    keys: int
    matched: int


class NewTableClaims:
    """What can be claimed of the rows of one new table."""

    def __init__(
        self, connection: apsw.Connection, codec: str, texts: SqlTexts, telling: PairTelling, new: Table
    ) -> None:
        self.connection = connection
        self.codec = codec
        self.texts = texts
        self.telling = telling
        self.new = new

    def section(self, owners: Sequence[Table]) -> RowsSection:
        """The lines of TOML for it.

        Raises
        ------
        apsw.Error
            Something cannot be read, or it takes too long.
        """
        rows = int(str(self.connection.execute(f"SELECT count(*) FROM {self.new.source} NOT INDEXED").get))
        if not rows:
            return RowsSection()
        key = self.new.keys[0] if self.new.keys else ()
        if not key or rows > MOST_NEW_ROWS:
            reason = "it has no key" if not key else f"it has more than {MOST_NEW_ROWS:,} rows"
            return self._template(rows, f"{reason}, so that nobody looked where they come from")
        for source in MemberSearch(self.connection, self.codec, self.new, key, rows).ranked(owners)[:_MOST_TRIED]:
            if (section := self._claimed(rows, key, source)) is not None:
                return section
        return self._template(rows, "no JSON of an old table has members of these keys")

    def _template(self, rows: int, why: str) -> RowsSection:
        name = toml_key(self.new.name)
        lines = [
            comment(
                f"{self.new.name} is new and has {rows:,} row{_s(rows)}; {why}. If they come out of the file before:"
            ),
            *commented((f"[rows.{name}]", f'from = "SELECT ... FROM {BEFORE}. ..."')),
            *commented((f"[rows.{name}.columns]", '"column" = "expression over the evidence"')),
        ]
        return RowsSection(lines)

    def _claimed(self, rows: int, key: Sequence[str], source: MemberSource) -> RowsSection | None:
        evidence = _Evidence(self.connection, self.new, source)
        paired = PairedEvidence(self.connection, f"(SELECT * FROM ({evidence.sampled}))", self.new, tuple(key))
        seen = self._seen(paired)
        # Rows of which only a part of the members was looked at are as many in proportion.
        explained = seen.matched * evidence.looked.total / max(1, evidence.looked.rows)
        if seen.members != seen.keys or explained < _LEAST_EXPLAINED * rows:
            return None
        columns = [each for each in self.new.stored_columns if fold(each.name) not in map(fold, key)]
        search = ColumnSearch(paired, (*key, *evidence.aliases), columns, self.codec, self.texts, self.telling)
        claims = search.run()
        sql = evidence.written(claims.used)
        try:
            self.texts.query(f"rows.{self.new.name}.from", sql, (BEFORE,))
        except ContractSqlError as error:
            return self._template(rows, f"they may be members of {evidence.told}, but {error.problem}")
        head = [
            comment(f"{self.new.name} is new and has {rows:,} row{_s(rows)}, found as members of {evidence.told}"),
            *map(comment, self._numbers(rows, seen, evidence.looked)),
            f"[rows.{toml_key(self.new.name)}]",
            f"key = [{', '.join(map(toml_text, key))}]",
            f"from = {toml_query(sql)}",
            *self._exceptions(paired, claims),
        ]
        return RowsSection.of(self.new.name, head, claims, is_claim=True)

    def _seen(self, paired: PairedEvidence) -> _Seen:
        names = ", ".join(map(quote_identifier, paired.key))
        queries = (
            f"SELECT count(*) FROM {paired.source}",
            f"SELECT count(*) FROM (SELECT DISTINCT {names} FROM {paired.source})",
            f"SELECT count(*) FROM {paired.joined}",
        )
        return _Seen(*(int(str(self.connection.execute(sql).get)) for sql in queries))

    @staticmethod
    def _numbers(rows: int, seen: _Seen, looked: LookedAt) -> Iterator[str]:
        """How many members have a row and how many rows a member, of what was looked at."""
        yield looked.told
        without = seen.members - seen.matched
        members = f"{seen.members:,} member{_s(seen.members)}"
        yield f"{members}: {seen.matched:,} with a row, {without:,} without one (missing)"
        if looked.rows == looked.total:
            yield f"{rows - seen.matched:,} of the rows without such a member (without evidence)"

    def _exceptions(self, paired: PairedEvidence, claims: ColumnClaims) -> Iterator[str]:
        """Members without a row that lack what a row must have: as a rule that a human would let count."""
        on = " AND ".join(f"a.{name} IS e.{name}" for name in map(quote_identifier, paired.key))
        missing = f"FROM {paired.source} AS e WHERE NOT EXISTS (SELECT 1 FROM {self.new.source} AS a WHERE {on})"
        if not self.connection.execute(f"SELECT 1 {missing} LIMIT 1").fetchall():
            return
        yield comment("if members without a row need none, say which and why:")
        told = False
        for name, expression in claims.expressions.items():
            column = self.new.column(name)
            if column is None or not column.not_null:
                continue
            without = int(str(self.connection.execute(f"SELECT count(*) {missing} AND ({expression}) IS NULL").get))
            if without:
                told = True
                yield comment(f"  {without:,} of them have nothing for {name}, which is NOT NULL")
                where = toml_text(f"{expression} IS NULL")
                yield from commented([f'except = [{{ where = {where}, reason = "" }}]'])
        if not told:
            yield from commented(['except = [{ where = "expression over the evidence", reason = "" }]'])


class _Evidence:
    """The members as rows: the key of the new table, columns of the owner under names of their own, the member."""

    def __init__(self, connection: apsw.Connection, new: Table, source: MemberSource) -> None:
        self.connection = connection
        self.source = source
        self.owner = source.container.owner
        column = source.container.column
        self.names = [each.name for each in self.owner.stored_columns if each.name != column]
        self.looked: LookedAt = look_at(connection, self.owner, [*self.names, column])
        taken = {fold(name) for name in source.key}
        self.of_owner = {_free(f"{self.owner.name}_{name}", taken): name for name in self.names}
        self.member, self.name = _free(_MEMBER, taken), _free(_NAME, taken)
        self.aliases = (*self.of_owner, self.name, self.member)

    @property
    def told(self) -> str:
        """Where they lie, in words."""
        container = self.source.container
        return f"{self.owner.name}.{Place(container.column, container.path).told}"

    @property
    def sampled(self) -> str:
        """The query over those rows of the owner that are looked at, whatever else they hold in place of JSON."""
        return self._query(self.aliases, self.looked.source, is_guarded=True)

    def written(self, used: set[str]) -> str:
        """The query as a contract has it, with the columns that its claims are about."""
        column = quote_identifier(self.source.container.column)
        bad = (
            f"SELECT 1 FROM {self.looked.source} WHERE {column} IS NOT NULL AND NOT json_valid({column}, {VALID_JSON})"
        )
        has_bad = bool(self.connection.execute(f"{bad} LIMIT 1").fetchall())
        owner = f"{BEFORE}.{written(self.owner.name)}"
        return self._query([name for name in self.aliases if name in used], owner, is_guarded=has_bad)

    def _query(self, aliases: Sequence[str], owner: str, *, is_guarded: bool) -> str:
        container = self.source.container
        column = f"o.{written(container.column)}"
        document = f"iif(json_valid({column}, {VALID_JSON}), {column}, NULL)" if is_guarded else column
        path = f", {Place('', container.path).path_text}" if container.path else ""
        selected = [f"{part.expression()} AS {written(name)}" for name, part in self.source.key.items()]
        values = {self.member: "member.value", self.name: "member.key"}
        values |= {alias: f"o.{written(name)}" for alias, name in self.of_owner.items()}
        selected += [f"{values[alias]} AS {written(alias)}" for alias in aliases]
        return f"SELECT {', '.join(selected)}\nFROM {owner} AS o, json_each({document}{path}) AS member"


def _s(number: int) -> str:
    return "" if number == 1 else "s"


def _free(name: str, taken: set[str]) -> str:
    """The name, or one like it that no column has; it is taken then."""
    while fold(name) in taken:
        name += "_"
    taken.add(fold(name))
    return name
