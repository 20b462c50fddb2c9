"""Each message says which runtime wrote it, and tools may write some."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table anew, fill the new column, and make again what batch mode does not know of."""
    with op.batch_alter_table("messages") as messages:
        messages.add_column(sa.Column("runtime", sa.String(64)))
        messages.drop_constraint("role_is_known", type_="check")
        messages.create_check_constraint("role_is_known", "role IN ('user', 'assistant', 'tool')")
        messages.drop_index("messages_by_conversation")
        messages.create_index("messages_by_conversation", ["conversation_id", "runtime"])
    op.execute("UPDATE messages SET runtime = json_extract(details, '$.runtime')")
    op.execute("CREATE UNIQUE INDEX one_message_a_request ON messages (json_extract(details, '$.request'))")
    op.execute(
        "CREATE TRIGGER edits_are_kept AFTER UPDATE OF body ON messages"
        " BEGIN INSERT INTO edits (message_id, body) VALUES (old.id, old.body); END"
    )
