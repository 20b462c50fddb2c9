"""What an audit is asked to do is checked before it begins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import UsageError
from audit.pipeline.settings import AuditSettings, parse_cutover, parse_words


@pytest.mark.parametrize(
    "text",
    [
        "1771928100000",
        " 1771928100000 ",
        "2026-02-24T10:15:00Z",
        "2026-02-24T10:15:00",
        "2026-02-24 10:15",
        "2026-02-24T12:15:00+02:00",
        "20260224T101500Z",
    ],
)
def test_a_cutover_is_iso_8601_or_milliseconds(text: str) -> None:
    assert parse_cutover(text) == 1_771_928_100_000


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "12.5", "-5", "١٢٣", "2026-02-24T10:15:00 Mars"])
def test_another_cutover_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="2026-02-24T10:15:00Z"):
        parse_cutover(text)


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2999, 1, 1)))  # noqa: DTZ001  Hypothesis wants naive bounds
def test_a_time_survives_to_the_millisecond(moment: datetime) -> None:
    exact = moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
    assert datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=parse_cutover(exact.isoformat())) == exact


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ([], ()),
        (["baseline"], ("baseline",)),
        (["baseline, timeline"], ("baseline", "timeline")),
        (["a,,", "b"], ("a", "b")),
    ],
)
def test_words_may_be_repeated_or_listed(texts: list[str], words: tuple[str, ...]) -> None:
    assert parse_words(texts) == words


def test_an_unknown_requirement_is_refused() -> None:
    with pytest.raises(UsageError, match=r"basline.*known are timeline, baseline"):
        AuditSettings(Path("turns.db"), require=("basline",))


def test_a_sample_of_nothing_is_refused_because_verdicts_are_judged_on_it() -> None:
    with pytest.raises(UsageError, match="at least one row"):
        AuditSettings(Path("turns.db"), sample_size=0)


def test_the_file_under_audit_comes_first() -> None:
    settings = AuditSettings(Path("t"), baseline=Path("b"), timeline=Path("l"))
    assert list(settings.database_paths) == ["turns", "timeline", "baseline"]
    assert list(AuditSettings(Path("t")).database_paths) == ["turns"]
