"""Replaces ids in the tables of a run, in DuckDB: there may be ten millions of findings, and as many turns.

A pseudonym is a number in the order in which the ids of a kind are first seen (``conversation 1``), the same for the
same run; or, with a key, the first digits of an HMAC, the same for the same id in every run. What is not known to be
an id, and is not made of words of ours, gets one as well (``value 3``): it may be a payload.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from audit.checks.runner import FINDING_COLUMNS
from audit.files.literal_pattern import literal_pattern
from audit.redaction.key_file import RedactionKey
from audit.redaction.vocabulary import plain_text, plain_text_with_numbers, tells_numbers
from audit.references.fingerprints import COLUMNS, FINGERPRINTS_FILE
from audit.results.chronology import NAME_CHARACTERS
from audit.results.records import CheckResult
from audit.staging.warehouse import quote_identifier, quote_literal

if TYPE_CHECKING:
    import duckdb

CONVERSATION, SESSION, TURN = "conversation", "session", "turn"
UNKNOWN_RUNTIME = "another runtime"
_LEAST_CHARACTERS = 4
_LEFT = ("original", "known_checks", "mentioned", "parts", "runtimes", "texts", "names", "keys", "redacted_keys")


class Pseudonyms:
    """The ids of one run and what stands for them; the table ``findings`` has only the latter afterwards.

    Parameters
    ----------
    connection
        A DuckDB that may read files, with the table ``findings`` of `audit.checks.runner.create_findings`.
    fingerprints
        ``fingerprints.parquet`` of the same run.
    key
        None for numbers.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, fingerprints: Path, key: RedactionKey | None) -> None:
        self._connection = connection
        self._key = key
        columns = ", ".join(COLUMNS)
        connection.execute(
            f"CREATE VIEW fingerprints AS SELECT {columns}"
            f" FROM read_parquet({quote_literal(literal_pattern(fingerprints))})"
        )
        connection.execute("CREATE TABLE pseudonyms (kind VARCHAR, original VARCHAR, pseudonym VARCHAR)")

    def replace(self, checks: Iterable[CheckResult], mentioned: Iterable[tuple[str, str]]) -> None:
        """Replace everything in ``findings``.

        Parameters
        ----------
        mentioned
            Kind and text of further ids, in the order in which they are seen.
        """
        connection = self._connection
        # A bound value would be compiled anew for every row.
        connection.execute("SET VARIABLE plain = ?", [plain_text()])
        connection.execute("SET VARIABLE numeric = ?", [plain_text_with_numbers()])
        connection.execute("CREATE TABLE known_checks (name VARCHAR, numbers BOOLEAN)")
        connection.execute("CREATE TABLE mentioned (kind VARCHAR, original VARCHAR)")
        for check in checks:
            connection.execute("INSERT INTO known_checks VALUES (?, ?)", [check.check, tells_numbers(check)])
        for kind, text in mentioned:
            connection.execute("INSERT INTO mentioned VALUES (?, ?)", [kind, text])
        connection.execute(_sql("original"))
        self._number("seen_ids")
        connection.execute(_sql("parts"))
        connection.execute(_sql("runtimes"))
        self._number("seen_runtimes")
        connection.execute(_sql("more_parts"))
        connection.execute(_sql("texts"))
        connection.execute(_sql("names"))
        connection.execute(_sql("keys"))
        self._number("seen_texts")
        connection.execute(_sql("redacted_keys"))
        connection.execute(_sql("redacted"))
        connection.execute("DROP TABLE findings")
        connection.execute("ALTER TABLE redacted RENAME TO findings")

    def _number(self, seen: str) -> None:
        """Give pseudonyms to what a query has seen."""
        inner, outer = self._key.pads if self._key else (b"", b"")
        self._connection.execute(_sql(seen))
        self._connection.execute(_sql("numbered"))
        self._connection.execute(_sql("pseudonyms"), {"keyed": self._key is not None, "inner": inner, "outer": outer})
        self._connection.execute("DROP TABLE seen")
        self._connection.execute("DROP TABLE numbered")

    def of(self, kind: str, text: str) -> str:
        """What stands for an id, also for one that was cut at :data:`NAME_CHARACTERS`; its kind if it is unknown."""
        if not text:
            return ""
        same = "starts_with(original, $text)" if len(text) >= NAME_CHARACTERS else "original = $text"
        row = self._connection.execute(
            f"SELECT pseudonym FROM pseudonyms WHERE kind = $kind AND {same} ORDER BY original LIMIT 1",
            {"kind": kind, "text": text},
        ).fetchone()
        return str(row[0]) if row else kind

    def runtime(self, text: str) -> str:
        """What stands for a runtime, which may be cut as well; '' for the unknown one."""
        if not text:
            return ""
        row = self._connection.execute("SELECT replacement FROM parts WHERE original = ?", [text]).fetchone()
        return str(row[0]) if row else UNKNOWN_RUNTIME

    def file(self, path: str, number: int) -> str:
        """What stands for a path, which is the one with that number."""
        return f"file {self._key.digest('file', path) if self._key else number}"

    def of_column(self, check: str, column: str, text: str) -> str | None:
        """What stands for the value of a column in the findings of a check; None if none of them has it."""
        if column not in FINDING_COLUMNS:
            return None
        name = quote_identifier(column)
        row = self._connection.execute(
            f"SELECT f.{name} FROM original o JOIN findings f ON f.place = o.rowid"
            f' WHERE o."check" = ? AND o.{name} = ? LIMIT 1',
            [check, text],
        ).fetchone()
        return str(row[0]) if row else None

    def within(self, text: str) -> Iterator[tuple[str, str]]:
        """The ids that occur in a text, with what stands for them, the longest first."""
        if len(text) < _LEAST_CHARACTERS:
            return
        yield from self._connection.execute(
            "SELECT original, min(pseudonym) FROM pseudonyms WHERE length(original) >= ? AND contains(?, original)"
            " AND regexp_matches(original, '[^A-Za-z ]') AND kind <> 'name' GROUP BY original"
            " ORDER BY length(original) DESC, original",
            [_LEAST_CHARACTERS, text],
        ).fetchall()

    def accept(self, reason: str, shown: str) -> None:
        """Say another reason of findings that are accepted."""
        self._connection.execute("UPDATE findings SET accepted = ? WHERE accepted = ?", [shown, reason])

    def write_fingerprints(self, folder: Path) -> Path:
        """Write the fingerprints with pseudonyms into a folder that has none."""
        path = folder / FINGERPRINTS_FILE
        self._connection.execute(
            f"COPY ({_sql('fingerprints')}) TO {quote_literal(str(path))} (FORMAT parquet, COMPRESSION zstd)"
        )
        return path

    def forget(self) -> None:
        """Drop what the originals are known by."""
        for table in (*_LEFT, "pseudonyms"):
            self._connection.execute(f"DROP TABLE IF EXISTS {table}")
        self._connection.execute("DROP VIEW fingerprints")


def _sql(name: str) -> str:
    return files("audit.redaction").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
