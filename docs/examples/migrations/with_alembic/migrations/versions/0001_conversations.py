"""Conversations, their messages, what is attached to these, and what they said before they were edited."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "conversations",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        # The one that answers now; each answer says in its details which one it came from.
        sa.Column("runtime", sa.String(64)),
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("conversation_id", sa.Integer, sa.ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
        sa.UniqueConstraint("conversation_id", "position", name="one_message_a_position"),
        sa.CheckConstraint("role IN ('user', 'assistant')", name="role_is_known"),
    )
    op.create_index("messages_by_conversation", "messages", ["conversation_id"])
    op.execute("CREATE UNIQUE INDEX one_message_a_request ON messages (json_extract(details, '$.request'))")
    op.create_table(
        "attachments",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("message_id", sa.Integer, sa.ForeignKey("messages.id", ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
    )
    op.create_table(
        "edits",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("message_id", sa.Integer, sa.ForeignKey("messages.id", ondelete="CASCADE"), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.execute(
        "CREATE TRIGGER edits_are_kept AFTER UPDATE OF body ON messages"
        " BEGIN INSERT INTO edits (message_id, body) VALUES (old.id, old.body); END"
    )
