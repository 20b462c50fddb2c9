"""The index of a search follows from its texts and decides nothing; where these are nowhere, nobody can tell."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import apsw
import pytest

from audit.comparison.pair.pair_comparison import INDEX_ALONE
from support.files.pair_files import compare_files, compare_statements, make_file, told

SOURCE = "CREATE TABLE src (id INTEGER PRIMARY KEY, body)"
ROWS = "INSERT INTO src VALUES (1, 'one two'), (2, 'three')"
FILL = "INSERT INTO find (rowid, body) SELECT id, body FROM src"
WITHOUT_TEXTS = [
    "fts5 (body, content='')",
    "fts5 (body, content='', columnsize=0)",
    "fts5 (body, content='', contentless_delete=1)",
    "fts5 (body, note UNINDEXED, content='', contentless_unindexed=1)",
    "fts4 (body, content='')",
    "fts4 (content='', body, matchinfo=fts3)",
]


def _search(definition: str, *statements: str) -> list[str]:
    return [SOURCE, ROWS, f"CREATE VIRTUAL TABLE find USING {definition}", FILL, *statements]


class TestWithoutTexts:
    @pytest.mark.parametrize("definition", WITHOUT_TEXTS)
    def test_another_index_is_a_table_of_which_nobody_can_tell(self, tmp_path: Path, definition: str) -> None:
        before = _search(definition)
        after = [*before, "INSERT INTO find (rowid, body) VALUES (3, 'four')"]
        findings, summary = compare_statements(tmp_path, before, after)

        # Columns without an index lie in a table that is compared; they say nothing of the words.
        assert {each[:3] for each in told(findings)} <= {("new", "row", "find_content")}
        assert summary.errors == {"find": f"it keeps no content{INDEX_ALONE}"}
        assert [each.name for each in summary.asides] == ["find"]

    @pytest.mark.parametrize("definition", WITHOUT_TEXTS)
    def test_the_same_bytes_say_the_same(self, tmp_path: Path, definition: str) -> None:
        findings, summary = compare_statements(tmp_path, _search(definition), _search(definition))

        assert (findings, summary.errors, summary.asides) == ([], {}, ())

    @pytest.mark.parametrize("which", [0, 1])
    def test_one_side_without_texts_is_enough(self, tmp_path: Path, which: int) -> None:
        sides = [_search(WITHOUT_TEXTS[0], "INSERT INTO find (rowid, body) VALUES (3, 'four')"), _search("fts5 (body)")]
        findings, summary = compare_statements(tmp_path, sides[which], sides[1 - which])

        assert summary.errors == {"find": f"it keeps no content{INDEX_ALONE}"}
        assert ("changed", "declaration", "find") in {each[:3] for each in told(findings)}

    def test_a_table_in_the_place_of_the_search_does_not_say_what_was_found(self, tmp_path: Path) -> None:
        after = [SOURCE, ROWS, "CREATE TABLE find (body)"]
        _, summary = compare_statements(tmp_path, _search(WITHOUT_TEXTS[0]), after)

        assert summary.errors == {"find": f"it keeps no content{INDEX_ALONE}"}

    def test_a_search_that_is_gone_is_lost_and_one_that_is_new_is_new(self, tmp_path: Path) -> None:
        with_it = make_file(tmp_path / "with.db", *_search(WITHOUT_TEXTS[0]))
        without = make_file(tmp_path / "without.db", SOURCE, ROWS)

        for sides, change in (((with_it, without), "lost"), ((without, with_it), "new")):
            findings, summary = compare_files(*sides)
            assert (change, "object", "find") in {each[:3] for each in told(findings)}
            assert summary.errors == {}

    def test_what_a_contract_admits_is_not_what_nobody_can_tell(self, tmp_path: Path) -> None:
        contract = tmp_path / "contract.toml"
        contract.write_text(
            'name = "a row more"\n[changes]\nappended = ["src"]\n'
            'redeclared = [{ name = "find", reason = "other words are told apart" }]\n'
        )
        before = make_file(tmp_path / "before.db", *_search(WITHOUT_TEXTS[0]))
        after = make_file(
            tmp_path / "after.db",
            *_search("fts5 (body, content='', tokenize=porter)", "INSERT INTO src VALUES (3, 'four')"),
        )
        findings, summary = compare_files(before, after, contract=contract)

        assert findings == []
        assert summary.errors == {"find": f"it keeps no content{INDEX_ALONE}"}


class TestTextsOfAnotherTable:
    @pytest.mark.parametrize(
        "definition",
        ["fts5 (body, content=src, content_rowid=id)", "fts4 (body, content='SRC')", "fts5 (body, content=v)"],
    )
    def test_an_index_decides_nothing_where_its_source_is_there(self, tmp_path: Path, definition: str) -> None:
        before = [*_search(definition), "CREATE VIEW v AS SELECT id AS rowid, body FROM src"]
        after = [*before, "INSERT INTO find (rowid, body) VALUES (3, 'four')"]
        findings, summary = compare_statements(tmp_path, before, after)

        assert (findings, summary.errors) == ([], {})
        assert [each.name for each in summary.asides] == ["find"]

    @pytest.mark.parametrize("definition", ["fts5 (body, content='Gone')", "fts4 (body, content=Gone)"])
    def test_where_its_source_is_not_there_nobody_can_tell(self, tmp_path: Path, definition: str) -> None:
        before = _search(definition)
        after = [*before, "INSERT INTO find (rowid, body) VALUES (3, 'four')"]
        _, summary = compare_statements(tmp_path, before, after)

        assert summary.errors == {"find": f"it takes its content from gone, which is not there{INDEX_ALONE}"}


class TestTablesOfSomebody:
    @pytest.mark.parametrize(
        ("definition", "end"),
        [
            ("fts3 (body)", "docsize"),
            ("fts3 (body)", "stat"),
            ("fts4 (body, matchinfo=fts3)", "docsize"),
            ("fts5 (body, columnsize=0)", "docsize"),
            ("fts5 (body)", "segdir"),
            ("fts5 (body, content='')", "content"),
            ("fts5 (body, content=src)", "content"),
            ("fts4 (body)", "config"),
        ],
    )
    def test_beside_a_search_they_are_compared_like_any(self, tmp_path: Path, definition: str, end: str) -> None:
        before = _search(definition, f"CREATE TABLE find_{end} (a)", f"INSERT INTO find_{end} VALUES ('mine')")
        findings, summary = compare_statements(tmp_path, before, [*before, f"UPDATE find_{end} SET a = 'yours'"])

        assert told(findings) == [("changed", "cell", f"find_{end}", '{"rowid":1}', "a")]
        assert (summary.errors, summary.asides) == ({}, ())

    def test_two_names_that_differ_in_a_letter_beyond_ascii_are_two(self, tmp_path: Path) -> None:
        before = ["CREATE VIRTUAL TABLE ä USING fts5 (a)", "CREATE TABLE Ä_data (a)", "INSERT INTO Ä_data VALUES (1)"]
        findings, _ = compare_statements(tmp_path, before, [*before, "UPDATE Ä_data SET a = 2"])

        assert told(findings) == [("changed", "cell", "Ä_data", '{"rowid":1}', "a")]


class TestSettings:
    RANK = "INSERT INTO find (find, rank) VALUES ('rank', 'bm25(10.0)')"

    def _compare(self, folder: Path, before: list[str], after: list[str]) -> list[tuple[str, ...]]:
        findings, summary = compare_statements(folder, before, after)
        assert summary.errors == {}
        return [tuple(each) for each in told(findings)]

    @pytest.mark.parametrize("definition", ["fts5 (body)", "fts5 (body, content='src', content_rowid='id')"])
    def test_what_somebody_chose_is_compared(self, tmp_path: Path, definition: str) -> None:
        plain, weighed = _search(definition), _search(definition, self.RANK)
        another = _search(definition, self.RANK.replace("10.0", "2.0"))

        for name, before, after, expected in (
            ("same", weighed, weighed, []),
            ("gone", weighed, plain, [("lost", "row", "find_config", '{"k":"rank"}', "")]),
            ("come", plain, weighed, [("new", "row", "find_config", '{"k":"rank"}', "")]),
            ("other", weighed, another, [("changed", "cell", "find_config", '{"k":"rank"}', "v")]),
        ):
            (tmp_path / name).mkdir()
            assert self._compare(tmp_path / name, before, after) == expected

    def test_the_format_of_the_index_is_not_what_somebody_chose(self, tmp_path: Path) -> None:
        secure = "INSERT INTO find (find, rank) VALUES ('secure-delete', 1)"
        gone_again = ["INSERT INTO find (rowid, body) VALUES (9, 'nine')", "DELETE FROM find WHERE rowid = 9"]
        before = _search("fts5 (body)", secure)
        version = "SELECT v FROM find_config WHERE k = 'version'"
        made = [make_file(tmp_path / f"{at}.db", *each) for at, each in enumerate([before, [*before, *gone_again]])]

        assert [_value(path, version) for path in made] == [4, 5]
        assert self._compare(tmp_path, before, [*before, *gone_again]) == []

    def test_a_format_that_no_search_has_is_told(self, tmp_path: Path) -> None:
        before = _search("fts5 (body)")
        after = [*before, "UPDATE find_config SET v = 9 WHERE k = 'version'"]

        assert self._compare(tmp_path, before, after) == [("changed", "cell", "find_config", '{"k":"version"}', "v")]

    def test_those_of_a_search_that_came_or_is_gone_come_and_go_with_it(self, tmp_path: Path) -> None:
        for name, before, after in (
            ("new", [SOURCE], ["CREATE VIRTUAL TABLE find USING fts5 (body)"]),
            ("lost", ["CREATE VIRTUAL TABLE find USING fts5 (body)"], [SOURCE]),
        ):
            (tmp_path / name).mkdir()
            found = self._compare(tmp_path / name, before, after)
            assert (name, "object", "find_config") in {each[:3] for each in found}
            assert not [each for each in found if each[1] == "row"]


def _value(path: Path, sql: str) -> object:
    with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
        return connection.execute(sql).get
