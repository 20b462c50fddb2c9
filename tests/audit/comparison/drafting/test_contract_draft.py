"""The contract that a pair suggests: where values come from, what is only new, and that a loss is never admitted."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

import pytest

from audit.contract.contract_file import read_contract
from audit.contract.errors import ContractSyntaxError
from support.files.drafted_contract import draft_of, filled_in
from support.files.pair_files import compare_files, make_file

_OLD = "CREATE TABLE t (id INTEGER PRIMARY KEY, meta TEXT, name TEXT, ms INTEGER)"


def _draft(folder: Path, before: list[str], after: list[str], *, redact: bool = False) -> str:
    make_file(folder / "before.db", *before)
    make_file(folder / "after.db", *before, *after)
    return draft_of(folder / "before.db", folder / "after.db", redact=redact)


def _claims(draft: str, table: str = "t") -> dict[str, str]:
    return dict(tomllib.loads(draft).get("rows", {}).get(table, {}).get("columns", {}))


def _judge(folder: Path, draft: str) -> Counter[tuple[str, str]]:
    """What is found under a draft that somebody has filled in, by change and kind."""
    (folder / "filled.toml").write_text(filled_in(draft))
    findings, summary = compare_files(folder / "before.db", folder / "after.db", contract=folder / "filled.toml")
    assert summary.errors == {}
    return Counter((each["change"], each["kind"]) for each in findings)


class TestNewColumns:
    @pytest.mark.parametrize(
        ("column", "filled", "claim"),
        [
            ("model TEXT", "meta ->> '$.model'", "meta ->> '$.model'"),
            ("tokens INTEGER", "meta ->> '$.usage.total tokens'", """meta ->> '$.usage."total tokens"'"""),
            ("title TEXT", "name", "name"),
            ("title TEXT", "trim(name)", "trim(name)"),
            ("title TEXT", "lower(trim(name))", "lower(trim(name))"),
            ("title INTEGER", "CAST(meta ->> '$.text' AS INTEGER)", "meta ->> '$.text'"),
            ("moment INTEGER", "ms / 1000", "ms / 1000"),
            ("moment TEXT", "datetime(ms / 1000, 'unixepoch')", "ms"),
            ("usage TEXT", "meta -> '$.usage'", "meta -> '$.usage'"),
        ],
    )  # fmt: skip
    def test_the_source_of_what_was_filled_is_found_and_holds(
        self, tmp_path: Path, column: str, filled: str, claim: str
    ) -> None:
        rows = """WITH n(x) AS (VALUES (1), (2), (3), (4), (5), (6)) INSERT INTO t SELECT x,
            json_object('model', 'm' || x, 'usage', json_object('total tokens', x * 7), 'text', x || '0', 'b', x = 2),
            ' Name ' || x, 1767323045000 + x * 60000 FROM n"""
        name = column.split(maxsplit=1)[0]

        draft = _draft(
            tmp_path, [_OLD, rows], [f"ALTER TABLE t ADD COLUMN {column}", f"UPDATE t SET {name} = {filled}"]
        )

        assert _claims(draft) == {name: claim}
        assert "# new columns of t: all 6 rows looked at\n" in draft
        assert _judge(tmp_path, draft) == {}

    def test_numbers_are_those_of_a_judge(self, tmp_path: Path) -> None:
        rows = """INSERT INTO t (id, meta) VALUES (1, '{"m": "a"}'), (2, '{"m": "b"}'), (3, '{"m": "c"}'), (4, '{}'),
            (5, '{'), (6, '{"m": "d"}'), (7, '{"m": "e"}'), (8, '{"m": "f"}'), (9, '{"m": "g"}'), (10, '{"m": "h"}'),
            (11, '{"m": "i"}'), (12, '{"m": "j"}'), (13, '{"m": "k"}'), (14, '{"m": "l"}')"""
        after = ["ALTER TABLE t ADD COLUMN m TEXT",
                 "UPDATE t SET m = iif(json_valid(meta), meta ->> '$.m', 'made')",
                 "UPDATE t SET m = 'made' WHERE id = 4", "UPDATE t SET m = 'other' WHERE id = 6",
                 "UPDATE t SET m = NULL WHERE id = 7"]  # fmt: skip

        draft = _draft(tmp_path, [_OLD, rows], after)

        assert "# 10 agree, 1 contradict, 1 not filled, 1 made up, 1 unreadable\n" in draft
        assert '#   contradicts: {"id":6}\n' in draft
        kinds = {kind: number for (_, kind), number in _judge(tmp_path, draft).items()}
        assert kinds == {"contradicts": 1, "not filled": 1, "made up": 1, "unreadable": 1}

    def test_what_one_place_says_nothing_of_may_come_out_of_another(self, tmp_path: Path) -> None:
        rows = """WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 40)
            INSERT INTO t (id, meta) SELECT x, json_object(iif(x % 2, 'model', 'old_model'), 'm' || x) FROM n"""
        after = ["ALTER TABLE t ADD COLUMN model TEXT",
                 "UPDATE t SET model = coalesce(meta ->> '$.model', meta ->> '$.old_model')"]  # fmt: skip

        draft = _draft(tmp_path, [_OLD, rows], after)

        assert _claims(draft) == {"model": "coalesce(meta ->> '$.model', meta ->> '$.old_model')"}
        assert _judge(tmp_path, draft) == {}

    def test_what_explains_the_rest_only_in_part_is_a_comment(self, tmp_path: Path) -> None:
        rows = """WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 40)
            INSERT INTO t (id, meta) SELECT x, json_object(iif(x % 2, 'model', 'guess'), 'm' || x) FROM n"""
        after = ["ALTER TABLE t ADD COLUMN model TEXT",
                 "UPDATE t SET model = coalesce(meta ->> '$.model', iif(id % 3, meta ->> '$.guess', 'x' || id))",
                 ]  # fmt: skip

        draft = _draft(tmp_path, [_OLD, rows], after)

        assert _claims(draft) == {"model": "meta ->> '$.model'"}
        told = "# or \"meta ->> '$.guess'\": known in 20 rows, where 14 of 20 agree\n"
        assert f"# of the rows that this says nothing of:\n{told}" in draft

    def test_an_empty_column_is_claimed_where_the_evidence_has_its_name(self, tmp_path: Path) -> None:
        rows = """INSERT INTO t (id, meta) VALUES (1, '{"usage": {"prompt_tokens": 3}, "model": "x"}'), (2, '{}')"""
        after = ["ALTER TABLE t ADD COLUMN input_tokens INTEGER", "ALTER TABLE t ADD COLUMN resolved_model TEXT"]

        draft = _draft(tmp_path, [_OLD, rows], after)

        assert _claims(draft) == {"input_tokens": "meta ->> '$.usage.prompt_tokens'"}
        assert "# resolved_model = \"meta ->> '$.model'\"\n" in draft  # a name that is only like it is for a human
        assert _judge(tmp_path, draft) == {("claim", "not filled"): 1}

    def test_a_default_in_every_row_is_claimed_and_has_to_be_declared(self, tmp_path: Path) -> None:
        after = ["ALTER TABLE t ADD COLUMN path TEXT NOT NULL DEFAULT 'it''s'"]

        draft = _draft(tmp_path, [_OLD, "INSERT INTO t (id) VALUES (1), (2)"], after)

        assert _claims(draft) == {"path": "'it''s'"}
        assert tomllib.loads(draft)["defaults"] == {"t.path": "'it''s'"}
        assert _judge(tmp_path, draft) == {}

    @pytest.mark.parametrize(
        ("default", "unknown"), [("'none'", ["none"]), ("0", [0]), ("-1.5", [-1.5]), ("99999999999999999999", [1e20])]
    )
    def test_a_default_in_every_row_is_as_good_as_nothing_where_the_evidence_has_a_field_of_that_name(
        self, tmp_path: Path, default: str, unknown: list[str | int | float]
    ) -> None:
        rows = """INSERT INTO t (id, meta) VALUES (1, '{"model": "x"}'), (2, '{"model": 3}'), (3, '{}')"""

        draft = _draft(tmp_path, [_OLD, rows], [f"ALTER TABLE t ADD COLUMN model NOT NULL DEFAULT {default}"])

        assert _claims(draft) == {"model": "meta ->> '$.model'"}
        assert tomllib.loads(draft)["rows"]["t"]["unknown"] == {"model": unknown}
        assert _judge(tmp_path, draft) == {("claim", "not filled"): 2}

    def test_an_empty_text_by_default_means_not_known(self, tmp_path: Path) -> None:
        rows = """INSERT INTO t (id, meta) VALUES (1, '{"runtime": "a"}'), (2, '{"runtime": "b"}'), (3, '{}')"""
        after = ["ALTER TABLE t ADD COLUMN runtime TEXT NOT NULL DEFAULT ''",
                 "UPDATE t SET runtime = meta ->> '$.runtime' WHERE id = 1"]  # fmt: skip

        draft = _draft(tmp_path, [_OLD, rows], after)

        assert tomllib.loads(draft)["rows"]["t"]["unknown"] == {"runtime": [""]}
        assert _judge(tmp_path, draft) == {("claim", "not filled"): 1}

    def test_what_nothing_explains_is_said_to_be_so(self, tmp_path: Path) -> None:
        rows = """INSERT INTO t (id, meta) VALUES (1, '{"a": "x"}'), (2, '{"a": "y"}'), (3, '{"a": "z"}')"""
        after = ["ALTER TABLE t ADD COLUMN colour TEXT", "UPDATE t SET colour = 'secret of ' || id"]

        draft = _draft(tmp_path, [_OLD, rows], after)

        assert _claims(draft) == {}
        assert "colour: TEXT; filled in 3 of 3 rows" in draft
        assert "no column and no JSON of the evidence explains it" in draft
        assert "secret" not in draft

    def test_one_value_that_agrees_by_chance_is_no_source(self, tmp_path: Path) -> None:
        rows = """INSERT INTO t (id, meta) VALUES (1, '{"a": 1, "b": 1}'), (2, '{"a": 1, "b": 1}')"""

        draft = _draft(tmp_path, [_OLD, rows], ["ALTER TABLE t ADD COLUMN flag", "UPDATE t SET flag = 1"])

        assert _claims(draft) == {}
        assert "one value stands in all of these" in draft

    def test_of_a_large_table_rows_are_looked_at_that_lie_spread_over_all_of_it(self, tmp_path: Path) -> None:
        rows = """WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 12000)
            INSERT INTO t (id, meta) SELECT x, json_object('m', 'v' || x) FROM n"""
        after = ["ALTER TABLE t ADD COLUMN m TEXT", "UPDATE t SET m = meta ->> '$.m' WHERE id > 6000"]

        draft = _draft(tmp_path, [_OLD, rows], after)

        assert "new columns of t: 4,000 of 12,000 rows looked at, spread evenly" in draft
        assert "# 2,000 agree, 2,000 not filled\n" in draft

    def test_a_table_without_rowid_is_sampled_as_well(self, tmp_path: Path) -> None:
        table = "CREATE TABLE t (id INTEGER PRIMARY KEY, meta TEXT) WITHOUT ROWID"
        rows = """WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 6000)
            INSERT INTO t SELECT x, json_object('m', 'v' || x) FROM n"""
        after = ["ALTER TABLE t ADD COLUMN m TEXT", "UPDATE t SET m = meta ->> '$.m'"]

        draft = _draft(tmp_path, [table, rows], after)

        assert "3,000 of 6,000 rows looked at" in draft
        assert _judge(tmp_path, draft) == {}

    def test_a_table_without_a_key_is_told_and_not_claimed(self, tmp_path: Path) -> None:
        before = ["CREATE TABLE t (meta TEXT)", "INSERT INTO t VALUES ('{\"m\": 1}')"]

        draft = _draft(tmp_path, before, ["ALTER TABLE t ADD COLUMN m", "UPDATE t SET m = 1"])

        assert "no key that tells its rows apart" in draft
        assert "rows" not in tomllib.loads(draft)

    def test_rows_of_another_key_are_paired_by_the_one_of_before(self, tmp_path: Path) -> None:
        before = ["CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)", "INSERT INTO t VALUES (1, 'a'), (2, 'b')"]
        make_file(tmp_path / "before.db", *before)
        make_file(
            tmp_path / "after.db",
            "CREATE TABLE t (space TEXT NOT NULL DEFAULT 'd', id INTEGER NOT NULL, v TEXT, PRIMARY KEY (space, id))",
            "INSERT INTO t (id, v) VALUES (1, 'a'), (2, 'b')",
        )

        draft = draft_of(tmp_path / "before.db", tmp_path / "after.db")

        assert tomllib.loads(draft)["rows"]["t"] == {"key": ["id"], "columns": {"space": "'d'"}}


class TestKinds:
    def test_things_of_one_name_are_written_with_their_kinds(self, tmp_path: Path) -> None:
        trigger = "CREATE TRIGGER {} AFTER INSERT ON t BEGIN SELECT 1; END"
        before = [_OLD, "CREATE VIEW old AS SELECT 1", trigger.format("old")]
        make_file(tmp_path / "before.db", *before)
        make_file(tmp_path / "after.db", _OLD, "CREATE TABLE log (a)", trigger.format("log"), "CREATE TABLE old (a)")

        draft = draft_of(tmp_path / "before.db", tmp_path / "after.db")

        assert tomllib.loads(draft)["changes"]["new"] == ['table "log"', 'table "old"', 'trigger "log"']
        for name in ("view", "trigger"):
            assert f'#   {{ name = "{name} \\"old\\"", reason = "" }}' in draft
        assert _judge(tmp_path, draft) == {("lost", "object"): 2}

    def test_a_trigger_on_a_view_of_both_files_is_named_for_itself(self, tmp_path: Path) -> None:
        trigger = "CREATE TRIGGER {} INSTEAD OF INSERT ON {} BEGIN SELECT 1; END"
        after = [trigger.format("tr", "v"), "CREATE VIEW w AS SELECT 1 AS a", trigger.format("on_w", "w")]

        draft = _draft(tmp_path, [_OLD, "CREATE VIEW v AS SELECT name FROM t"], after)

        assert tomllib.loads(draft)["changes"]["new"] == ["tr", "w"]
        assert _judge(tmp_path, draft) == {}


class TestNewTables:
    _CHAT = ("CREATE TABLE chat (id TEXT PRIMARY KEY, owner TEXT, log TEXT)",)

    def test_members_of_an_array_by_their_place(self, tmp_path: Path) -> None:
        rows = """INSERT INTO chat VALUES ('a', 'ada', '{"messages": [{"role": "u"}, {"role": "v"}]}'),
            ('b', 'bo', '{"messages": [{"role": "w"}, {"role": "x"}, {}]}'), ('c', 'cy', 'no json')"""
        after = [
            """CREATE TABLE message (
               chat_id TEXT, idx INTEGER, role TEXT NOT NULL, owner TEXT, PRIMARY KEY (chat_id, idx))""",
            """INSERT INTO message SELECT chat.id, m.key, m.value ->> '$.role', owner FROM chat,
               json_each(iif(json_valid(log), log, '{}'), '$.messages') AS m WHERE m.value ->> '$.role' IS NOT NULL""",
        ]

        draft = _draft(tmp_path, [*self._CHAT, rows], after)

        claim = tomllib.loads(draft)["rows"]["message"]
        assert claim["key"] == ["chat_id", "idx"]
        assert claim["columns"] == {"role": "member ->> '$.role'", "owner": "chat_owner"}
        assert "5 members: 4 with a row, 1 without one (missing)" in draft
        assert _judge(tmp_path, draft) == {("claim", "missing"): 1}
        rule = """# except = [{ where = "member ->> '$.role' IS NULL", reason = "" }]"""
        assert _judge(tmp_path, draft.replace(rule, rule.removeprefix("# "))) == {}

    def test_members_of_an_object_by_a_key_made_of_two(self, tmp_path: Path) -> None:
        rows = """INSERT INTO chat VALUES ('a', 'ada', '{"h": {"m": {"x": {"t": 1}, "y": {"t": 2}}}}'),
            ('b', 'bo', '{"h": {"m": {"x": {"t": 3}}}}')"""
        after = ["CREATE TABLE message (id TEXT PRIMARY KEY, t INTEGER)",
                 "INSERT INTO message VALUES ('a:x', 1), ('a:y', 2), ('b:x', 3), ('b:z', 4)"]  # fmt: skip

        draft = _draft(tmp_path, [*self._CHAT, rows], after)

        claim = tomllib.loads(draft)["rows"]["message"]
        assert "o.id || ':' || member.key AS id" in claim["from"]
        assert "json_each(o.log, '$.h.m')" in claim["from"]
        assert _judge(tmp_path, draft) == {("claim", "without evidence"): 1}

    def test_numbers_that_only_look_like_places_are_no_source(self, tmp_path: Path) -> None:
        rows = """INSERT INTO chat VALUES ('a', 'ada', '[{"r": 1}, {"r": 2}]'), ('b', 'bo', '[{"r": 3}, {"r": 4}]')"""
        after = ["CREATE TABLE tag (id INTEGER PRIMARY KEY, v TEXT)", "INSERT INTO tag VALUES (0, 'x'), (1, 'y')"]

        draft = _draft(tmp_path, [*self._CHAT, rows], after)

        assert "rows" not in tomllib.loads(draft)
        assert "# [rows.tag]\n" in draft
        assert _judge(tmp_path, draft) == {("new", "row"): 2}


class TestChanges:
    def test_what_is_only_new_is_admitted_by_its_name(self, tmp_path: Path) -> None:
        before = [_OLD, "INSERT INTO t (id) VALUES (1)"]
        after = ["CREATE TABLE u (id INTEGER PRIMARY KEY)", "CREATE INDEX of_u ON u (id)", "CREATE INDEX i ON t (name)",
                 "CREATE VIEW s AS SELECT 1", "INSERT INTO t (id) VALUES (2), (3)"]  # fmt: skip

        draft = _draft(tmp_path, before, after)

        assert tomllib.loads(draft)["changes"] == {"new": ["i", "u", "s"], "appended": ["t"]}
        assert _judge(tmp_path, draft) == {}

    def test_a_row_between_the_others_was_not_appended(self, tmp_path: Path) -> None:
        before = [_OLD, "INSERT INTO t (id) VALUES (1), (5)"]

        draft = _draft(tmp_path, before, ["INSERT INTO t (id) VALUES (3), (6)"])

        assert "appended" not in tomllib.loads(draft)["changes"]
        assert '# "t": 2 new: {"id":3}, {"id":6}; 1 of them behind the last row of before' in draft

    def test_what_is_declared_otherwise_waits_for_a_reason(self, tmp_path: Path) -> None:
        make_file(tmp_path / "before.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)")
        make_file(tmp_path / "after.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, v VARCHAR(9))")
        contract = tmp_path / "draft.toml"
        draft = draft_of(tmp_path / "before.db", tmp_path / "after.db")

        contract.write_text(draft.replace('name = ""\n', 'name = "x"\n', 1))
        with pytest.raises(ContractSyntaxError, match=r"changes\.redeclared\[1\]\.reason"):
            read_contract(contract)

        assert tomllib.loads(draft)["changes"]["redeclared"] == [{"name": "t.v", "reason": ""}]
        assert "TEXT → VARCHAR(9)" in draft
        assert _judge(tmp_path, draft) == {}

    def test_an_untouched_draft_is_refused_whatever_it_holds(self, tmp_path: Path) -> None:
        (tmp_path / "draft.toml").write_text(_draft(tmp_path, [_OLD], ["CREATE VIEW s AS SELECT 1"]))

        with pytest.raises(ContractSyntaxError, match="name: wanted a text, found an empty one"):
            read_contract(tmp_path / "draft.toml")

    _LOSSES: ClassVar = {
        "rows": ["DELETE FROM t WHERE id = 2"],
        "cells": ["UPDATE t SET name = 'other' WHERE id = 2"],
        "column": ["ALTER TABLE t DROP COLUMN name"],
        "table": ["DROP TABLE u"],
        "unique index": ["DROP INDEX i"],
        "unique index that is none any more": ["DROP INDEX i", "CREATE INDEX i ON t (ms)"],
        "trigger": ["DROP TRIGGER w"],
        "pragma": ["PRAGMA user_version = 9"],
        "rows, and new ones": ["DELETE FROM t WHERE id = 2", "INSERT INTO t (id) VALUES (9)"],
        "rows of a table with new columns": [
            "ALTER TABLE t ADD COLUMN m TEXT", "UPDATE t SET m = meta ->> '$.m'", "DELETE FROM t WHERE id = 2",
        ],
        "cells of a table with new columns": [
            "ALTER TABLE t ADD COLUMN m TEXT", "UPDATE t SET m = meta ->> '$.m', meta = '{}' WHERE id < 3",
        ],
    }  # fmt: skip

    @pytest.mark.parametrize("statements", _LOSSES.values(), ids=_LOSSES)
    def test_a_loss_is_a_comment_and_stays_a_finding(self, tmp_path: Path, statements: list[str]) -> None:
        before = [
            _OLD, "CREATE TABLE u (id INTEGER PRIMARY KEY, v TEXT)", "INSERT INTO u VALUES (1, 'v')",
            "CREATE UNIQUE INDEX i ON t (ms)", "CREATE TRIGGER w AFTER INSERT ON u BEGIN SELECT 1; END",
            """INSERT INTO t VALUES (1, '{"m": "a"}', 'n', 1), (2, '{"m": "b"}', 'o', 2), (3, '{"m": "c"}', 'p', 3)""",
        ]  # fmt: skip
        draft = _draft(tmp_path, before, statements)

        assert 'reason = ""' in "".join(line for line in draft.splitlines() if line.startswith("#"))
        assert not {"dropped", "rewritten", "deleted"} & set(tomllib.loads(draft)["changes"])
        plain, _ = compare_files(tmp_path / "before.db", tmp_path / "after.db")
        worst = {(each["change"], each["kind"]) for each in plain if each["change"] != "new"}
        found = _judge(tmp_path, draft)
        # A row that is gone is missing, where something is claimed of its table.
        assert all(each in found or (each == ("lost", "row") and found["claim", "missing"]) for each in worst)

    def test_a_line_taken_out_of_its_comment_admits_what_it_names(self, tmp_path: Path) -> None:
        before = [_OLD, "INSERT INTO t (id) VALUES (1)"]
        draft = _draft(tmp_path, before, ["ALTER TABLE t DROP COLUMN name", "UPDATE t SET ms = 5"])

        lines = draft.splitlines()
        at = next(number for number, line in enumerate(lines) if line.startswith("# dropped"))
        opened = "\n".join([*lines[:at], *(line.removeprefix("# ") for line in lines[at:])])

        assert _judge(tmp_path, opened) == {}


class TestNames:
    @pytest.mark.parametrize(
        "name",
        ['a"b', "a.b", "a]b", "a\nb = 1", "a#b", "a\\b", "'''", '"""', "日本", "a\u202eb", "order", "a'b",
         "x\x7fy", "é.*b", "*", "[changes]\ndropped", "PRAGMA user_version", " "],
    )  # fmt: skip
    def test_any_name_stays_a_name(self, tmp_path: Path, name: str) -> None:
        quoted = '"' + name.replace('"', '""') + '"'
        before = [
            f"CREATE TABLE {quoted} (id INTEGER PRIMARY KEY, {quoted} TEXT)",
            f"""INSERT INTO {quoted} VALUES (1, '{{"m": "x"}}'), (2, '{{"m": "y"}}')""",
        ]
        after = [f"ALTER TABLE {quoted} ADD COLUMN {_quoted(name + '+')} TEXT",
                 f"UPDATE {quoted} SET {_quoted(name + '+')} = {quoted} ->> '$.m'",
                 f"CREATE TABLE {_quoted(name + '2')} (id INTEGER PRIMARY KEY)",
                 f"INSERT INTO {quoted} (id) VALUES (3)"]  # fmt: skip

        draft = _draft(tmp_path, before, after)

        document: dict[str, Any] = tomllib.loads(draft)
        assert list(document["rows"]) == [name]
        assert list(document["rows"][name]["columns"]) == [f"{name}+"]
        expected = {("new", "column"): 1, ("new", "object"): 1, ("claim", "without evidence"): 1} if "*" in name else {}
        if not name.strip():
            expected = {("claim", "without evidence"): 1}
        assert _judge(tmp_path, draft) == expected

    def test_what_means_the_same_in_a_new_column_is_not_said_of_an_old_one_of_its_name(self, tmp_path: Path) -> None:
        before = ['CREATE TABLE "a.b" (id INTEGER PRIMARY KEY, c TEXT)',
                  'CREATE TABLE a (id INTEGER PRIMARY KEY, "b.d" TEXT)',
                  """INSERT INTO "a.b" VALUES (1, '{"x": [1]}'), (2, '{"x": [2]}')""",
                  """INSERT INTO a VALUES (1, '{"k": 1}')"""]  # fmt: skip
        after = ['ALTER TABLE "a.b" ADD COLUMN d TEXT', """UPDATE "a.b" SET d = c -> '$.x'""",
                 """UPDATE a SET "b.d" = '{"k":1}'"""]  # fmt: skip

        draft = _draft(tmp_path, before, after)

        assert tomllib.loads(draft)["changes"]["same"] == {'"a.b".d': "json"}
        assert _judge(tmp_path, draft)["changed", "cell"] == 1

    def test_a_member_whose_name_no_path_can_hold_is_left_out(self, tmp_path: Path) -> None:
        rows = """INSERT INTO t (id, meta) VALUES (1, '{"a\\"b": "x", "m": "x"}'), (2, '{"a\\"b": "y", "m": "y"}')"""

        draft = _draft(tmp_path, [_OLD, rows], ["ALTER TABLE t ADD COLUMN v", "UPDATE t SET v = meta ->> '$.m'"])

        assert _claims(draft) == {"v": "meta ->> '$.m'"}

    def test_keys_are_closed_where_that_is_asked_for(self, tmp_path: Path) -> None:
        before = ["CREATE TABLE k (mail TEXT PRIMARY KEY, v TEXT)", "INSERT INTO k VALUES ('ada@example.org', 'a')",
                  "CREATE TABLE alembic_version (version_num TEXT PRIMARY KEY)",
                  "INSERT INTO alembic_version VALUES ('secret')"]  # fmt: skip
        after = ["DELETE FROM k", "INSERT INTO k VALUES ('zed@example.org', 'z')"]

        assert "ada@example.org" in _draft(tmp_path, before, after)
        (tmp_path / "closed").mkdir()
        draft = _draft(tmp_path / "closed", before, after, redact=True)

        assert not {each for each in ("ada@", "zed@", "secret") if each in draft}


def test_a_ledger_is_offered_as_what_the_contract_applies_to(tmp_path: Path) -> None:
    before = [
        "CREATE TABLE alembic_version (version_num TEXT PRIMARY KEY)",
        "INSERT INTO alembic_version VALUES ('a1')",
    ]
    draft = _draft(tmp_path, before, ["UPDATE alembic_version SET version_num = 'b2'"])
    line = next(line for line in draft.splitlines() if line.startswith("# applies"))

    opened = draft.replace(line, line.removeprefix("# "))

    assert "'a1'" in line
    assert _judge(tmp_path, opened) == {("changed", "cell"): 1}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
