"""Each message says which runtime wrote it, and roles may have longer names."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

TRIGGER = """
CREATE TRIGGER edits_are_kept AFTER UPDATE OF body ON chat_message
BEGIN INSERT INTO chat_edit (message_id, body) VALUES (old.id, old.body); END
"""


def fill_runtime(apps: Any, schema_editor: Any) -> None:
    """Take it from each message itself."""
    for message in apps.get_model("chat", "Message").objects.iterator():
        message.runtime = message.details.get("runtime", "")
        message.save(update_fields=["runtime"])


class Migration(migrations.Migration):
    """SQLite cannot change a column: Django makes the table anew, without the triggers that it does not know of."""

    dependencies = [("chat", "0001_initial")]
    operations = [
        migrations.AddField("message", "runtime", models.CharField(max_length=64, blank=True, default="")),
        migrations.RunPython(fill_runtime, migrations.RunPython.noop),
        migrations.AlterField("message", "role", models.CharField(max_length=32)),
        migrations.RunSQL(TRIGGER),
    ]
