"""No value from a file breaks a line or a table: whole in a pipe, shortened on a terminal."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from audit.cli import run
from audit.cli.text_output import LEAST_CELLS, PADDED_CELLS, fold_sentence, print_lines, shortened_to, table_lines
from support.files.runtime_files import make_history
from support.processes.terminal import on_terminal

VALUES = st.text(max_size=60) | st.sampled_from(["x" * 300, "界" * 150, "two\nlines", "\u202eexe", "\x1b[2J"])
ROWS = st.lists(st.lists(VALUES, min_size=3, max_size=3), max_size=5)
HEADINGS = ("conv id", "runtime key", "turn id")
HOSTILE = {
    "r" * 300: "long",
    "界" * 150: "wide",
    "two\nlines": "broken",
    "exe\u202egnp": "turned",
    "\x1b[2J\x1b]0;x\x07": "commanding",
}
STEERING = ("\u202e", "\x07", "\x1b[2J", "\x1b]")


@given(st.text(alphabet="ab 界", max_size=200), st.integers(min_value=12, max_value=90))
def test_a_sentence_is_folded_between_words_and_nothing_of_it_is_lost(sentence: str, width: int) -> None:
    lines = list(fold_sentence(sentence, width))

    assert " ".join(lines).split() == sentence.split()
    assert all(cell_len(line) <= width or len(line.split()) == 1 for line in lines)
    assert all(line.startswith("  ") for line in lines[1:])


def test_what_fits_stays_as_it_is() -> None:
    assert list(fold_sentence("same     index.html: bytes", 80)) == ["same     index.html: bytes"]
    assert list(fold_sentence("", 80)) == [""]


@given(VALUES, st.integers(min_value=1, max_value=40))
def test_a_text_is_shortened_to_the_cells_it_gets(text: str, cells: int) -> None:
    shown = shortened_to(text, cells)

    assert (shown == text) == (cell_len(text) <= cells)
    assert cell_len(shown) <= cells


@given(ROWS, st.integers(min_value=30, max_value=120))
def test_no_line_is_wider_than_the_terminal_nor_broken(rows: list[list[str]], width: int) -> None:
    lines = table_lines(HEADINGS, rows, width=width)

    assert all(cell_len(line) <= width and line.isprintable() for line in map(_without_blanks, lines))
    assert len(lines) == 1 + len(rows)


def _without_blanks(line: str) -> str:
    """Other blanks than ours are printed as they are, and are nothing that a terminal obeys."""
    return "".join(" " if each.isspace() else each for each in line)


@given(ROWS)
def test_in_a_pipe_all_values_are_whole_and_pad_no_other_row(rows: list[list[str]]) -> None:
    lines = table_lines(HEADINGS, rows, width=None)

    for line, row in zip(lines[1:], rows, strict=True):
        assert all(value in line for value in row if value.isprintable() and value.strip() == value)
        assert cell_len(line) <= sum(max(PADDED_CELLS, 6 * cell_len(value) + 6 * len(value)) + 2 for value in row)


def test_what_cannot_be_a_table_is_a_list() -> None:
    lines = table_lines(("one", "two"), [("a" * 50, "b"), ("c", "d" * 50)], width=2 * LEAST_CELLS)

    assert lines[:3] == ["one  aaaaa…aaaaa", "two  b", ""]


def test_times_and_numbers_are_never_shortened() -> None:
    (_, line) = table_lines(("id", "created"), [("i" * 90, "2026-01-02 00:00:00")], width=40, whole=["created"])

    assert line == "iiiiiiiii…iiiiiiiii  2026-01-02 00:00:00"


def test_a_line_stays_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_lines(["  one \n::two\r\nthree\x1b[2J\u202e", "\tfour "])

    assert capsys.readouterr().out == "  one ::two threeU+001B[2JU+202E\n        four\n"


@pytest.fixture(scope="module")
def turns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file whose ids, runtimes and further tables are hostile; what is beside the turns is only named."""
    path = make_history(
        tmp_path_factory.mktemp("hostile") / "turns.db",
        {"plain": list(HOSTILE), **{name: ["planner", name] for name in HOSTILE}},
    )
    with closing(sqlite3.connect(path)) as connection, connection:
        for name in HOSTILE:
            connection.execute(f'CREATE TABLE "{name}" (a)')
            connection.execute(f'CREATE VIEW "view {name}" AS SELECT nosuch FROM "{name}"')
            connection.execute(f'CREATE TRIGGER "at {name}" AFTER INSERT ON turns BEGIN SELECT 1; END')
    return path


def questions(turns: Path) -> Iterator[list[str]]:
    """Every command that tells of a file in text."""
    yield ["history", str(turns)]
    yield ["history", str(turns), "--conversation", "plain"]
    yield ["history", str(turns), "--runtime", "planner"]
    yield ["history", str(turns), "--turn", "r" * 300 + "-2"]
    yield ["doctor", str(turns), "-q"]
    yield ["migrate", str(turns), "--dry-run", "-q"]
    yield ["prove", str(turns), "-q"]


@pytest.mark.parametrize("place", range(7))
def test_on_a_terminal_no_value_steers_or_floods(place: int, turns: Path) -> None:
    code, shown = on_terminal([*questions(turns)][place])

    assert code in {0, 1, 3}
    assert not [each for each in STEERING if each in shown]
    assert "r" * 256 not in shown
    if place < 4:
        assert max(map(cell_len, shown.splitlines())) <= 80


@pytest.mark.parametrize("place", range(7))
def test_in_a_pipe_no_value_steers_and_none_is_cut(place: int, turns: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*questions(turns)][place]) in {0, 1, 3}
    shown = capsys.readouterr().out

    assert not [each for each in STEERING if each in shown]
    if place < 2:
        assert "r" * 300 in shown
        assert "界" * 150 in shown
        assert "…" not in shown


def test_a_failing_audit_is_seen_at_once_on_a_terminal(turns: Path, tmp_path: Path) -> None:
    code, shown = on_terminal(["audit", turns, "--out", "reports", "--run-id", "one"], folder=tmp_path)
    lines = shown.replace("\x1b[1m", "").replace("\x1b[0m", "").removesuffix("\n").split("\n")

    assert code == 1
    assert len(lines) <= 25
    assert max(cell_len(line.rpartition("\x1b[K")[2]) for line in lines) <= 80
    assert not [each for each in STEERING if each in shown]
    assert lines[0].rpartition("\x1b[K")[2].startswith("NO-GO: ")
    assert [line.split(":")[0] for line in lines[-3:]] == ["verdict", "report", "next"]


def test_json_has_every_value_as_it_is(turns: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["history", str(turns), "--format", "json"]) == 0
    runtimes = json.loads(capsys.readouterr().out)["runtimes"]

    assert {each["runtime_key"] for each in runtimes} == {*HOSTILE, "planner"}


def test_the_list_of_checks_fits_beside_a_name_of_any_length(tmp_path: Path) -> None:
    own = tmp_path / "own" / "suite"
    own.mkdir(parents=True)
    name = "a" * 200
    (own / f"{name}.sql").write_text(
        "-- title: T\n-- severity: info\n-- needs: turns\n-- identity: turn_id\n-- scans: turns\n-- remedy: None.\n"
        "SELECT conv_id, session_id, turn_id FROM turns WHERE false\n"
    )
    code, shown = on_terminal(["checks", "--checks", str(own.parent)])

    assert code == 0
    line = next(line for line in shown.splitlines() if "aaaaaa" in line)
    assert name not in line
    assert cell_len(line) <= 80
    assert all(line.index("  ", 20) < 60 for line in shown.splitlines())
