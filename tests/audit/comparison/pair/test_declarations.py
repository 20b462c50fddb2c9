from __future__ import annotations

from pathlib import Path

import pytest

from support.files.pair_files import compare_statements, told

_PLAIN = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)"


def _statements(text: str) -> list[str]:
    """Each by itself; that a trigger holds others does not part it."""
    head, trigger, rest = text.partition("CREATE TRIGGER")
    return [*filter(None, head.split(";")), *([trigger + rest] if trigger else [])]


def _one(folder: Path, before: str, after: str) -> tuple[str, ...]:
    (finding,) = compare_statements(folder, before.split(";"), after.split(";"))[0]
    return finding["change"], finding["kind"], finding["column"], finding["before"], finding["after"]


@pytest.mark.parametrize(
    ("before", "after", "promise"),
    [
        ("CREATE TABLE t (a UNIQUE, b)", "CREATE TABLE t (a, b)", "unique ( a )"),
        ("CREATE TABLE t (a UNIQUE, b)", "CREATE TABLE t (a, b, UNIQUE (a, b))", "unique ( a )"),
        ("CREATE TABLE t (a, CHECK (a > 0))", "CREATE TABLE t (a)", "check ( a > 0 )"),
        ("CREATE TABLE t (a NOT NULL)", "CREATE TABLE t (a)", "NOT NULL"),
        ("CREATE TABLE t (a COLLATE NOCASE)", "CREATE TABLE t (a)", "collate nocase"),
        ('CREATE TABLE t ("Ä" COLLATE NOCASE)', 'CREATE TABLE t ("Ä")', "collate nocase"),
        ("CREATE TABLE t (a REFERENCES p (id))", "CREATE TABLE t (a)", "foreign key ( a ) references p ( id )"),
        ("CREATE TABLE t (a TEXT PRIMARY KEY)", "CREATE TABLE t (a TEXT)", "PRIMARY KEY (a)"),
        ("CREATE TABLE t (a TEXT) STRICT", "CREATE TABLE t (a TEXT)", "STRICT"),
        (
            "CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT)",
            "CREATE TABLE t (a INTEGER PRIMARY KEY)",
            "primary key autoincrement",
        ),
        (
            "CREATE TABLE t ('a' INTEGER PRIMARY KEY AUTOINCREMENT)",
            "CREATE TABLE t ('a' INTEGER PRIMARY KEY)",
            "primary key autoincrement",
        ),
        ("CREATE TABLE t ('a' COLLATE NOCASE)", "CREATE TABLE t ('a')", "collate nocase"),
        (
            "CREATE TABLE t (a, UNIQUE (a COLLATE NOCASE))",
            "CREATE TABLE t (a, UNIQUE (a COLLATE RTRIM))",
            "unique ( a collate nocase )",
        ),
        (
            "CREATE TABLE t (a, UNIQUE (a COLLATE NOCASE))",
            "CREATE TABLE t (a, UNIQUE (a))",
            "unique ( a collate nocase )",
        ),
        (
            "CREATE TABLE t ('a' NOT NULL ON CONFLICT IGNORE)",
            "CREATE TABLE t ('a' NOT NULL)",
            "not null on conflict ignore",
        ),
        ("CREATE TABLE t (prix_€ COLLATE NOCASE)", "CREATE TABLE t (prix_€)", "collate nocase"),
        ("CREATE TABLE t (a$1 COLLATE NOCASE)", "CREATE TABLE t (a$1)", "collate nocase"),
        ('CREATE TABLE t (")", b COLLATE NOCASE)', 'CREATE TABLE t (")", b)', "collate nocase"),
        ('CREATE TABLE t (")", b CHECK (b > 0))', 'CREATE TABLE t (")", b)', "check ( b > 0 )"),
        ('CREATE TABLE t (a DEFAULT "unique" UNIQUE)', 'CREATE TABLE t (a DEFAULT "unique")', "unique ( a )"),
        ('CREATE TABLE t (a DEFAULT "check" COLLATE NOCASE)', 'CREATE TABLE t (a DEFAULT "check")', "collate nocase"),
        (
            "CREATE TABLE t (a DEFAULT generated COLLATE NOCASE)",
            "CREATE TABLE t (a DEFAULT generated)",
            "collate nocase",
        ),
        ('CREATE TABLE t ("constraint" COLLATE NOCASE)', 'CREATE TABLE t ("constraint")', "collate nocase"),
        ('CREATE TABLE t (a, "check" COLLATE NOCASE)', 'CREATE TABLE t (a, "check")', "collate nocase"),
        (
            'CREATE TABLE t (a, "primary" "key" COLLATE NOCASE)',
            'CREATE TABLE t (a, "primary" "key")',
            "collate nocase",
        ),
    ],
)
def test_a_promise_that_is_gone_is_lost(tmp_path: Path, before: str, after: str, promise: str) -> None:
    change, kind, _, was, _ = _one(tmp_path, before, after)

    assert (change, kind, was) == ("lost", "constraint", promise)


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("CREATE TABLE t (a TEXT)", "CREATE TABLE t (a VARCHAR(9))", "declaration"),
        ("CREATE TABLE t (a)", "CREATE TABLE t (a NOT NULL)", "declaration"),
        ("CREATE TABLE t (a DEFAULT 'x')", "CREATE TABLE t (a DEFAULT 'X')", "declaration"),
        ("CREATE TABLE t (a DEFAULT Abc)", "CREATE TABLE t (a DEFAULT ABC)", "declaration"),
        ("CREATE TABLE t (a DEFAULT [Abc])", "CREATE TABLE t (a DEFAULT [ABC])", "declaration"),
        ("CREATE TABLE t (a DEFAULT `Abc`)", "CREATE TABLE t (a DEFAULT 'ABC')", "declaration"),
        ("CREATE TABLE t (a DEFAULT NULL)", 'CREATE TABLE t (a DEFAULT "NULL")', "declaration"),
        ("CREATE TABLE t (a DEFAULT true)", "CREATE TABLE t (a DEFAULT 'true')", "declaration"),
        ("CREATE TABLE t (a DEFAULT ('x' || 'y'))", "CREATE TABLE t (a DEFAULT ('x' || 'Y'))", "declaration"),
        ("CREATE TABLE t (a, b AS (a + 1))", "CREATE TABLE t (a, b AS (a + 2))", "constraint"),
        (
            "CREATE TABLE t (virtual, always, b AS (virtual + 1))",
            "CREATE TABLE t (virtual, always, b AS (always + 1))",
            "constraint",
        ),
        ("CREATE TABLE t (a, CHECK (a > 0))", "CREATE TABLE t (a, CHECK (a > 1))", "constraint"),
        ("CREATE TABLE t (a)", "CREATE TABLE t (a UNIQUE)", "constraint"),
        ('CREATE TABLE t (a CHECK (a <> "Open"))', 'CREATE TABLE t (a CHECK (a <> "open"))', "constraint"),
        ('CREATE TABLE t (a CHECK (a <> "null"))', "CREATE TABLE t (a CHECK (a <> null))", "constraint"),
        (
            'CREATE TABLE o (active);CREATE TABLE t (a CHECK (a = "Active"))',
            'CREATE TABLE o (active);CREATE TABLE t (a CHECK (a = "ACTIVE"))',
            "constraint",
        ),
        ("CREATE TABLE t (a, 'g' AS (a + 1))", "CREATE TABLE t (a, 'g' AS (a + 2))", "constraint"),
        ("CREATE TABLE t (a, prix_€ AS (a * 2))", "CREATE TABLE t (a, prix_€ AS (a * 3))", "constraint"),
        (f'{_PLAIN};CREATE VIEW v AS SELECT "5" FROM t', f"{_PLAIN};CREATE VIEW v AS SELECT 5 FROM t", "declaration"),
        (f'{_PLAIN};CREATE VIEW v AS SELECT "*" FROM t', f"{_PLAIN};CREATE VIEW v AS SELECT * FROM t", "declaration"),
        (
            "CREATE TABLE t (x);CREATE VIEW v AS SELECT x'41' FROM t",
            "CREATE TABLE t (x);CREATE VIEW v AS SELECT x '41' FROM t",
            "declaration",
        ),
        (
            f'{_PLAIN};CREATE VIEW v AS SELECT CASE a WHEN 1 THEN "Yes" ELSE "yes" END AS yes FROM t',
            f'{_PLAIN};CREATE VIEW v AS SELECT CASE a WHEN 1 THEN "yes" ELSE "Yes" END AS yes FROM t',
            "declaration",
        ),
        (
            f"{_PLAIN};CREATE VIEW v AS SELECT t.a FROM t LEFT JOIN t AS u",
            f'{_PLAIN};CREATE VIEW v AS SELECT t.a FROM t "left" JOIN t AS u',
            "declaration",
        ),
        ('CREATE VIEW v AS SELECT "Open" AS a', 'CREATE VIEW v AS SELECT "open" AS a', "declaration"),
        ("CREATE TABLE t (a COLLATE NOCASE)", "CREATE TABLE t (a COLLATE RTRIM)", "constraint"),
        ("CREATE TABLE t (a UNIQUE)", "CREATE TABLE t (a);CREATE UNIQUE INDEX u ON t (a)", "constraint"),
        ("CREATE TABLE t (a, b)", "CREATE TABLE t (b, a)", "order"),
        (
            "CREATE TABLE t (a INT NOT NULL PRIMARY KEY)",
            "CREATE TABLE t (a INT NOT NULL PRIMARY KEY) WITHOUT ROWID",
            "declaration",
        ),
        ("CREATE VIEW v AS SELECT 1", "CREATE VIEW v AS SELECT 2", "declaration"),
        (f"{_PLAIN};CREATE INDEX i ON t (a)", f"{_PLAIN};CREATE INDEX i ON t (a DESC)", "declaration"),
        (_PLAIN, f"{_PLAIN};PRAGMA user_version = 7", "pragma"),
        (_PLAIN, f"{_PLAIN};PRAGMA application_id = 7", "pragma"),
        (_PLAIN, f"PRAGMA encoding = 'UTF-16le';{_PLAIN}", "pragma"),
    ],
)
def test_what_says_something_else_has_changed(tmp_path: Path, before: str, after: str, kind: str) -> None:
    findings, _ = compare_statements(tmp_path, _statements(before), _statements(after))

    changed = [(each["change"], each["kind"]) for each in findings if each["change"] != "new"]
    assert changed == [("changed", kind)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('CREATE TABLE "t" ("a" text not null)', "CREATE TABLE T\n(A  TEXT NOT NULL)"),
        ("CREATE TABLE t (a UNIQUE)", "CREATE TABLE t (a, UNIQUE (a))"),
        ('CREATE TABLE t (a CHECK ("A" > 0))', 'CREATE TABLE t (a CHECK ("a" > 0))'),
        ('CREATE TABLE t (a CONSTRAINT "One" CHECK (a > 0))', 'CREATE TABLE t (a CONSTRAINT "one" CHECK (a > 0))'),
        ("CREATE TABLE t (a, CONSTRAINT one CHECK (a > 0))", "CREATE TABLE t (a CHECK (a>0))"),
        ("CREATE TABLE t (a NULL)", "CREATE TABLE t (a)"),
        ("CREATE TABLE t (a DEFAULT Abc)", "CREATE TABLE t (a DEFAULT 'Abc')"),
        ("CREATE TABLE t (a DEFAULT [it's])", "CREATE TABLE t (a DEFAULT 'it''s')"),
        ('CREATE TABLE t (a DEFAULT "NULL")', "CREATE TABLE t (a DEFAULT 'NULL')"),
        ("CREATE TABLE t (a DEFAULT NULL)", "CREATE TABLE t (a DEFAULT Null)"),
        ("CREATE TABLE t (a DEFAULT TRUE, b DEFAULT (1+1))", "CREATE TABLE t (a DEFAULT true, b DEFAULT (1 + 1))"),
        ("CREATE TABLE t (a DEFAULT CURRENT_TIMESTAMP)", "CREATE TABLE t (a DEFAULT (current_timestamp))"),
        ("CREATE TABLE t (a DEFAULT 1E3)", "CREATE TABLE t (a DEFAULT 1e3)"),
        ("CREATE TABLE t (a, b AS (a + 1))", "CREATE TABLE t (a, b GENERATED ALWAYS AS (a+1) VIRTUAL)"),
        ("CREATE TABLE t (a COLLATE BINARY)", "CREATE TABLE t (a)"),
        ("CREATE TABLE t (a INTEGER PRIMARY KEY)", "CREATE TABLE t (a INTEGER, PRIMARY KEY (a))"),
        (f"{_PLAIN};CREATE VIEW v AS SELECT a FROM t", f"{_PLAIN};create view V as select A\nfrom [t]"),
        ("CREATE TABLE t (a varchar(9))", "CREATE TABLE t (a VARCHAR (9))"),
        ("CREATE TABLE t ('a' TEXT UNIQUE)", "CREATE TABLE t (a TEXT UNIQUE)"),
        (
            "CREATE TABLE t (a, UNIQUE ('a'), FOREIGN KEY ([a]) REFERENCES 'p'('Id'))",
            "CREATE TABLE t (a REFERENCES P (id) UNIQUE)",
        ),
        ("CREATE TABLE t (a);CREATE INDEX 'i' ON 't'('a')", "CREATE TABLE t (a);CREATE INDEX i ON t(a)"),
        ("CREATE TABLE t (prix_€ COLLATE NOCASE)", 'CREATE TABLE t ("prix_€" COLLATE NOCASE)'),
        ("CREATE TABLE t (key, CHECK (key > 0))", 'CREATE TABLE t ("Key", CHECK ("KEY" > 0))'),
        ("CREATE TABLE t (a UNIQUE ON CONFLICT ABORT)", "CREATE TABLE t (a UNIQUE)"),
        (
            "CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT)",
            "CREATE TABLE t (a INTEGER, PRIMARY KEY(a AUTOINCREMENT))",
        ),
        (
            "CREATE TABLE t (a TEXT PRIMARY KEY ON CONFLICT REPLACE)",
            "CREATE TABLE t (a TEXT, PRIMARY KEY (a) ON CONFLICT REPLACE)",
        ),
        (
            f'{_PLAIN};CREATE VIEW v AS SELECT "A" AS "Total" FROM t ORDER BY "Total"',
            f"{_PLAIN};CREATE VIEW v AS SELECT a AS total FROM 't' ORDER BY total",
        ),
        (
            f"{_PLAIN};CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET a = 'x' WHERE a = NEW.a; END",
            f"{_PLAIN};CREATE TRIGGER 'g' AFTER INSERT ON 't' BEGIN UPDATE [T] SET 'a' = 'x' WHERE `A` = NEW.'A'; END",
        ),
    ],
)
def test_declarations_that_mean_the_same_are_no_difference(tmp_path: Path, before: str, after: str) -> None:
    assert compare_statements(tmp_path, _statements(before), _statements(after))[0] == []


class TestUnique:
    """A UNIQUE is lost where nothing keeps apart any more what it kept apart."""

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("a, b, UNIQUE (a COLLATE NOCASE)", "CREATE UNIQUE INDEX u ON t (a)"),
            ("a COLLATE NOCASE, b, UNIQUE (a)", "CREATE UNIQUE INDEX u ON t (a COLLATE BINARY)"),
            ("a COLLATE NOCASE, b, UNIQUE (a)", "CREATE UNIQUE INDEX u ON t (a COLLATE RTRIM)"),
            ("a UNIQUE, b", "CREATE UNIQUE INDEX u ON t (a, b)"),
            ("a UNIQUE, b", "CREATE UNIQUE INDEX u ON t (a) WHERE a > 0"),
            ("a UNIQUE, b", "CREATE UNIQUE INDEX u ON t (lower(a))"),
            ("a UNIQUE, b", "CREATE INDEX u ON t (a)"),
        ],
    )
    def test_an_index_that_keeps_less_apart_does_not_stand_for_it(
        self, tmp_path: Path, before: str, after: str
    ) -> None:
        without = before.removesuffix(", UNIQUE (a COLLATE NOCASE)").removesuffix(", UNIQUE (a)").replace(" UNIQUE", "")
        tables = [f"CREATE TABLE t ({before})"], [f"CREATE TABLE t ({without})", after]
        findings, _ = compare_statements(tmp_path, *tables)

        assert [each[:2] for each in told(findings)] == [("new", "object"), ("lost", "constraint")]

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("a, b, UNIQUE (a COLLATE NOCASE)", "CREATE UNIQUE INDEX u ON t (a COLLATE nocase)"),
            ("a, b, UNIQUE (a, b)", "CREATE UNIQUE INDEX u ON t (b)"),
            ("a, b, UNIQUE (a, b)", "CREATE UNIQUE INDEX u ON t (b COLLATE NOCASE, 'a')"),
            ("a, b, UNIQUE (a)", "CREATE UNIQUE INDEX u ON t (a COLLATE NOCASE)"),
        ],
    )
    def test_an_index_that_keeps_as_much_or_more_apart_has_changed_the_table(
        self, tmp_path: Path, before: str, after: str
    ) -> None:
        tables = [f"CREATE TABLE t ({before})"], ["CREATE TABLE t (a, b)", after]
        findings, _ = compare_statements(tmp_path, *tables)

        assert [each[:2] for each in told(findings)] == [("new", "object"), ("changed", "constraint")]

    def test_a_row_number_keeps_apart_under_any_collation(self, tmp_path: Path) -> None:
        tables = ["CREATE TABLE t (a INTEGER UNIQUE COLLATE NOCASE)"], ["CREATE TABLE t (a INTEGER PRIMARY KEY)"]
        findings, _ = compare_statements(tmp_path, *tables)

        lost = [each["before"] for each in findings if each["change"] == "lost"]
        assert lost == ["collate nocase"]


def test_a_column_that_alter_put_last_is_no_difference_to_one_that_stands_there(tmp_path: Path) -> None:
    after = "CREATE TABLE t (id INTEGER PRIMARY KEY, b, a TEXT)"
    findings, _ = compare_statements(tmp_path, [_PLAIN], [after])

    assert told(findings) == [("new", "column", "t", "", "b")]


def test_objects_are_lost_and_new_by_kind(tmp_path: Path) -> None:
    trigger = "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END"
    before = [_PLAIN, "CREATE INDEX i ON t (a)", trigger, "CREATE TABLE gone (x)", "INSERT INTO gone VALUES (1)"]
    after = [_PLAIN, "CREATE VIEW i AS SELECT 1", "CREATE TABLE came (x)", "INSERT INTO came VALUES (1)"]
    findings, _ = compare_statements(tmp_path, before, after)

    assert sorted(told(findings)) == [
        ("lost", "object", "gone", '{"type":"table","name":"gone"}', ""),
        ("lost", "object", "t", '{"type":"index","name":"i"}', ""),
        ("lost", "object", "t", '{"type":"trigger","name":"g"}', ""),
        ("lost", "row", "gone", '{"rowid":1}', ""),
        ("new", "object", "came", '{"type":"table","name":"came"}', ""),
        ("new", "object", "i", '{"type":"view","name":"i"}', ""),
        ("new", "row", "came", '{"rowid":1}', ""),
    ]


def test_a_table_that_became_a_view_is_lost(tmp_path: Path) -> None:
    findings, _ = compare_statements(tmp_path, [_PLAIN], ["CREATE VIEW t AS SELECT 1 AS id"])

    assert [each[:2] for each in told(findings)] == [("lost", "object"), ("new", "object")]


def test_of_a_column_that_is_gone_it_is_said_how_many_rows_had_a_value(tmp_path: Path) -> None:
    before = [_PLAIN, "INSERT INTO t VALUES (1, 'x'), (2, NULL)"]
    after = ["CREATE TABLE t (id INTEGER PRIMARY KEY)", "INSERT INTO t VALUES (1), (2)"]
    change, kind, column, was, _ = _one(tmp_path, ";".join(before), ";".join(after))

    assert (change, kind, column, was) == ("lost", "column", "a", "TEXT, filled in 1 of 2 rows")


class TestAsides:
    _NOTES = (
        "CREATE TABLE notes (id INTEGER PRIMARY KEY AUTOINCREMENT, body)",
        "CREATE VIRTUAL TABLE find USING fts5 (body, content = notes, content_rowid = id)",
        "INSERT INTO notes (body) VALUES ('one two'), ('three')",
    )

    def test_index_statistics_and_sequences_are_a_line_each_and_no_finding(self, tmp_path: Path) -> None:
        after = [
            *self._NOTES,
            "INSERT INTO find (find) VALUES ('rebuild')",
            "CREATE INDEX i ON notes (body)",
            "ANALYZE",
            "DROP INDEX i",
            "UPDATE sqlite_sequence SET seq = 9",
        ]
        findings, summary = compare_statements(tmp_path, self._NOTES, after)

        assert findings == []
        names = [each.name for each in summary.asides]
        assert names == ["find", "sqlite_sequence", "sqlite_stat1"] or names[:2] == ["find", "sqlite_sequence"]

    def test_what_a_search_alone_holds_is_compared_like_any_rows(self, tmp_path: Path) -> None:
        """There is no other place of these texts."""
        before = ["CREATE VIRTUAL TABLE find USING fts5 (body)", "INSERT INTO find VALUES ('one'), ('two')"]
        findings, _ = compare_statements(tmp_path, before, [*before, "DELETE FROM find WHERE body = 'one'"])

        assert told(findings) == [("lost", "row", "find_content", '{"id":1}', "")]

    def test_a_table_of_such_a_name_without_a_search_is_compared(self, tmp_path: Path) -> None:
        before = ["CREATE TABLE find_data (id INTEGER PRIMARY KEY)", "INSERT INTO find_data VALUES (1)"]
        findings, summary = compare_statements(tmp_path, before, [*before, "DELETE FROM find_data"])

        assert told(findings) == [("lost", "row", "find_data", '{"id":1}', "")]
        assert summary.asides == ()
