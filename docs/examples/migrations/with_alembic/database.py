"""The application's way to its database, which its migrations take as well."""

from __future__ import annotations

from typing import Any

from sqlalchemy import create_engine, event

engine = create_engine("sqlite:///chat.db")


@event.listens_for(engine, "connect")
def enforce_foreign_keys(connection: Any, _record: Any) -> None:
    """SQLite does so only for connections that ask for it."""
    connection.execute("PRAGMA foreign_keys = ON")
