"""The objects that a file declares, as its schema has them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import apsw

from audit.comparison.files.tables import is_own, quote_identifier
from audit.comparison.files.texts import codec_of, decode, to_json
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
        return to_json({"type": self.kind, "name": self.name}).decode()


def read_objects(
    connection: apsw.Connection, database: str, left_out: Callable[[str], bool] = is_own
) -> dict[tuple[str, str], SchemaObject]:
    """The declared objects of an attached database, by kind and folded name, without those of names left out."""
    schema = f"{quote_identifier(database)}.sqlite_schema"
    texts = ", ".join(f"CAST({each} AS BLOB)" for each in ("type", "name", "tbl_name", "sql"))
    rows = connection.execute(f"SELECT {texts} FROM {schema} WHERE sql IS NOT NULL ORDER BY type, name").fetchall()
    codec = codec_of(connection)
    objects = (SchemaObject(*(decode(text, codec) for text in row)) for row in rows)
    return {(item.kind, fold(item.name)): item for item in objects if not left_out(item.name)}
