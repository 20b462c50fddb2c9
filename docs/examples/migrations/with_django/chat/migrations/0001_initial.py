"""The tables, and a trigger that keeps what edited messages said before."""

from __future__ import annotations

from django.db import migrations, models

TRIGGER = """
CREATE TRIGGER edits_are_kept AFTER UPDATE OF body ON chat_message
BEGIN INSERT INTO chat_edit (message_id, body) VALUES (old.id, old.body); END
"""
ID = ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))


class Migration(migrations.Migration):
    """As the models were."""

    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            "Conversation",
            [ID, ("title", models.TextField()), ("runtime", models.CharField(max_length=64, blank=True, default=""))],
        ),
        migrations.CreateModel(
            "Message",
            [
                ID,
                ("position", models.IntegerField()),
                ("role", models.CharField(max_length=16)),
                ("body", models.TextField()),
                ("details", models.JSONField()),
                ("conversation", models.ForeignKey("chat.conversation", models.CASCADE)),
            ],
        ),
        migrations.AddConstraint(
            "message", models.UniqueConstraint(fields=["conversation", "position"], name="one_message_a_position")
        ),
        migrations.CreateModel(
            "Attachment",
            [ID, ("name", models.TextField()), ("message", models.ForeignKey("chat.message", models.CASCADE))],
        ),
        migrations.CreateModel(
            "Edit",
            [ID, ("body", models.TextField()), ("message", models.ForeignKey("chat.message", models.CASCADE))],
        ),
        migrations.RunSQL(TRIGGER),
    ]
