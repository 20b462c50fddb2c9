"""The SQL texts of a contract: each is proven to be one query or one expression, by itself, before anything is run.

An expression is tried as that of a generated column in a database of its own, where SQLite allows neither subqueries
nor aggregates nor functions that are not deterministic, and where none of the files' functions and collations is known.
Its brackets are closed, so that it stays one operand wherever it is put in brackets of ours. A query is prepared alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import apsw
import apsw.ext

from audit.comparison.files.foreign_code import limits
from audit.comparison.files.tables import quote_identifier
from audit.contract.errors import ContractSqlError
from audit.sqlite.tokens import fold, tokens

LONGEST_TEXT = 100_000
VALUE_BYTES = 128 * 2**20
"""The longest value that a text of a contract may make or read."""

HEAP_BYTES = 2**30
"""How much memory SQLite may hold in the process while such a text is run."""

_DETERMINISTIC = 0x800
_BRACKETS = {"(": 1, ")": -1}
_TABLE_FUNCTIONS = frozenset({"json_each", "json_tree"})
_AGGREGATES = frozenset({
    "avg", "count", "cume_dist", "dense_rank", "first_value", "group_concat", "lag", "last_value", "lead", "max", "min",
    "nth_value", "ntile", "percent_rank", "rank", "row_number", "string_agg", "sum", "total",
})  # fmt: skip
_OF_DATES = frozenset({"date", "datetime", "julianday", "strftime", "time", "timediff", "unixepoch"})
_QUERIES = frozenset({"select", "values", "with"})


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was found to do nothing but read; ``columns`` are the names of its answer."""

    sql: str
    columns: tuple[str, ...]


class SqlTexts:
    """Looks at the texts of one contract, which lies at ``path``."""

    def __init__(self, path: Path, connection: apsw.Connection) -> None:
        self.path = path
        self.connection = connection

    def expression(self, place: str, text: str, columns: Sequence[str]) -> str:
        """An expression over the columns of one row, in brackets.

        Raises
        ------
        ContractSqlError
            It is none, names another column, or its value does not follow from the row alone.
        """
        self._require_closed(place, text)
        declared = ", ".join(map(quote_identifier, columns))
        with closing(apsw.Connection(":memory:")) as trial:
            # A name in double quotes that is none would be a text, and a misspelt column go unseen.
            for setting in (apsw.SQLITE_DBCONFIG_DQS_DDL, apsw.SQLITE_DBCONFIG_DQS_DML):
                trial.config(setting, 0)
            probe = quote_identifier(_unused("probe", columns))
            try:
                trial.execute(f"CREATE TABLE evidence ({declared}, {probe} AS ((\n{text}\n)))")
                trial.execute("INSERT INTO evidence DEFAULT VALUES")
                with limits(trial, 5.0, VALUE_BYTES):
                    trial.execute(f"SELECT {probe} FROM evidence").fetchall()
            except apsw.Error as error:
                # What a row of NULLs makes of it is not yet what a row of the file makes of it.
                if _is_about_the_text(error):
                    raise self._refused(place, text, _in_our_words(str(error), columns)) from error
        return f"(\n{text}\n)"

    def query(self, place: str, text: str, databases: Collection[str]) -> Query:
        """A single query that reads these databases and nothing else.

        Raises
        ------
        ContractSqlError
            It is none, or does more.
        """
        sql = text.strip().removesuffix(";")
        self._require_closed(place, sql)
        words = tokens(sql)
        if not words or words[0] not in _QUERIES:
            raise self._refused(place, text, "wanted a SELECT")
        try:
            found = apsw.ext.query_info(self.connection, sql, actions=True)
        except apsw.Error as error:
            raise self._refused(place, text, str(error)) from error
        if not found.is_readonly or found.bindings_count:
            raise self._refused(place, text, "wanted a SELECT without parameters")
        for problem in self._problems(found.actions or (), words, databases):
            raise self._refused(place, text, problem)
        return Query(sql, tuple(name for name, _ in found.description))

    def _problems(
        self, actions: Sequence[apsw.ext.QueryAction], words: Sequence[str], databases: Collection[str]
    ) -> Iterator[str]:
        """Whatever a query does besides reading what it may."""
        for action in actions:
            match action.action_name:
                case "SQLITE_SELECT" | "SQLITE_RECURSIVE":
                    continue
                case "SQLITE_READ":
                    name, database = fold(action.table_name or ""), action.database_name
                    # What a query names itself has no database.
                    if database is not None and database not in databases and name not in _TABLE_FUNCTIONS:
                        where = " and ".join(f"{each}.…" for each in sorted(databases))
                        yield f"it reads {name or 'a table'} of {database or 'nowhere'}; wanted tables of {where} alone"
                case "SQLITE_FUNCTION":
                    name = fold(action.function_name or "")
                    if name not in self._functions:
                        yield f"{name}() may say something else tomorrow, or does more than compute"
                    if name in _OF_DATES and _asks_for_now(words):
                        yield f"{name}() is asked for now: the answer would be another one each time"
                case other:
                    yield f"it does more than read ({other})"

    @cached_property
    def _functions(self) -> frozenset[str]:
        """The functions of SQLite itself whose answer follows from what they are given."""
        with closing(apsw.Connection(":memory:")) as plain:
            rows = plain.execute("SELECT name FROM pragma_function_list WHERE flags & ?", (_DETERMINISTIC,))
            return frozenset(fold(str(name)) for (name,) in rows) | _AGGREGATES

    def _require_closed(self, place: str, text: str) -> None:
        """A text that leaves brackets open, or closes ours, is part of something else than itself."""
        if not text.strip():
            raise self._refused(place, text, "it is empty")
        if len(text) > LONGEST_TEXT:
            raise self._refused(place, text, f"it has {len(text):,} characters; wanted {LONGEST_TEXT:,} at most")
        depth = 0
        for word in tokens(text):
            depth += _BRACKETS.get(word, 0)
            if depth < 0 or word == ";" or "\0" in word:
                break
        else:
            if depth == 0:
                return
        raise self._refused(place, text, "wanted one statement with all its brackets, and no semicolon")

    def _refused(self, place: str, text: str, problem: str) -> ContractSqlError:
        shown = " ".join(text.split())
        return ContractSqlError(self.path, place, f"{problem}, in: {shown[:200]}{'…' if len(shown) > 200 else ''}")


_STEPS = 500
"""Steps of SQLite's machine between two looks at the clock: more often would take a fifth of all the time."""


@contextmanager
def bounded(connection: apsw.Connection, seconds: float) -> Iterator[None]:
    """Run texts of a contract within limits of time, memory and length.

    Raises
    ------
    apsw.Error
        One was stopped: ``InterruptError`` by time, ``TooBigError`` at a value, ``NoMemError`` at the memory.
    """
    before = apsw.hard_heap_limit(HEAP_BYTES)
    try:
        with limits(connection, seconds, VALUE_BYTES, _STEPS):
            yield
    finally:
        apsw.hard_heap_limit(before)


def _unused(name: str, names: Sequence[str]) -> str:
    while fold(name) in map(fold, names):
        name += "_"
    return name


_OF_THE_TEXT = ("no such", "syntax error", "misuse", "prohibited", "non-deterministic", "wrong number", "incomplete",
                "unrecognized token", "may only be used", "row value", "sub-select", "too many", "ambiguous", "unable",
                "Expression tree", "cannot use", "near ", "circular", "unsafe use", "parser stack")  # fmt: skip


def _is_about_the_text(error: apsw.Error) -> bool:
    return isinstance(error, apsw.SQLError) and any(word in str(error) for word in _OF_THE_TEXT)


def _in_our_words(problem: str, columns: Sequence[str]) -> str:
    problem = problem.replace(" in generated columns", "").replace(" in a generated column", "")
    if "no such column" in problem:
        listed = ", ".join(columns[:20])
        return f"{problem}; the row has {listed}{', …' if len(columns) > 20 else ''}"
    if 'the "." operator' in problem:
        return "columns are written without the name of a table: they are those of the row"
    return problem


def _asks_for_now(words: Sequence[str]) -> bool:
    """Whether ``now`` is among the texts, or a function of dates is called without a time."""
    texts = any(fold(word) == "'now'" for word in words)
    return texts or any(
        name in _OF_DATES and (opening, closing_) == ("(", ")")
        for name, opening, closing_ in zip(words, words[1:], words[2:], strict=False)
    )
