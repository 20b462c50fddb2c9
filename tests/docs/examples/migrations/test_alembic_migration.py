"""The contract lets Alembic's migration pass, and stops what batch mode loses when a line of it is missing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from support.migrations.conversations import CONVERSATIONS, ids
from support.migrations.examples import ALEMBIC, Example
from support.migrations.gated_project import GatedProject, is_private

pytestmark = pytest.mark.elsewhere

PAGE = Path(__file__).resolve().parents[4] / "docs" / "migrations-in-ci.md"
REVISION = "migrations/versions/0002_message_runtime.py"
INDEX = """    op.execute("CREATE UNIQUE INDEX one_message_a_request ON messages (json_extract(details, '$.request'))")
"""
TRIGGER = """    op.execute(
        "CREATE TRIGGER edits_are_kept AFTER UPDATE OF body ON messages"
        " BEGIN INSERT INTO edits (message_id, body) VALUES (old.id, old.body); END"
    )
"""


@pytest.fixture
def alembic(project: Callable[[Example], GatedProject]) -> GatedProject:
    return project(ALEMBIC)


def test_the_migration_passes(alembic: GatedProject) -> None:
    gated = alembic.gate()

    assert (gated.code, gated.headline) == (0, "GO"), gated.output
    assert alembic.ask("SELECT count(*), count(runtime) FROM messages") == [(6 * CONVERSATIONS, 2 * CONVERSATIONS)]
    assert is_private(alembic.before)


def test_rows_that_enforced_foreign_keys_delete_are_named(alembic: GatedProject) -> None:
    alembic.change("migrations/env.py", '    connection.exec_driver_sql("PRAGMA foreign_keys = OFF")\n')

    gated = alembic.gate()

    assert (gated.code, gated.headline) == (1, "NO-GO"), gated.output
    assert len(gated.keys("lost", "row", "attachments")) == CONVERSATIONS
    assert len(gated.keys("lost", "row", "edits")) == CONVERSATIONS


@pytest.mark.parametrize(
    ("statement", "lost"),
    [
        (INDEX, {"type": "index", "name": "one_message_a_request"}),
        (TRIGGER, {"type": "trigger", "name": "edits_are_kept"}),
    ],
    ids=["unique index", "trigger"],
)
def test_what_batch_mode_does_not_make_again_is_named(
    alembic: GatedProject, statement: str, lost: dict[str, str]
) -> None:
    alembic.change(REVISION, statement)

    gated = alembic.gate()

    assert (gated.code, gated.headline) == (1, "NO-GO"), gated.output
    assert [json.loads(key) for _, key in gated.named("lost", "object")] == [lost]


def test_a_runtime_that_only_the_conversation_names_is_no_evidence(alembic: GatedProject) -> None:
    now = "(SELECT runtime FROM conversations WHERE conversations.id = conversation_id)"
    alembic.change(REVISION, "SET runtime = json_extract(details, '$.runtime')", f"SET runtime = {now}")

    gated = alembic.gate()

    assert (gated.code, gated.headline) == (1, "NO-GO"), gated.output
    assert gated.keys("claim", "contradicts", "messages") == ids(2)
    assert gated.keys("claim", "made up", "messages") == ids(1, 3, 4, 5)
    shown = re.findall(r"^```text\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert shown == ["".join(gated.output.splitlines(keepends=True)[:5])]


def test_a_contract_is_for_its_own_migration_alone(alembic: GatedProject) -> None:
    assert alembic.gate().code == 0
    alembic.before.unlink()

    gated = alembic.gate()

    assert gated.code == 2
    assert "applies: this contract is not for these two files" in gated.output
