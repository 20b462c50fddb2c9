"""Three readers of one rule, written apart from each other, must agree: DuckDB's SQL, the second parser, the store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.sqlite.attributed_column import ATTRIBUTED
from audit.staging import native_tables as staging
from audit.staging.evidence import GO_SPACE, MAX_DEPTH, read_metadata
from audit.staging.warehouse import quote_literal
from store.turns.metadata import inference_evidence, parse_metadata, runtime_evidence
from store.turns.schema import turn_schema_sql
from support.audits.sqlite_reader import open_reader

Reading = tuple[str, str, str, str, str]


def by_store(raw: bytes) -> Reading:
    status, metadata = parse_metadata(raw)
    runtime, inference = runtime_evidence(metadata), inference_evidence(metadata)
    return status.value, runtime.value, runtime.kind, inference.value, inference.kind


def by_second_parser(raw: bytes) -> Reading:
    read = read_metadata(raw)
    runtime, inference = read.said
    return read.status, runtime.value, runtime.kind, inference.value, inference.kind


def by_staging(folder: Path, texts: Sequence[bytes]) -> tuple[list[Reading], list[bool]]:
    """What a staged file says of each text, and whether SQL alone has said so."""
    path = folder / "turns.db"
    path.unlink(missing_ok=True)
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute(turn_schema_sql())
        connection.executemany(
            "INSERT INTO turns (conv_id, session_id, turn_id, turn_created_at_ms, updated_at_ms, turn_metadata_json) "
            "VALUES ('c', 's', ?, 1, 1, CAST(? AS TEXT))",
            ((f"{number:06}", text) for number, text in enumerate(texts)),
        )
    with closing(open_reader(threads=2)) as connection:
        connection.execute(f"ATTACH {quote_literal(str(path))} AS turns_db (TYPE sqlite, READ_ONLY)")
        staging.create_tables(connection)
        staging.stage(connection, "turns")
        rows = connection.execute(
            "SELECT metadata_status, runtime_evidence, runtime_kind, inference_evidence, inference_kind,"
            " NOT second_look FROM turns ORDER BY turn_id"
        ).fetchall()
        assert connection.execute("SELECT count(*) FROM unreadable_tables").fetchone() == (0,)
    return [row[:5] for row in rows], [row[5] for row in rows]


NESTED = '{"geppetto.runtime@v1":' + '{"profile":' * 4_000 + '"deep"' + "}" * 4_001
PLAIN = {
    '{"geppetto.runtime@v1":"inventory","geppetto.inference_id@v1":"i"}': ("inventory", "text", "i", "text"),
    '{"geppetto.runtime@v1":{"runtime_key":"inventory"}}': ("inventory", "map", "", ""),
    '{"geppetto.runtime@v1":{"profile.slug":"inventory"},"inference_id":"i"}': ("inventory", "profile", "i", "alias"),
    '{"geppetto.runtime@v1":{"runtime_key":7,"slug":"inventory"}}': ("inventory", "profile", "", ""),
    '{"geppetto.runtime@v1":{"runtime_key":" "},"runtime":"alias"}': ("alias", "alias", "", ""),
    '{"runtime":"","runtime_key":{"key":"alias"}}': ("alias", "alias", "", ""),
    '{"geppetto.runtime@v1":"\u00a0\u3000x\u0085 "}': ("x", "text", "", ""),
    '{"geppetto.runtime@v1":"\u200bx\ufeff"}': ("\u200bx\ufeff", "text", "", ""),
    '{"geppetto.runtime@v1":["inventory"],"geppetto.inference_id@v1":{"inference_id":"x"}}': ("", "", "", ""),
    '{"geppetto.runtime@v1":{"inference_id":"leak"},"inference_id":5}': ("", "", "", ""),
}
DOUBTFUL = {
    '{"runtime":"a","runtime":"b"}': ("object", "b"),
    '{"geppetto.runtime@v1":{"key":"a","key":"b"}}': ("object", "b"),
    r'{"geppetto.runtime\u0040v1":"x"}': ("object", "x"),
    r'{"runtime":"inv\ud800x"}': ("object", "inv\ufffdx"),
    r'{"runtime":"\ud83d\ude9a"}': ("object", "🚚"),
    r'{"runtime":"a\u0000b"}': ("object", "a\0b"),
    '{"runtime":"x","y":NaN}': ("malformed", ""),
    '{"runtime":"x","y":-Infinity}': ("malformed", ""),
    '{"runtime":"x",}': ("malformed", ""),
    '{"runtime":"x","y":1e400}': ("malformed", ""),
    '{"runtime":"x","y":' + "9" * 400 + "}": ("object", "x"),
    '{"runtime":"x","y":' + "9" * 400 + ".0}": ("malformed", ""),
    '{"runtime":{"slug":{"slug":"x"}}}': ("object", "x"),
    '{"runtime":"x"} y': ("malformed", ""),
    "{'runtime':'x'}": ("malformed", ""),
    '\ufeff{"runtime":"x"}': ("malformed", ""),
    '{"runtime":"x\ty"}': ("malformed", ""),
    '{"runtime":"x\\x"}': ("malformed", ""),
    '["runtime"]': ("malformed", ""),
    '"runtime"': ("malformed", ""),
    "null": ("unknown", ""),
    "": ("unknown", ""),
    " \n": ("unknown", ""),
    NESTED: ("object", "deep"),
    "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1): ("malformed", ""),
    '{"runtime":"x","y":' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "}": ("malformed", ""),
    '{"runtime":"x","y":"' + "z" * 10_000_000 + '"}': ("object", "x"),
}


def test_sql_reads_what_all_parsers_read_alike(tmp_path: Path) -> None:
    texts = [text.encode() for text in PLAIN]
    readings, alone = by_staging(tmp_path, texts)
    assert all(alone)
    assert readings == [("object", *wanted) for wanted in PLAIN.values()]
    assert readings == [by_second_parser(text) for text in texts] == [by_store(text) for text in texts]


def test_the_second_parser_reads_what_they_do_not(tmp_path: Path) -> None:
    texts = [text.encode() for text in DOUBTFUL]
    readings, _ = by_staging(tmp_path, texts)
    assert [(status, runtime) for status, runtime, *_ in readings] == list(DOUBTFUL.values())
    assert readings == [by_second_parser(text) for text in texts] == [by_store(text) for text in texts]


def test_bytes_that_are_not_utf8_stop_nothing(tmp_path: Path) -> None:
    texts = [b'{"runtime":"inv\xff\xfex"}', b'{"runtime":"\xe2\x82"}', b'{"runtime":"\xed\xa0\x80"}', b"\xff"]
    readings, alone = by_staging(tmp_path, texts)
    assert [runtime for _, runtime, *_ in readings] == ["inv\ufffd\ufffdx", "\ufffd\ufffd", "\ufffd\ufffd\ufffd", ""]
    assert not any(alone)
    assert readings == [by_second_parser(text) for text in texts] == [by_store(text) for text in texts]


KEYS_AND_MEMBERS = [name for column in ATTRIBUTED for name in (*column.keys, *column.members)]
NAMES = st.sampled_from([*KEYS_AND_MEMBERS, "geppetto.session_id@v1", "", "Runtime", " runtime"])
WORDS = st.one_of(
    st.sampled_from(
        ["inventory", "", " ", "null", "NaN", ",}", "1e999", "\\u0041", '"', "x\u00a0", "\x1fx\x1c", "\ud800"]
    ),
    st.text(alphabet=st.sampled_from([*GO_SPACE, "a", "é", "\u200b", "\ufeff", "\\", "/", '"', "\0"]), max_size=5),
    st.text(max_size=8),
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(WORDS, st.none(), st.booleans(), st.integers(), st.floats(allow_nan=True), st.just(10**400)),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=8,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=4)


@st.composite
def metadata_texts(draw: st.DrawFn) -> bytes:
    """Texts as programs write them, and what accidents make of them."""
    ascii_only = draw(st.booleans())
    text = json.dumps(
        draw(OBJECTS), ensure_ascii=ascii_only, separators=draw(st.sampled_from([(",", ":"), (" , ", " : ")]))
    )
    other = json.dumps(draw(OBJECTS), ensure_ascii=True)
    accident = draw(st.sampled_from(["none", "none", "none", "merge", "cut", "comma", "wrap", "insert", "bytes"]))
    if accident == "merge" and len(text) > 2 and len(other) > 2:
        text = f"{text[:-1]},{other[1:]}"
    elif accident == "cut":
        text = text[: draw(st.integers(0, len(text)))]
    elif accident == "comma":
        text = f"{text[:-1]},}}"
    elif accident == "wrap":
        text = draw(st.sampled_from(["[{}]", " {}\n", "{} x", "\ufeff{}", "\x0b{}", "{}\u00a0"])).replace("{}", text)
    elif accident == "insert":
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(["\\", '"', "\\u00", "1", "{", "}", "\n", "\0", "nan"])) + text[at:]
    raw = text.encode("utf-8", "surrogatepass")
    if accident == "bytes":
        at = draw(st.integers(0, len(raw)))
        raw = raw[:at] + draw(st.binary(max_size=2)) + raw[at:]
    return raw


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(texts=st.lists(metadata_texts(), min_size=20, max_size=60))
def test_three_readers_agree_on_any_text(texts: list[bytes], tmp_path: Path) -> None:
    readings, _ = by_staging(tmp_path, texts)
    for text, reading in zip(texts, readings, strict=True):
        assert reading == by_second_parser(text) == by_store(text), text


@settings(max_examples=400, deadline=None)
@given(raw=st.one_of(metadata_texts(), st.binary(max_size=40)))
def test_the_second_parser_never_raises_and_agrees_with_the_store(raw: bytes) -> None:
    assert by_second_parser(raw) == by_store(raw)


@pytest.mark.parametrize(
    "text", ["{", '{"a"', '{"a":', '{"a":1', '{"a":1,', "[1,", '"', "-", "tru", "{1:2}", "[1}", '{"a":01}']
)
def test_a_text_that_ends_or_errs_in_the_middle_is_malformed(text: str) -> None:
    assert read_metadata(text.encode()).status == "malformed"
