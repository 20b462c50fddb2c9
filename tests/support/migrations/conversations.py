"""The conversations that the examples for migrations are tried on."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

CONVERSATIONS = 12


def write_conversations(path: Path, table: str) -> None:
    """Fill a first version: runtimes were switched since, and of some answers nobody knows theirs."""
    names = {noun: table.format(noun) for noun in ("conversation", "message", "attachment")}
    with closing(sqlite3.connect(path)) as connection, connection:
        for number in range(1, CONVERSATIONS + 1):
            connection.execute(
                f"INSERT INTO {names['conversation']} (id, title, runtime) VALUES (?, ?, ?)",
                (number, f"conversation {number}", f"runtime-{number % 3}"),
            )
        for number, (conversation, position, details) in enumerate(messages(), 1):
            role = "assistant" if details else "user"
            connection.execute(
                f"INSERT INTO {names['message']} (id, conversation_id, position, role, body, details)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (number, conversation, position, role, f"text {number}", json.dumps(details)),
            )
        if names["attachment"] in {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}:
            connection.execute(
                f"INSERT INTO {names['attachment']} (message_id, name)"
                f" SELECT id, 'file ' || id FROM {names['message']} WHERE position = 1"
            )
        # The trigger of each example keeps what these said before.
        connection.execute(f"UPDATE {names['message']} SET body = body || ', edited' WHERE position = 3")


def messages() -> Iterator[tuple[int, int, dict[str, object]]]:
    """Conversation, position and details: answers are at 2, 4 and 6, of which the second one names no runtime."""
    for conversation in range(1, CONVERSATIONS + 1):
        request = conversation * 10
        yield conversation, 1, {}
        yield conversation, 2, {"request": request, "runtime": f"runtime-{(conversation + 1) % 3}"}
        yield conversation, 3, {}
        yield conversation, 4, {"request": request + 1, "attachments": ["one", "two", "one"]}
        yield conversation, 5, {}
        yield conversation, 6, {"request": request + 2, "runtime": f"runtime-{conversation % 3}"}


def ids(*positions: int) -> list[int]:
    """The ids of the messages at these positions of every conversation."""
    return [number for number, (_, position, _) in enumerate(messages(), 1) if position in positions]
