"""Schema objects and pragmas: what counts as the same, and what does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.files.proof_files import differences, make_pair, run


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    return make_pair(tmp_path)


def rebuild(path: Path, definition: str, columns: str = "*") -> None:
    """Replace the table blocks by one of another definition with the same rows."""
    run(
        path,
        "PRAGMA foreign_keys = OFF",
        "PRAGMA legacy_alter_table = ON",
        "ALTER TABLE blocks RENAME TO old_blocks",
        definition,
        f"INSERT INTO blocks SELECT {columns} FROM old_blocks",
        "DROP TABLE old_blocks",
        "CREATE INDEX blocks_by_kind_role ON blocks(kind, role)",
    )


BLOCKS = (
    "CREATE TABLE blocks (block_id TEXT NOT NULL, content_hash TEXT NOT NULL,"
    " hash_algorithm TEXT NOT NULL DEFAULT 'sha256-canonical-json-v1', kind TEXT NOT NULL,"
    " role TEXT NOT NULL DEFAULT '', payload_json TEXT NOT NULL DEFAULT '{}',"
    " block_metadata_json TEXT NOT NULL DEFAULT '{}', first_seen_at_ms INTEGER NOT NULL,"
    " PRIMARY KEY (block_id, content_hash))"
)


class TestObjects:
    @pytest.mark.parametrize(
        ("statement", "key", "column"),
        [
            ("DROP INDEX turns_by_session", '{"type":"index","name":"turns_by_session"}', None),
            ("CREATE INDEX mine ON turns(turn_id)", '{"type":"index","name":"mine"}', None),
            ("CREATE TABLE mine (x)", '{"type":"table","name":"mine"}', None),
            ("CREATE VIEW mine AS SELECT 1", '{"type":"view","name":"mine"}', None),
            (
                "CREATE TRIGGER mine AFTER UPDATE ON turns BEGIN SELECT 1; END",
                '{"type":"trigger","name":"mine"}',
                None,
            ),
            ("ALTER TABLE turns ADD COLUMN extra TEXT", '{"type":"table","name":"turns"}', "extra"),
            (
                "ALTER TABLE blocks DROP COLUMN block_metadata_json",
                '{"type":"table","name":"blocks"}',
                "block_metadata_json",
            ),
        ],
    )
    def test_an_object_lost_or_undeclared_is_named(
        self, pair: tuple[Path, Path], statement: str, key: str, column: str | None
    ) -> None:
        run(pair[0], statement)
        (found,) = differences(*pair)
        assert (found["kind"], found["key"], found.get("column")) == ("schema", key, column)

    @pytest.mark.parametrize("kind", ["VIEW", "TRIGGER"])
    def test_a_view_or_trigger_is_compared_by_its_text(self, pair: tuple[Path, Path], kind: str) -> None:
        text = {"VIEW": "VIEW v AS SELECT {}", "TRIGGER": "TRIGGER v AFTER INSERT ON turns BEGIN SELECT {}; END"}[kind]
        run(pair[1], f"CREATE {text.format('1')}")
        run(pair[0], f"CREATE {text.format('2')}")
        (found,) = differences(*pair)
        assert found["key"] == f'{{"type":"{kind.lower()}","name":"v"}}'

    def test_an_index_over_other_columns_is_another_index(self, pair: tuple[Path, Path]) -> None:
        run(pair[0], "DROP INDEX turns_by_session", "CREATE INDEX turns_by_session ON turns(session_id)")
        (found,) = differences(*pair)
        assert found["found"] == "CREATE INDEX turns_by_session ON turns(session_id)"

    def test_blanks_case_and_quotes_make_no_difference(self, pair: tuple[Path, Path]) -> None:
        run(
            pair[0],
            "DROP INDEX turns_by_session",
            'CREATE INDEX "turns_by_session"\n on TURNS ([session_id],\t`updated_at_ms` desc) -- rebuilt',
        )
        assert differences(*pair) == []


class TestTables:
    @pytest.mark.parametrize(
        ("old", "new", "column", "found"),
        [
            ("kind TEXT NOT NULL", "kind TEXT", "kind", "TEXT"),
            ("kind TEXT NOT NULL", "kind BLOB NOT NULL", "kind", "BLOB NOT NULL"),
            ("role TEXT NOT NULL DEFAULT ''", "role TEXT NOT NULL", "role", "TEXT NOT NULL"),
            ("DEFAULT ''", "DEFAULT 'unknown'", "role", "TEXT NOT NULL DEFAULT 'unknown'"),
        ],
    )
    def test_a_column_declared_otherwise_is_named(
        self, pair: tuple[Path, Path], old: str, new: str, column: str, found: str
    ) -> None:
        rebuild(pair[0], BLOCKS.replace(old, new, 1))
        (difference,) = differences(*pair)
        assert (difference["table"], difference["column"], difference["found"]) == ("blocks", column, found)

    def test_a_primary_key_lost_by_a_rebuild_is_found(self, pair: tuple[Path, Path]) -> None:
        rebuild(pair[0], BLOCKS.replace(", PRIMARY KEY (block_id, content_hash)", ""))
        found = differences(*pair)
        assert [row["column"] for row in found] == ["block_id", "content_hash"]
        assert found[0]["expected"] == "TEXT NOT NULL PRIMARY KEY 1"

    @pytest.mark.parametrize(
        "clause", ["CHECK (kind <> 'x')", "UNIQUE (block_id)", "FOREIGN KEY (role) REFERENCES turns(turn_id)"]
    )
    def test_a_constraint_that_only_the_text_knows_is_found(self, pair: tuple[Path, Path], clause: str) -> None:
        rebuild(pair[1], BLOCKS[:-1] + f", {clause})")
        rebuild(pair[0], BLOCKS)
        (found,) = differences(*pair)
        assert (found["table"], found.get("column")) == ("blocks", None)
        assert clause.split(maxsplit=1)[0].lower() in found["expected"]

    def test_columns_in_another_order_are_found(self, pair: tuple[Path, Path]) -> None:
        rebuild(pair[0], BLOCKS)
        assert differences(*pair) == []
        first, second = "block_id TEXT NOT NULL", "content_hash TEXT NOT NULL"
        rest = "hash_algorithm, kind, role, payload_json, block_metadata_json, first_seen_at_ms"
        swapped = BLOCKS.replace(f"{first}, {second}", f"{second}, {first}")
        rebuild(pair[0], swapped, f"content_hash, block_id, {rest}")
        (found,) = differences(*pair)
        assert found["found"].startswith("content_hash, block_id, ")

    @pytest.mark.parametrize("option", ["WITHOUT ROWID", "STRICT"])
    def test_table_options_are_compared(self, pair: tuple[Path, Path], option: str) -> None:
        rebuild(pair[0], f"{BLOCKS} {option}")
        found = differences(*pair)
        assert option in {row["found"] for row in found}
        assert {row["table"] for row in found} == {"blocks"}


class TestPragmas:
    @pytest.mark.parametrize("pragma", ["user_version", "application_id"])
    def test_numbers_that_belong_to_the_program_stay(self, pair: tuple[Path, Path], pragma: str) -> None:
        run(pair[0], f"PRAGMA {pragma} = 7")
        assert differences(*pair) == [
            {"kind": "pragma", "key": f'{{"pragma":"{pragma}"}}', "expected": "0", "found": "7"}
        ]

    @pytest.mark.parametrize(
        "statements",
        [
            ("VACUUM",),
            ("REINDEX",),
            ("ANALYZE",),
            ("PRAGMA page_size = 8192", "VACUUM"),
            ("PRAGMA auto_vacuum = FULL", "VACUUM"),
            ("PRAGMA journal_mode = WAL",),
        ],
    )
    def test_what_a_file_may_differ_in_without_another_content(
        self, pair: tuple[Path, Path], statements: tuple[str, ...]
    ) -> None:
        run(pair[0], *statements)
        assert differences(*pair) == []
