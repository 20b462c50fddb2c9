"""The contract lets a migration in SQL pass, and stops rows, promises and order that a table made by hand has lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.migrations.conversations import CONVERSATIONS, ids
from support.migrations.examples import SQL, Example
from support.migrations.gated_project import GatedProject

pytestmark = pytest.mark.elsewhere

COPIED = "json_extract(details, '$.runtime') FROM messages;"


@pytest.fixture
def sql(project: Callable[[Example], GatedProject]) -> GatedProject:
    return project(SQL)


def test_the_migration_passes(sql: GatedProject) -> None:
    gated = sql.gate()

    assert (gated.code, gated.headline) == (0, "GO"), gated.output
    assert sql.ask("SELECT count(*), count(runtime) FROM messages") == [(6 * CONVERSATIONS, 2 * CONVERSATIONS)]
    assert sql.ask("SELECT count(*) FROM attachments") == [(3 * CONVERSATIONS,)]


def test_rows_that_a_join_leaves_out_are_named(sql: GatedProject) -> None:
    orphans = ids(1)[:1] + ids(2)[:1]
    sql.run("sqlite3", "chat.db", f"UPDATE messages SET conversation_id = 99 WHERE id IN ({orphans[0]}, {orphans[1]})")
    sql.change("migrate.sql", COPIED, f"{COPIED[:-1]} WHERE conversation_id IN (SELECT id FROM conversations);")

    gated = sql.gate()

    assert (gated.code, gated.headline) == (1, "NO-GO"), gated.output
    assert gated.keys("claim", "missing", "messages") == orphans


def test_elements_of_a_list_that_did_not_become_rows_are_named(sql: GatedProject) -> None:
    sql.change("migrate.sql", "'$.attachments') AS each;", "'$.attachments') AS each GROUP BY messages.id, each.value;")

    gated = sql.gate()

    assert (gated.code, gated.headline) == (1, "NO-GO"), gated.output
    assert len(gated.findings) == CONVERSATIONS
    assert {(each["kind"], each["table"]) for each in gated.findings} == {("missing", "attachments")}


def test_a_unique_that_the_table_made_anew_lacks_is_named(sql: GatedProject) -> None:
    sql.change("migrate.sql", ",\n    UNIQUE (conversation_id, position)")

    gated = sql.gate()

    assert (gated.code, gated.headline) == (1, "NO-GO"), gated.output
    assert [each["before"] for each in gated.findings] == ["unique ( conversation_id , position )"]


def test_another_clause_that_says_something_else_is_admitted_and_counted(sql: GatedProject) -> None:
    kept = "conversation_id INTEGER NOT NULL REFERENCES conversations"
    sql.change("migrate.sql", f"{kept} ON DELETE CASCADE", kept)

    gated = sql.gate()

    assert (gated.code, gated.headline) == (0, "GO"), gated.output
    assert "  2 redeclared: messages: " in gated.output


@pytest.mark.parametrize(
    ("declared", "left"),
    [(" CHECK (role IN ('user', 'assistant', 'tool'))", ""), ("body TEXT NOT NULL", "body TEXT")],
    ids=["CHECK", "NOT NULL"],
)
def test_a_clause_that_is_gone_is_not(sql: GatedProject, declared: str, left: str) -> None:
    sql.change("migrate.sql", declared, left)

    gated = sql.gate()

    assert (gated.code, gated.headline) == (1, "NO-GO"), gated.output
    assert [(each["change"], each["kind"], each["after"]) for each in gated.findings] == [
        ("lost", "constraint", "missing")
    ]


def test_columns_that_changed_places_are_named(sql: GatedProject) -> None:
    sql.change("migrate.sql", "position, role, body, details, json", "position, role, details, details, json")

    gated = sql.gate()

    assert (gated.code, gated.headline) == (1, "NO-GO"), gated.output
    assert gated.named("changed", "cell") == {("messages", "body")}
    assert gated.keys("changed", "cell", "messages") == ids(1, 2, 3, 4, 5, 6)


class TestAMigrationThatFailsOnTheWay:
    @pytest.fixture
    def failing(self, sql: GatedProject) -> GatedProject:
        """One message that the new table does not take."""
        sql.change("migrate.sql", "    runtime TEXT,\n", "    runtime TEXT CHECK (runtime <> 'runtime-1'),\n")
        return sql

    def test_leaves_everything_as_it_was_where_it_ends_at_once(self, failing: GatedProject) -> None:
        before = failing.database.read_bytes()

        gated = failing.gate()

        assert (gated.code, gated.headline) == (4, ""), gated.output
        assert failing.database.read_bytes() == before

    def test_empties_the_table_where_it_goes_on(self, failing: GatedProject) -> None:
        gated = failing.gate("sqlite3", "chat.db", ".read migrate.sql")

        assert gated.code == 4, gated.output
        assert failing.ask("SELECT count(*) FROM messages") == [(0,)]

    def test_is_found_out_where_nobody_asks_how_it_ended(self, failing: GatedProject) -> None:
        gated = failing.gate("sh", "-c", "sqlite3 chat.db '.read migrate.sql' || true")

        assert (gated.code, gated.headline) == (1, "NO-GO"), gated.output
        assert gated.keys("claim", "missing", "messages") == ids(1, 2, 3, 4, 5, 6)
