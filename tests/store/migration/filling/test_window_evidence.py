"""The SQL that reads metadata says the same as the one Python rule about any text, and alone about the usual ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain

import apsw
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from store.migration.filling import window_evidence
from store.turns.attributed_column import ATTRIBUTED, INFERENCE, RUNTIME
from store.turns.metadata import MetadataStatus, evidence_of, parse_metadata
from store.turns.schema import turn_schema_sql

VALUES_AND_KINDS = ", ".join(f"{column.name}_value, {column.name}_kind" for column in ATTRIBUTED)


@pytest.fixture(scope="module")
def turns() -> Iterator[apsw.Connection]:
    connection = apsw.Connection(":memory:")
    connection.execute(turn_schema_sql())
    window_evidence.prepare(connection)
    yield connection
    connection.close()


def save_one(connection: apsw.Connection, metadata: str | bytes | float | None) -> None:
    connection.execute("DELETE FROM turns")
    connection.execute(
        "INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms, turn_metadata_json) "
        "VALUES ('c', 's', 't', 1, 1, ?)",
        (metadata,),
    )


def gathered(connection: apsw.Connection, metadata: str | bytes | float) -> tuple[str | int, ...]:
    save_one(connection, metadata)
    window_evidence.gather(connection, window_evidence.LOWEST_ROWID, 2**62, everything=True)
    found = connection.execute(f"SELECT {VALUES_AND_KINDS}, malformed FROM temp.turn_evidence").get
    assert isinstance(found, tuple)
    return found


def by_rule(metadata: str | bytes | float) -> tuple[str | int, ...]:
    status, read = parse_metadata(metadata)
    found = [part for column in ATTRIBUTED for part in evidence_of(column, read)]
    return (*found, int(status is MetadataStatus.MALFORMED))


KEYS = st.sampled_from([*RUNTIME.keys, *INFERENCE.keys, *RUNTIME.members, "geppetto.session_id@v1", "usage", ""])
TEXTS = st.one_of(
    st.sampled_from(
        ["inventory", " planner ", "", "   ", "\u00a0x\u3000", "\u200bx", '"runtime"', "\\", "a\tb", "\x7f"]
    ),
    st.text(max_size=8),
)
VALUES = st.recursive(
    st.one_of(TEXTS, st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=8,
)


@st.composite
def objects_with_duplicates(draw: st.DrawFn) -> str:
    """The text of an object whose keys may occur more than once, at the top and inside of a map."""
    members = draw(st.lists(st.tuples(KEYS, VALUES), max_size=6))
    ascii_only = draw(st.booleans())
    written = ", ".join(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=ascii_only)}" for key, value in members)
    return "{" + written + "}"


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """The bytes of such a text with a few of them replaced, taken away or added."""
    raw = bytearray(draw(objects_with_duplicates()).encode("utf-8", "surrogatepass"))
    for position, byte in draw(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=3)):
        at = position % (len(raw) + 1)
        raw[at : at + draw(st.integers(0, 2))] = bytes([byte])
    return bytes(raw)


def as_text(raw: bytes) -> str:
    """A text with the bytes as they are, which only SQL can make: bound as a text they would have to be UTF-8."""
    return f"CAST(x'{raw.hex()}' AS TEXT)"


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(metadata=objects_with_duplicates())
@example(metadata='{"runtime": "a", "runtime": "b"}')
@example(metadata='{"geppetto.runtime@v1": {"runtime_key": "a", "runtime_key": ""}}')
@example(metadata='{"geppetto.runtime@v1": "a", "x": 1e400}')
@example(metadata='{"geppetto.runtime@v1": "a", "x": [{"y": -1.5E+309}]}')
@example(metadata='{"geppetto.runtime@v1": "a"}\x00 {')
@example(metadata='{"usage": {"runtime": "no"}, "runtime_key": "yes"}')
def test_sql_and_python_read_the_same_out_of_any_object(turns: apsw.Connection, metadata: str) -> None:
    assert gathered(turns, metadata) == by_rule(metadata)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=damaged())
@example(raw=b"")
@example(raw=b'{"geppetto.runtime@v1":"inv\xff\xfex"}')
@example(raw=b'{"geppetto.runtime@v1":"\xc2\xa0"}')
@example(raw=b'\xef\xbb\xbf{"geppetto.runtime@v1":"inventory"}')
@example(raw=b'{"a\xff": 1, "runtime": "x"}')
def test_sql_and_python_read_the_same_out_of_damaged_bytes(turns: apsw.Connection, raw: bytes) -> None:
    save_one(turns, "")
    turns.execute(f"UPDATE turns SET turn_metadata_json = {as_text(raw)}")
    window_evidence.gather(turns, window_evidence.LOWEST_ROWID, 2**62, everything=True)

    assert turns.execute(f"SELECT {VALUES_AND_KINDS}, malformed FROM temp.turn_evidence").get == by_rule(raw)


@st.composite
def unusual(draw: st.DrawFn) -> bytes:
    """Bytes that a fast parser and an exact one may take for different things, around or inside of an object."""
    number = draw(st.sampled_from(["9" * 19, "9" * 20, "-" + "9" * 25, "1" * 400, "1e400", "-1E-400", "0.1", "01"]))
    levels = draw(st.sampled_from([1, 100, 127, 128, 1_023, 1_024, 1_025, 3_000]))
    deep = draw(st.sampled_from(['{"runtime_key":', '{"key":', "["])) * levels
    closing = ("]" if deep.endswith("[") else "}") * levels
    odd = st.sampled_from(
        [number, f'{deep}"deep"{closing}', "NaN", "Infinity", '"\\ud800"', '"\\u0000"', '"a\x00"', "'a'"]
    )
    members = draw(st.lists(st.tuples(KEYS, st.one_of(odd, VALUES.map(json.dumps))), max_size=5))
    written = "{" + ",".join(f"{json.dumps(key)}:{value}" for key, value in members) + "}"
    around = st.sampled_from(
        [b"", b" ", b"\t\r\n", b"\x00", b"\xef\xbb\xbf", b"\xc2\xa0", b"\xe3\x80\x80", b"\xff", b","]
    )
    inside = draw(st.sampled_from([written.encode("utf-8", "surrogatepass"), b"", b"null", b"[]", b"7", b'"runtime"']))
    return draw(around) + inside + draw(around)


@settings(max_examples=400, deadline=None)
@given(raw=st.one_of(unusual(), damaged(), objects_with_duplicates().map(lambda text: text.encode("utf-8", "replace"))))
@example(raw=b"")
@example(raw=b"null")
@example(raw=b" \xe3\x80\x80\xc2\xa0 ")
@example(raw=b'{"geppetto.runtime@v1":"first","geppetto.runtime@v1":7}')
@example(raw=b'{"geppetto.runtime@v1":123456789012345678901234567890}')
@example(
    raw=b'{"geppetto.runtime@v1":{"runtime_key":" ","key":"k"},"geppetto.inference_id@v1":["i"],"inference_id":"a"}'
)
@example(raw=b'{"geppetto.inference_id@v1":{"":"i","runtime_key":"r"}}')
@example(raw=b'{"geppetto.runtime@v1":"\xed\xa0\x80"}')
@example(raw=b'{"geppetto.runtime@v1":"\\ud800"}')
@example(raw=b'{"geppetto.runtime@v1":"a","x":"\x00"}')
def test_the_shortcut_that_fills_reads_what_the_plain_rule_reads(raw: bytes) -> None:
    values, kinds, malformed = window_evidence.decide(raw)

    assert (*chain.from_iterable(zip(values, kinds, strict=True)), malformed) == by_rule(raw)


@pytest.mark.parametrize(
    ("metadata", "kind"),
    [
        ('{"geppetto.runtime@v1":"inventory"}', "text"),
        ('{"geppetto.runtime@v1":{"runtime_key":" planner ","profile.version":2}}', "map"),
        ('{"runtime":"inventory"}', "alias"),
        ('{"runtime_key":"inventory"}', "alias"),
        ('{"geppetto.session_id@v1":"s"}', ""),
        ("{}", ""),
    ],
)
def test_usual_metadata_needs_no_python(turns: apsw.Connection, metadata: str, kind: str) -> None:
    save_one(turns, metadata)
    turns.execute("DELETE FROM temp.turn_evidence")
    window = {"after": window_evidence.LOWEST_ROWID, "through": 2**62, "everything": 1}
    turns.execute(window_evidence.evidence_statement(), window)

    assert turns.execute("SELECT runtime_key_kind, inference_id_kind FROM temp.turn_evidence").get == (kind, "")


@pytest.mark.parametrize("cell", [7, 1.5, b"{}", b'{"runtime":"from bytes"}', b"\xff"])
def test_other_types_than_text_are_read_as_their_text(turns: apsw.Connection, cell: float | bytes) -> None:
    raw = cell if isinstance(cell, bytes) else str(cell)

    assert gathered(turns, cell) == by_rule(raw)


def test_deep_nesting_and_ten_megabytes_are_read_like_anything_else(turns: apsw.Connection) -> None:
    deep = '{"runtime":"r","x":' + '{"a":' * 5_000 + "1" + "}" * 5_001
    huge = '{"runtime":"r","x":"' + "y" * 10_000_000 + '"}'

    assert gathered(turns, deep)[:2] == ("r", "alias")
    assert gathered(turns, huge)[:2] == ("r", "alias")


def test_a_window_ends_early_where_its_metadata_would_be_too_much_to_read_at_once(turns: apsw.Connection) -> None:
    turns.execute("DELETE FROM turns")
    row = "INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms, turn_metadata_json)"
    turns.executemany(
        f"{row} VALUES ('c', 's', ?, 1, 1, ?)", ((str(n), "x" * (window_evidence.WINDOW_BYTES // 3)) for n in range(10))
    )

    ends = []
    after = window_evidence.LOWEST_ROWID
    while window := window_evidence.window_end(turns, after, 1_000):
        after, rows = window
        ends.append(rows)

    assert sum(ends) == 10
    assert max(ends) <= 3
    turns.execute("DELETE FROM turns")
