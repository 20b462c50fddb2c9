"""The contract lets Django's migration pass, and stops wrong values and what a table made anew has lost."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from support.migrations.conversations import CONVERSATIONS, ids
from support.migrations.examples import DJANGO, Example
from support.migrations.gated_project import GatedProject

pytestmark = pytest.mark.elsewhere

REVISION = "chat/migrations/0002_message_runtime.py"
FILLED = 'message.runtime = message.details.get("runtime", "")'


@pytest.fixture
def django(project: Callable[[Example], GatedProject]) -> GatedProject:
    pytest.importorskip("django", reason="Django is not here: make test-migrations makes an environment that has it")
    return project(DJANGO)


def test_the_migration_passes(django: GatedProject) -> None:
    gated = django.gate()

    assert (gated.code, gated.headline) == (0, "GO"), gated.output
    assert django.ask("SELECT count(*) FROM chat_message") == [(6 * CONVERSATIONS,)]
    assert django.ask("SELECT count(*) FROM chat_message WHERE runtime <> ''") == [(2 * CONVERSATIONS,)]


def test_the_models_are_what_is_migrated_to(django: GatedProject) -> None:
    ran = django.run("python", "manage.py", "makemigrations", "--check", "--dry-run")

    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_runtime_that_only_the_conversation_names_is_no_evidence(django: GatedProject) -> None:
    django.change(REVISION, FILLED, "message.runtime = message.conversation.runtime")

    gated = django.gate()

    assert (gated.code, gated.headline) == (1, "NO-GO"), gated.output
    assert gated.keys("claim", "contradicts", "chat_message") == ids(2)
    assert gated.keys("claim", "made up", "chat_message") == ids(1, 3, 4, 5)


def test_messages_that_were_passed_over_are_named(django: GatedProject) -> None:
    django.change(REVISION, ".objects.iterator()", ".objects.order_by('id')[:60]")

    gated = django.gate()

    assert (gated.code, gated.headline) == (1, "NO-GO"), gated.output
    assert gated.keys("claim", "not filled", "chat_message") == [each for each in ids(2, 6) if each > 60]


def test_a_trigger_that_the_table_made_anew_lacks_is_named(django: GatedProject) -> None:
    django.change(REVISION, "        migrations.RunSQL(TRIGGER),\n")

    gated = django.gate()

    assert (gated.code, gated.headline) == (1, "NO-GO"), gated.output
    assert [json.loads(key)["name"] for _, key in gated.named("lost", "object")] == ["edits_are_kept"]
