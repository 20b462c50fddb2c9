"""Rows that are gone and that came are one row under another key only where nothing else can be meant."""

from __future__ import annotations

from benchmarks.detection.foreign.pair_data import Row, TableData
from benchmarks.detection.foreign.rekeyed import Gone, tell_rows
from benchmarks.detection.foreign.values import Value, text
from benchmarks.detection.foreign.wanted import Wanted


def row(number: int, key: str, said: str) -> Row:
    values: dict[str, Value] = {"id": text(key), "said": text(said)}
    return Row(number, values)


def places(gone: list[Row], came: list[Row], new: tuple[Row, ...] = ()) -> list[str]:
    table = TableData("t", ("id", "said"), ("id",), "", (), new)
    wanted = Wanted()
    tell_rows(Gone(table, tuple(gone), tuple(came)), wanted)
    return [str(place) for place in wanted.comes.elements()] + [f"less {place}" for place in wanted.goes.elements()]


def test_the_same_words_under_another_key() -> None:
    assert places([row(1, "a", "x")], [row(9, "b", "x")]) == ['changed cell t id {"id": "a"}']


def test_two_rows_could_be_meant() -> None:
    told = places([row(1, "a", "x")], [row(8, "b", "x"), row(9, "c", "x")])
    assert told == ['lost row t {"id": "a"}', 'new row t {"id": "b"}', 'new row t {"id": "c"}']


def test_a_row_of_the_undamaged_pair_is_meant() -> None:
    came = row(9, "b", "x")
    assert places([row(1, "a", "x")], [], (came,)) == ['changed cell t id {"id": "a"}', 'less new row t {"id": "b"}']


def test_other_words_under_another_number_are_another_row() -> None:
    assert places([row(1, "a", "x")], [row(2, "b", "y")]) == ['lost row t {"id": "a"}', 'new row t {"id": "b"}']
