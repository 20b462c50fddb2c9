"""An outcome comes back from its file as it went in, without what the catalogue of the fleet says."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace

import pytest

from audit.fleet.outcome import Outcome, checks_from_json, checks_to_json
from audit.results.record_json import RecordFormatError
from support.audits.report_examples import a_busy_result


def test_an_outcome_comes_back_as_it_was() -> None:
    result = a_busy_result()
    checks = checks_from_json(checks_to_json({check.check: check for check in result.checks}).encode())
    outcome = Outcome("acme", "/data/turns.db", "key", result=result)
    content = outcome.to_bytes()
    assert Outcome.from_bytes(content, checks) == outcome
    assert outcome.to_bytes() == content, "the same bytes whenever it is written"
    kept = json.loads(gzip.decompress(content))["result"]["checks"][0]
    assert not {"sql", "title", "remedy", "sql_sha256", "suite"} & kept.keys()


def test_an_error_comes_back_as_it_was() -> None:
    outcome = Outcome("acme", "/data/turns.db", "", error="no such file", cause="MissingFileError")
    assert Outcome.from_bytes(outcome.to_bytes(), {}) == outcome


@pytest.mark.parametrize(
    "content",
    [b"", b"\x1f\x8b", gzip.compress(b"[]"), gzip.compress(b"{}"), gzip.compress(b"x")],
    ids=["empty", "cut", "list", "object", "text"],
)
def test_what_is_no_outcome_is_refused(content: bytes) -> None:
    with pytest.raises(RecordFormatError):
        Outcome.from_bytes(content, {})


def test_an_outcome_of_other_checks_is_refused() -> None:
    content = Outcome("acme", "/data/turns.db", "key", result=a_busy_result()).to_bytes()
    with pytest.raises(RecordFormatError):
        Outcome.from_bytes(content, {})
    with pytest.raises(RecordFormatError):
        Outcome.from_bytes(replace(Outcome("a", "b", "c")).to_bytes()[:-9], {})
