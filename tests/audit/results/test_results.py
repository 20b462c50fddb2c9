from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from audit.errors import AuditError
from audit.results.record_json import RecordFormatError
from audit.results.records import SCHEMA_VERSION, AuditResult, Status, json_schema
from support.audits.report_examples import RESULTS, a_failed_check, a_result

VALIDATOR = Draft202012Validator(json_schema())
EXAMPLE = a_result(a_failed_check()).to_json()


def places_in(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside a JSON document."""
    if path:
        yield path
    if isinstance(document, dict):
        for key, member in document.items():
            yield from places_in(member, (*path, key))
    elif isinstance(document, list):
        for index, member in enumerate(document):
            yield from places_in(member, (*path, index))


class TestRoundTrip:
    @given(RESULTS)
    def test_a_result_comes_back_from_its_own_text(self, result: AuditResult) -> None:
        assert AuditResult.from_json_text(result.to_json_text()) == result

    @given(RESULTS)
    def test_every_result_fits_the_published_schema(self, result: AuditResult) -> None:
        VALIDATOR.validate(json.loads(result.to_json_text()))

    def test_members_that_a_later_version_added_are_ignored(self) -> None:
        document = deepcopy(EXAMPLE)
        document["added_later"] = document["checks"][0]["added_later"] = 1

        assert AuditResult.from_json(document).to_json() == EXAMPLE

    def test_members_with_a_default_may_be_absent(self) -> None:
        document = deepcopy(EXAMPLE)
        del document["not_looked_at"]
        del document["checks"][0]["skip_reason"]

        assert AuditResult.from_json(document).to_json() == EXAMPLE

    def test_any_kind_of_mapping_is_written(self) -> None:
        result = replace(a_result(), versions=MappingProxyType({"Python": "3.11"}))

        assert result.to_json()["versions"] == {"Python": "3.11"}

    def test_a_file_name_that_is_no_text_is_written_as_utf_8(self) -> None:
        result = a_result()
        strange = replace(result, inputs=(replace(result.inputs[0], path="turns-\udcff.db"),))

        assert json.loads(strange.to_json_text().encode())["inputs"][0]["path"] == "turns-�.db"


class TestTheDocument:
    def test_holds_what_scripts_rely_on(self) -> None:
        document = json.loads(a_result(a_failed_check(findings=12)).to_json_text())
        check = document["checks"][0]

        assert document["verdict"] == "passed"
        assert document["run_id"] == "run_20260224t101500z_ab12"
        assert document["schema_version"] == SCHEMA_VERSION
        assert [each["role"] for each in document["inputs"]] == ["turns", "baseline"]
        assert {name: check[name] for name in ("check", "suite", "severity", "status", "findings", "scanned")} == {
            "check": "backfill_complete",
            "suite": "backfill",
            "severity": "critical",
            "status": "failed",
            "findings": 12,
            "scanned": 2000,
        }
        assert check.keys() >= {"title", "remedy", "error", "skip_reason", "sql_sha256", "duration_ms"}

    def test_refuses_a_time_that_json_cannot_hold(self) -> None:
        with pytest.raises(ValueError, match="JSON compliant"):
            a_result(a_failed_check(duration_ms=float("nan"))).to_json_text()


class TestTheSchema:
    def test_is_a_valid_schema_that_describes_every_member(self) -> None:
        schema = json_schema()
        Draft202012Validator.check_schema(schema)

        records = [schema, *schema["$defs"].values()]
        parts = {"Acceptance", "CellChange", "CheckResult", "Coverage", "CoverageGate", "CoverageSlice", "Finding"}
        parts |= {"InputFile", "Cause", "Extent", "Chronology", "Lane", "DamagedTurn", "Period", "Redaction"}
        assert parts == schema["$defs"].keys()
        assert all(member["description"] for record in records for member in record["properties"].values())

    @pytest.mark.parametrize("path", list(places_in(EXAMPLE)), ids=lambda path: ".".join(map(str, path)))
    @pytest.mark.parametrize("strange", [None, True, -1, 1.5, "x", [], {}], ids=repr)
    def test_and_the_reader_accept_the_same_documents(self, path: tuple[Any, ...], strange: object) -> None:
        document = deepcopy(EXAMPLE)
        holder = document
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = strange

        try:
            AuditResult.from_json(document)
        except RecordFormatError:
            read = False
        else:
            read = True

        assert read == VALIDATOR.is_valid(document)

    @given(st.data())
    def test_and_the_reader_miss_the_same_members(self, data: st.DataObject) -> None:
        document = deepcopy(EXAMPLE)
        path = data.draw(st.sampled_from([path for path in places_in(document) if isinstance(path[-1], str)]))
        holder = document
        for step in path[:-1]:
            holder = holder[step]
        del holder[path[-1]]

        try:
            AuditResult.from_json(document)
        except RecordFormatError:
            assert not VALIDATOR.is_valid(document)
        else:
            assert VALIDATOR.is_valid(document)


class TestDamagedDocuments:
    def test_the_error_names_the_place_and_both_values(self) -> None:
        document = deepcopy(EXAMPLE)
        document["checks"][0]["status"] = "maybe"

        with pytest.raises(RecordFormatError, match=r"checks\[0\]\.status: wanted one of passed, .* found 'maybe'"):
            AuditResult.from_json(document)

    @pytest.mark.parametrize("text", ["", "{", "[1]", "3", "null", "[" * 100_000, b"\xff\xfe\x00"])
    def test_a_text_that_is_no_result_is_refused_in_one_line(self, text: str | bytes) -> None:
        with pytest.raises(AuditError) as caught:
            AuditResult.from_json_text(text)

        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 400

    def test_another_schema_version_is_refused_before_anything_is_read(self) -> None:
        with pytest.raises(RecordFormatError, match=r"schema_version: wanted 1, found 2"):
            AuditResult.from_json({"schema_version": 2})

    def test_statuses_are_read_as_their_members(self) -> None:
        assert AuditResult.from_json(EXAMPLE).checks[0].status is Status.FAILED
