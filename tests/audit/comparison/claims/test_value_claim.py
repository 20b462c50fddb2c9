"""One claim as SQL: its oracle is SQLite itself, which stores the evidence in a column of the same type."""

from __future__ import annotations

from contextlib import closing

import apsw
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from audit.comparison.claims.value_claim import ValueClaim, found_kind
from audit.comparison.files.tables import affinity_of, read_tables
from audit.comparison.pair.finding import Kind

_TYPES = ("TEXT", "INTEGER", "REAL", "NUMERIC", "BLOB", "", "ANY", "TEXT COLLATE NOCASE")
_WRITTEN = (
    "''", "'a'", "'A'", "'1'", "'01'", "' 1 '", "'1.0'", "'1e2'", "'0x10'", "'9007199254740993'", "'0.123456789012345'",
    "'9223372036854775808'", "'1e400'", "'-0'", "1", "1.0", "100", "0.5", "1e17", "1e300", "9e999", "-9.3e18",
    "9007199254740993", "9223372036854775807", "-9223372036854775808", "x'31'", "x''", "'ä'",
)  # fmt: skip
_VALUES = (
    st.sampled_from(_WRITTEN)
    | st.integers(-(2**63), 2**63 - 1).map(str)
    | st.floats(allow_nan=False, allow_infinity=False).map(repr)
    | st.floats(allow_nan=False, allow_infinity=False).map("'{!r}'".format)
)


@given(declared=st.sampled_from(_TYPES), was=_VALUES, now=_VALUES)
@example("REAL", "9007199254740993", "9007199254740992.0")
@example("", "5", "5.0")
@example("BLOB", "'5'", "5")
@example("INTEGER", "'9295284055232344.0'", "1")
def test_a_value_contradicts_unless_it_is_what_the_column_makes_of_the_evidence(
    declared: str, was: str, now: str
) -> None:
    with closing(apsw.Connection(":memory:")) as connection:
        connection.execute(f"CREATE TABLE t (e, kept {declared}, v {declared})")
        connection.execute(f"INSERT INTO t VALUES ({was}, {was}, {now}), ({now}, {now}, {now})")
        table = read_tables(connection, "main")["t"]
        claim = ValueClaim("v", "e", "v", affinity=affinity_of(table, table.columns[2]))
        kinds = connection.execute(
            f"SELECT {found_kind(claim)} FROM (SELECT rowid AS n, e AS expected FROM t LIMIT -1) AS e"
            " CROSS JOIN (SELECT rowid AS n, v AS found FROM t) AS a WHERE a.n = e.n ORDER BY e.n"
        ).fetchall()
        stored = "typeof(kept) = typeof(v) AND +kept IS +v COLLATE BINARY"
        (is_same,) = connection.execute(f"SELECT {stored} FROM t ORDER BY rowid LIMIT 1").fetchall()[0]

    assert kinds == [(None if is_same else Kind.CONTRADICTS,), (None,)]


@pytest.mark.parametrize(
    ("evidence", "found", "kind"),
    [
        ("NULL", "NULL", None),
        ("''", "0", None),
        ("''", "'x'", Kind.MADE_UP),
        ("'x'", "''", Kind.NOT_FILLED),
        ("'x'", "0.0", Kind.NOT_FILLED),
        ("'x'", "'0'", Kind.CONTRADICTS),
    ],
)
def test_what_is_not_known_is_told_by_value(evidence: str, found: str, kind: str | None) -> None:
    claim = ValueClaim("v", "e", "v", unknown=("", 0), affinity="BLOB")

    with closing(apsw.Connection(":memory:")) as connection:
        sides = f"(SELECT {evidence} AS expected) AS e, (SELECT {found} AS found) AS a"
        assert connection.execute(f"SELECT {found_kind(claim)} FROM {sides}").get == kind
