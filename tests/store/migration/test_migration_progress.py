"""Progress is told on a stream: in place on a terminal, a line a phase elsewhere, with the time that is left."""

from __future__ import annotations

import io
import time

import pytest

from store.migration import ProgressLine


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that the progress sees; a test moves it."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_a_terminal_sees_how_much_is_done_and_how_long_it_takes(clock: list[float]) -> None:
    stream = Terminal()
    line = ProgressLine(stream)
    line.begin("backfill", 1_000)
    clock[0] += 5
    line.advance(250)

    assert stream.getvalue() == "\r\x1b[Kbackfill: 250 of 1,000, 15 s left"
    clock[0] += 15
    line.advance(750)
    line.finish()
    assert stream.getvalue().endswith("\r\x1b[Kbackfill: 1,000 in 20.0 s\n")


def test_a_file_gets_a_line_now_and_then_and_no_control_characters(clock: list[float]) -> None:
    stream = io.StringIO()
    line = ProgressLine(stream)
    line.begin("verify", 3_000)
    for _ in range(30):
        clock[0] += 1
        line.advance(100)
    line.finish()

    assert stream.getvalue().splitlines() == [
        "verify: 1,000 of 3,000, 20 s left",
        "verify: 2,000 of 3,000, 10 s left",
        "verify: 3,000 of 3,000",
        "verify: 3,000 in 30.0 s",
    ]


def test_long_phases_are_told_in_minutes(clock: list[float]) -> None:
    stream = Terminal()
    line = ProgressLine(stream)
    line.begin("convert", 100)
    clock[0] += 60
    line.advance(10)

    assert "9 min left" in stream.getvalue()
