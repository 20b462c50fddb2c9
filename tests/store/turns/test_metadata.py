from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.encoding.canonical_json import encode
from store.sqlite.database import open_database
from store.turns.attributed_column import RUNTIME
from store.turns.metadata import (
    Evidence,
    MetadataStatus,
    go_trim,
    inference_evidence,
    parse_metadata,
    runtime_evidence,
)
from support.turns.oracles import read_jsonl

GO_SPACE = "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000"
NOT_GO_SPACE = "\x1c\x1d\x1e\x1f\u180e\u200b\ufeff\x00"


class TestGoTrim:
    @pytest.mark.parametrize("blank", GO_SPACE)
    def test_what_go_trims_is_trimmed(self, blank: str) -> None:
        assert go_trim(f"{blank}a{blank}b{blank}") == f"a{blank}b"

    @pytest.mark.parametrize("kept", NOT_GO_SPACE)
    def test_what_go_keeps_is_kept(self, kept: str) -> None:
        assert go_trim(f" {kept}a{kept} ") == f"{kept}a{kept}"


class TestParse:
    @pytest.mark.parametrize("raw", [None, "", "  \n", "null", " null ", "\u00a0null", b"", b"\t"])
    def test_nothing_is_unknown(self, raw: object) -> None:
        assert parse_metadata(raw) == (MetadataStatus.UNKNOWN, {})

    @pytest.mark.parametrize(
        "raw",
        [
            "not json",
            '{"a":1',
            "[1]",
            "7",
            '"text"',
            "true",
            '{"a":NaN}',
            '{"a":Infinity}',
            '{"a":1e400}',
            '{"a":1} x',
            '\ufeff{"a":1}',
            '{"a":1,}',
            "{'a':1}",
            '{"a":"\n"}',
            '{"a":01}',
            b"\xff",
            7,
            1.5,
        ],
    )
    def test_what_is_no_json_object_is_malformed(self, raw: object) -> None:
        assert parse_metadata(raw) == (MetadataStatus.MALFORMED, {})

    def test_of_duplicate_keys_the_last_wins(self) -> None:
        assert parse_metadata('{"a":1,"a":2}')[1] == {"a": 2}

    def test_invalid_utf8_and_lone_surrogates_are_replaced(self) -> None:
        assert parse_metadata(b'{"a":"x\xff\xfey"}')[1] == {"a": "x\ufffd\ufffdy"}
        assert parse_metadata(r'{"a":"\ud800","\udc00":["\ud83d\ude9a"]}')[1] == {"a": "\ufffd", "\ufffd": ["🚚"]}

    def test_a_blob_is_read_as_its_text(self) -> None:
        assert parse_metadata(b'{"runtime":"r"}') == (MetadataStatus.OBJECT, {"runtime": "r"})

    @pytest.mark.parametrize("levels", [1_000, 5_000, 9_000])
    def test_deep_nesting_is_read(self, levels: int) -> None:
        text = f'{{"deep":{"[" * levels}{"]" * levels},"runtime":"r"}}'
        status, metadata = parse_metadata(text)
        assert status is MetadataStatus.OBJECT
        assert metadata["runtime"] == "r"
        assert encode(metadata) == text

    def test_nesting_beyond_what_go_reads_is_malformed(self) -> None:
        assert parse_metadata('{"a":' + "[" * 100_000 + "]" * 100_000 + "}")[0] is MetadataStatus.MALFORMED
        assert parse_metadata('{"a":' * 100_000)[0] is MetadataStatus.MALFORMED

    def test_ten_megabytes_are_read(self) -> None:
        status, metadata = parse_metadata(json.dumps({"runtime": "r", "big": "x" * 10_000_000}))
        assert (status, len(metadata["big"])) == (MetadataStatus.OBJECT, 10_000_000)

    @pytest.mark.parametrize("digits", [18, 19, 20, 400, 5_000, 100_000])
    def test_integers_of_any_length_are_kept_exactly(self, digits: int) -> None:
        text = f'{{"n":-1{"0" * digits},"runtime":"r"}}'
        status, metadata = parse_metadata(text)
        assert status is MetadataStatus.OBJECT
        assert encode(metadata) == text


class TestRuntimeEvidence:
    @pytest.mark.parametrize(
        ("metadata", "value", "kind"),
        [
            ({"geppetto.runtime@v1": " inventory\u00a0"}, "inventory", "text"),
            ({"geppetto.runtime@v1": {"runtime_key": "r"}}, "r", "map"),
            ({"geppetto.runtime@v1": {"runtime_key": {"runtime_key": "r"}}}, "r", "map"),
            ({"geppetto.runtime@v1": {"runtime_key": {"slug": "r"}}}, "r", "profile"),
            ({"geppetto.runtime@v1": {"runtime_key": 7, "slug": "r"}}, "r", "profile"),
            ({"geppetto.runtime@v1": {"profile": {"profile.slug": "r"}}}, "r", "profile"),
            ({"geppetto.runtime@v1": {"profile": {}, "profile_slug": "r"}}, "r", "profile"),
            ({"geppetto.runtime@v1": {"runtime_key": "r", "slug": "other"}}, "r", "map"),
            ({"geppetto.runtime@v1": "", "runtime": "r"}, "r", "alias"),
            ({"geppetto.runtime@v1": {}, "runtime": {"runtime_key": "r"}}, "r", "alias"),
            ({"runtime": 3, "runtime_key": "r"}, "r", "alias"),
            ({"geppetto.runtime@v1": "r", "runtime": "s", "runtime_key": "t"}, "r", "text"),
            ({"geppetto.runtime@v1": {"inference_id": "i"}}, "", ""),
            ({"Geppetto.runtime@v1": "r", " runtime": "r"}, "", ""),
            ({"geppetto.runtime@v1": 42}, "", ""),
            ({"geppetto.runtime@v1": ["r"]}, "", ""),
            ({"geppetto.runtime@v1": True, "geppetto.inference_id@v1": "i"}, "", ""),
            ({}, "", ""),
        ],
    )
    def test_the_rule(self, metadata: dict[str, Any], value: str, kind: str) -> None:
        assert runtime_evidence(metadata) == Evidence(value, kind)

    def test_members_count_in_their_order(self) -> None:
        for place, member in enumerate(RUNTIME.members):
            later = {name: name for name in reversed(RUNTIME.members[place:])}
            assert runtime_evidence({"geppetto.runtime@v1": later}).value == member

    def test_a_map_of_five_thousand_levels_is_followed(self) -> None:
        text = '{"geppetto.runtime@v1":' + '{"runtime_key":' * 5_000 + '"r"' + "}" * 5_001
        assert runtime_evidence(parse_metadata(text)[1]) == Evidence("r", "map")

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*RUNTIME.members, "inference_id"]), inner),
        )
    )
    def test_a_value_that_was_found_is_trimmed_and_stands_in_the_metadata(self, value: Any) -> None:
        found = runtime_evidence({"geppetto.runtime@v1": value})
        assert go_trim(found.value) == found.value
        assert (found.value == "") == (found.kind == "")
        assert found.value in str(value) or repr(found.value)[1:-1] in str(value)


class TestInferenceEvidence:
    @pytest.mark.parametrize(
        ("metadata", "value", "kind"),
        [
            ({"geppetto.inference_id@v1": " i "}, "i", "text"),
            ({"geppetto.inference_id@v1": " ", "inference_id": "i"}, "i", "alias"),
            ({"geppetto.inference_id@v1": {"inference_id": "i"}}, "", ""),
            ({"geppetto.inference_id@v1": {"runtime_key": "i"}}, "", ""),
            ({"geppetto.inference_id@v1": 7}, "", ""),
        ],
    )
    def test_the_rule(self, metadata: dict[str, Any], value: str, kind: str) -> None:
        assert inference_evidence(metadata) == Evidence(value, kind)


# Where the rule differs from what the original program filled in, and why. Everything else is equal.
RUNTIME_DIFFERS = {
    "a number is no runtime": {"42", "1.234567e+06", "3.5", "1e+21", "0", "7", "1.2345678901234567e+19", "1.5"},
    "a boolean is no runtime": {"true", "false"},
    "a list is no runtime": {"[inventory planner]", "[]", "[x]"},
    "an inference id inside a runtime map is no runtime": {"leaks-into-runtime"},
    "profile.slug names the runtime too": {""},
}
INFERENCE_DIFFERS = {
    "a number is no inference id": {"42", "1.234567e+06", "3.5", "1e+21", "0", "-1", "100"},
    "a boolean is no inference id": {"true", "false"},
    "a list is no inference id": {"[a]", "[]", "[l]"},
    "an inference id is no map": {"nested-inf"},
}


@pytest.mark.samples
@pytest.mark.parametrize(
    ("column", "differs", "rows"), [("runtime_key", RUNTIME_DIFFERS, 16), ("inference_id", INFERENCE_DIFFERS, 14)]
)
def test_the_rule_equals_the_original_migration_but_for_the_listed_values(
    samples: Path, column: str, differs: dict[str, set[str]], rows: int
) -> None:
    oracle = read_jsonl(samples / "oracle" / "gp26_from_pre_small.turns_rows.jsonl")
    wanted = {(row["conv_id"], row["turn_id"]): row[column] for row in oracle}
    connection = open_database(samples / "pre_small_turns.db", read_only=True)
    found = connection.execute("SELECT conv_id, turn_id, CAST(turn_metadata_json AS BLOB) FROM turns").fetchall()
    connection.close()
    rule = runtime_evidence if column == "runtime_key" else inference_evidence
    ours = {(conv_id, turn_id): rule(parse_metadata(metadata)[1]).value for conv_id, turn_id, metadata in found}
    others = [wanted[turn] for turn, value in ours.items() if value != wanted[turn]]
    assert len(ours) == 415
    assert len(others) == rows
    assert set(others) == set().union(*differs.values())
