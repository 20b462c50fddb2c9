"""A contract over the file after alone: claims as statements, and for all else the reason why one file cannot tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import apsw

from audit.comparison.claims.admissions import Admissions, has_name
from audit.comparison.claims.claim_preparation import ClaimPreparation
from audit.comparison.claims.rows_claim import PreparedClaim
from audit.comparison.claims.sql_texts import SqlTexts
from audit.comparison.files.opening import AFTER, BEFORE, Pair, open_pair, reading
from audit.comparison.files.tables import belongs_to_sqlite, read_tables
from audit.comparison.files.unknown import stand_in_for_collations
from audit.comparison.pair.declarations import Schema
from audit.comparison.schema.objects import read_objects
from audit.comparison.single_file.changed_evidence import ChangedEvidence
from audit.comparison.single_file.claim_statements import ClaimStatements
from audit.comparison.single_file.declared import column_statement, default_statement
from audit.comparison.single_file.evidence_reads import Reads, over_the_file_itself, reads_of
from audit.contract.claim_names import beside_name, claim_name, default_name, rows_name
from audit.contract.contract import Contract, Meaning, RowsClaim
from audit.contract.errors import ContractNameError, ContractSqlError
from audit.contract.turns_contract import contract_at, fitting, turns_contract
from audit.sqlite.tokens import fold, with_schema

NO_BEFORE = "it compares with the file from before, which is another database"
WEAKER = (
    "The evidence is that of the file itself, not of the file from before: what was changed in both the same way is not"
    " seen. turntruth diff compares the two files."
)
WITHOUT_MEANING = (
    "Whether two values that are written otherwise mean the same is not judged here, only whether they are there: it"
    " takes functions that SQLite lacks."
)


@dataclass(frozen=True, slots=True)
class Statement:
    """One claim as a query for the rows where it is not so; ``name`` is TABLE.CLAIM."""

    name: str
    title: str
    sql: str
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class SingleFile:
    """What one file can answer, and by name the reason why it cannot answer the rest."""

    contract: Contract
    statements: list[Statement] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    table: str = ""
    """One that the contract speaks of, '' where it speaks of none."""

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "contract": {"name": self.contract.name, "sha256": self.contract.sha256},
            "statements": [asdict(each) for each in self.statements],
            "left_out": self.left_out,
            "table": self.table,
        }


def read_single_file(path: Path, after: Path) -> SingleFile:
    """Hold the contract at ``path`` against the file ``after``, of which only the schema is read.

    Raises
    ------
    ContractError
        The contract cannot be read, or the file lacks a table or column that is claimed.
    InputFileError
        The file cannot be read.
    """
    # Attached under both names: whatever a text reads of the file before, it reads of the file itself.
    with open_pair(after, after) as pair, reading(after):
        stand_in_for_collations(pair.connection)
        sides = tuple(
            Schema(
                read_objects(pair.connection, name, belongs_to_sqlite),
                read_tables(pair.connection, name, belongs_to_sqlite),
            )
            for name in (BEFORE, AFTER)
        )
        return _Splitter(path, _fitting(path, sides[1]), pair, (sides[0], sides[1])).split()


def _fitting(path: Path, side: Schema) -> Contract:
    """The contract; of that of turns, which is for files of several shapes, what is for one that became this one."""
    contract = contract_at(path)
    if contract is not turns_contract():
        return contract

    def is_there(name: str) -> bool:
        return has_name(side, fold(name))

    def was_there(name: str) -> bool:
        return is_there(name) and not ("." in name and name in contract.changes.new)

    return fitting(contract, was_there, is_there)


class _Splitter:
    """Goes through one contract, as long as the file is open."""

    def __init__(self, path: Path, contract: Contract, pair: Pair, sides: tuple[Schema, Schema]) -> None:
        self.path = path
        self.connection = pair.connection
        self.contract = contract
        self.after = sides[1]
        self.found = SingleFile(contract)
        self.changed = ChangedEvidence(contract)
        texts, changes = SqlTexts(path, pair.connection), contract.changes
        self.preparation = ClaimPreparation(texts, sides, Admissions(changes, *sides), self._refuse)
        self.columns: dict[str, dict[str, None]] = defaultdict(dict)
        """By folded name of a table the columns that the statements read."""

    def _refuse(self, place: str, problem: str) -> ContractNameError:
        return ContractNameError(self.path, place, problem)

    def split(self) -> SingleFile:
        """Everything that the contract says, as a statement or with a reason."""
        if self.contract.applies:
            self.found.left_out["applies"] = NO_BEFORE
        for claim in self.contract.rows:
            self._rows(self.preparation.with_keys(claim))
        for name, default in self.contract.defaults.items():
            title, sql, (table, column) = default_statement(name, default, self.after.tables, self._refuse)
            self.columns[fold(table)][column] = None
            self.found.statements.append(Statement(default_name(name), title, sql))
        for name, columns in sorted(self.columns.items()):
            table = self.after.tables[name].name
            self.found.table = self.found.table or table
            title = f"{table} has the columns that the contract speaks of"
            self.found.statements.append(Statement(f"{table}: columns", title, column_statement(table, list(columns))))
        for name, reason in self._beyond():
            self.found.left_out[name] = reason
        return self.found

    # -- claims -----------------------------------------------------------------------------------------------------

    def _rows(self, claim: RowsClaim) -> None:
        table = self.after.tables.get(fold(claim.table))
        if table is None:
            raise self._refuse(f"rows.{claim.table}", "the file has no such table: it is to be the file after")
        for name in claim.filled:
            if table.column(name) is None:
                raise self._refuse(f"rows.{claim.table}.filled", f"{name}: the file has no such column")
            self._need({(table.name, name)})
            self.found.left_out[f"{claim_name(claim.table, name)} filled"] = NO_BEFORE
        try:
            bare = self.preparation.prepare(replace(claim, columns={}, filled=(), unknown={}))
            statements, reads = self._statements_of(bare)
        except _NotHereError as error:
            self._leave_out(claim, error.problem)
            return
        except ContractSqlError as error:
            self._leave_out(claim, _why_gone(error))
            return
        self._keep_rows(claim, statements, reads)
        for name in claim.columns:
            self._value(claim, name, statements, reads)

    def _statements_of(self, bare: PreparedClaim) -> tuple[ClaimStatements, Reads]:
        query, reads = "", Reads()
        if bare.query is not None:
            query, reads = over_the_file_itself(self.connection, bare.query.sql)
            if len(set(map(fold, bare.query.columns))) < len(bare.query.columns):
                raise _NotHereError("its query yields two columns of one name: give each a name of its own by AS")
            if not query:
                raise _NotHereError("its query says something else where both names mean one file")
        for text, _ in bare.exempted if bare.query is None else ():
            reads |= reads_of(self.connection, text, bare.after.name)
        if reason := self.changed.reason(reads, bare.after.name, has_query=bare.query is not None):
            raise _NotHereError(reason)

        def collation(name: str) -> str:
            return str(self.connection.column_metadata(AFTER, bare.after.name, name)[1])

        return ClaimStatements(bare, query, collation), reads

    def _leave_out(self, claim: RowsClaim, reason: str) -> None:
        for name in (rows_name(claim.table), *(claim_name(claim.table, left) for left in claim.columns)):
            self.found.left_out[name] = reason

    def _keep_rows(self, claim: RowsClaim, statements: ClaimStatements, reads: Reads) -> None:
        bare = statements.claim
        table = bare.after.name
        notes = (WEAKER, *(f"Left out: {each.reason}" for each in claim.exempted))
        self._need(reads)
        self._need({(table, name) for name in bare.key})
        title = f"no two rows of {table} have the same key"
        self._add(Statement(f"{table}: keys", title, statements.repeated_keys()))
        if bare.query is None:
            self.found.left_out[rows_name(claim.table)] = f"which rows were there before: {NO_BEFORE}"
            return
        title = f"{table} has one row for each row of its evidence, and no other"
        self._add(Statement(rows_name(claim.table), title, statements.rows(), notes))

    def _value(self, claim: RowsClaim, left: str, statements: ClaimStatements, of_query: Reads) -> None:
        table = statements.claim.after.name
        unknown = {name: values for name, values in claim.unknown.items() if fold(name) == fold(left)}
        alone = replace(claim, columns={left: claim.columns[left]}, filled=(), unknown=unknown)
        name = claim_name(claim.table, left)
        try:
            (value,) = self.preparation.prepare(alone).values
        except ContractSqlError as error:
            if error.place == f'rows.{claim.table}.columns."{left}"':
                raise
            self.found.left_out[name] = _why_gone(error)
            return
        reads = of_query
        if statements.claim.query is None:
            reads = reads | reads_of(self.connection, value.evidence, table)
            if reason := self.changed.reason(reads, table, has_query=False):
                self.found.left_out[name] = reason
                return
        found = reads_of(self.connection, value.found, table)
        self._need(reads | found)
        notes = (WEAKER, *((WITHOUT_MEANING,) if value.meaning else ()))
        if value.meaning:
            self.found.left_out[f"{name} {_in_words(value.meaning)}"] = "it takes functions that SQLite lacks"
        after = self.after.tables[fold(table)]
        # A table of which no column is read is one of '', as is the number of its row.
        columns = sorted({name for of, name in reads | found if fold(of) == fold(table) and after.column(name)})
        title = f"{name} is what its evidence says: {' '.join(claim.columns[left].split())}"
        self._add(Statement(name, title, statements.values(value, columns), notes))

    def _add(self, statement: Statement) -> None:
        """Keep a statement that SQLite understands."""
        try:
            self.connection.execute(f"EXPLAIN {with_schema(statement.sql, 'main', AFTER)}").fetchall()
        except apsw.Error as error:
            self.found.left_out[statement.name] = f"SQLite cannot run its query over one file: {error}"
        else:
            self.found.statements.append(statement)

    def _need(self, reads: Reads | set[tuple[str, str]]) -> None:
        for table, name in sorted(reads):
            known = self.after.tables.get(fold(table))
            column = known.column(name) if known is not None else None
            if known is not None and column is not None:
                self.columns[fold(table)][column.name] = None

    # -- the rest -----------------------------------------------------------------------------------------------------

    def _beyond(self) -> Iterator[tuple[str, str]]:
        changes = self.contract.changes
        named = (("dropped", changes.dropped), ("redeclared", changes.redeclared), ("rewritten", changes.rewritten))
        for name in changes.new:
            yield f"new {name}", f"it may be new, and need not be there; {NO_BEFORE}"
        for name in changes.appended:
            yield f"appended {name}", NO_BEFORE
        for kind, entries in named:
            for each in entries:
                yield f"{kind} {each.name}{f' {each.constraint}' if each.constraint else ''}", NO_BEFORE
        for deleted in changes.deleted:
            yield f"deleted {deleted.table}", NO_BEFORE
        for name, meaning in changes.same.items():
            yield f"same {name} {meaning}", NO_BEFORE
        for change in ("lost", "changed", "new"):
            yield beside_name(change), NO_BEFORE


class _NotHereError(Exception):
    """One file cannot answer a claim."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(problem)


def _why_gone(error: ContractSqlError) -> str:
    """Why evidence cannot be read from the file after; raises what is wrong with the contract itself."""
    if "no such table" not in error.problem and "no such column" not in error.problem:
        raise error
    return f"its evidence is not in the file after: {error.problem}"


def _in_words(meaning: Meaning) -> str:
    return f"contradicts, as {meaning}"
