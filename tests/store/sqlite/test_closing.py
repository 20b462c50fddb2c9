from __future__ import annotations

import pytest

from store.sqlite.closing import Closing


class _Held(Closing):
    closed = 0

    def close(self) -> None:
        self.closed += 1


def test_the_end_of_a_block_closes_once() -> None:
    with _Held() as held:
        assert held.closed == 0
    assert held.closed == 1


def test_an_error_in_the_block_closes_as_well_and_goes_on() -> None:
    held = _Held()
    with pytest.raises(KeyError), held:
        raise KeyError
    assert held.closed == 1


def test_what_cannot_be_closed_is_not_made() -> None:
    with pytest.raises(TypeError, match="close"):
        type("Half", (Closing,), {})()
