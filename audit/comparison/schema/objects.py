"""The objects that a file declares, as its schema has them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import apsw
import orjson

from audit.comparison.files.tables import is_own, quote_identifier
from audit.sqlite.tokens import fold


@dataclass(frozen=True, slots=True)
class SchemaObject:
    """One row of ``sqlite_schema`` that somebody declared."""

    kind: str
    name: str
    table: str
    sql: str

    @property
    def key(self) -> str:
        """The object as the key of a difference."""
        return orjson.dumps({"type": self.kind, "name": self.name}).decode()


def read_objects(
    connection: apsw.Connection, database: str, left_out: Callable[[str], bool] = is_own
) -> dict[tuple[str, str], SchemaObject]:
    """The declared objects of an attached database, by kind and folded name, without those of names left out."""
    sql = f"SELECT type, name, tbl_name, sql FROM {quote_identifier(database)}.sqlite_schema WHERE sql IS NOT NULL"
    rows = connection.execute(f"{sql} ORDER BY type, name").fetchall()
    objects = (SchemaObject(str(kind), str(name), str(table), str(text)) for kind, name, table, text in rows)
    return {(item.kind, fold(item.name)): item for item in objects if not left_out(item.name)}
