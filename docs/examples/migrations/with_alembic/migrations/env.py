"""What Alembic runs migrations in."""

from __future__ import annotations

from alembic import context
from database import engine

with engine.connect() as connection:
    # Batch mode drops the table that it has copied, and with enforced keys SQLite deletes whatever refers to its rows.
    connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
    connection.commit()
    context.configure(connection=connection, target_metadata=None, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
