"""Contracts as TOML: strict, so that what was misspelt is not silently left out of the proof."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from audit.contract.contract import Changes, Contract, DeletedRows, Exempted, Meaning, NamedChange, RowsClaim
from audit.contract.errors import ContractError, ContractSyntaxError
from audit.files.regular_file import read_bounded
from audit.files.text_encoding import TextEncodingError, decode_text
from audit.files.toml_table import TomlTable
from audit.sqlite.tokens import fold

LIMIT_BYTES = 1 << 20


def read_contract(path: Path) -> Contract:
    r"""Read a contract and check its form.

    Raises
    ------
    ContractError
        It is not there, cannot be read or is too large.
    ContractSyntaxError
        It is no TOML (with the line), has an unknown key, or a value of the wrong kind.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "contract.toml"
    ...     _ = file.write_text('[rows.turns]\nfilled = ["runtime_key"]\n')
    ...     read_contract(file).rows[0].filled
    ('runtime_key',)
    """
    return parse_content(path, contract_content(path))


def contract_content(path: Path) -> bytes:
    """The bytes of a contract.

    Raises
    ------
    ContractError
        It is not there, cannot be read or is too large.
    """
    try:
        return read_bounded(path, LIMIT_BYTES)
    except OSError as error:
        raise ContractError(path, "", f"cannot be read: {error.strerror or error}") from error


def parse_content(path: Path, content: bytes) -> Contract:
    """A contract out of its bytes; ``path`` is for messages.

    Raises
    ------
    ContractSyntaxError
        It is no TOML (with the line), has an unknown key, or a value of the wrong kind.
    """
    try:
        document = tomllib.loads(decode_text(content))
    except TextEncodingError as error:
        raise ContractSyntaxError(path, "", str(error)) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ContractSyntaxError(path, "", f"not TOML: {error}") from error
    return parse_contract(path, document, hashlib.sha256(content).hexdigest())


def parse_contract(path: Path, document: Mapping[str, Any], sha256: str) -> Contract:
    """A contract out of what TOML made of its text; ``path`` is for messages.

    Raises
    ------
    ContractSyntaxError
        It has an unknown key, or a value of the wrong kind.
    """
    root = TomlTable(partial(ContractSyntaxError, path), "", document)
    rows, defaults = root.table("rows"), root.table("defaults")
    for names in (rows, defaults):
        _refuse_repeated(names)
    contract = Contract(
        root.filled_text("name") if root.has("name") else root.text("name"),
        root.text("about"),
        root.text("applies"),
        tuple(_rows(name, rows.table(name)) for name in rows.names()),
        _changes(root.table("changes")),
        {name: defaults.text(name) for name in defaults.names()},
        sha256,
    )
    root.refuse_the_rest()
    return contract


def _rows(name: str, table: TomlTable) -> RowsClaim:
    columns, unknown = table.table("columns"), table.table("unknown")
    for names in (columns, unknown):
        _refuse_repeated(names)
    claim = RowsClaim(
        name,
        table.one_or_more_texts("key"),
        table.text("from"),
        tuple(map(_exempted, table.tables("except"))),
        {left: columns.filled_text(left) for left in columns.names()},
        table.texts("filled"),
        {column: unknown.values(column) for column in unknown.names()},
    )
    table.refuse_the_rest()
    return claim


def _refuse_repeated(table: TomlTable) -> None:
    """Names that SQLite takes for one: the second would stand in for the first."""
    known: dict[str, str] = {}
    for name in table.names():
        if (other := known.setdefault(fold(name), name)) != name:
            raise table.error(name, f"it is the same name as {other}: say all of it in one place")


def _exempted(table: TomlTable) -> Exempted:
    found = Exempted(table.filled_text("where"), table.filled_text("reason"))
    table.refuse_the_rest()
    return found


def _changes(table: TomlTable) -> Changes:
    same = table.table("same")
    _refuse_repeated(same)
    changes = Changes(
        table.texts("new"),
        _exact(table, "appended"),
        tuple(_named(each, "constraint") for each in table.tables("dropped")),
        tuple(_named(each, "as") for each in table.tables("redeclared")),
        tuple(_named(each) for each in table.tables("rewritten")),
        tuple(map(_deleted, table.tables("deleted"))),
        {name: _meaning(same, name) for name in same.names()},
    )
    table.refuse_the_rest()
    return changes


def _exact(table: TomlTable, key: str) -> tuple[str, ...]:
    names = table.texts(key)
    for name in names:
        if "*" in name:
            raise table.error(key, f"{name!r}: wanted a name, found a pattern: only what is new may be named by one")
    return names


def _named(table: TomlTable, more: str = "") -> NamedChange:
    """A named change; ``more`` is what it may say besides its reason."""
    name = table.filled_text("name")
    if "*" in name:
        raise table.error("name", f"{name!r}: wanted a name, found a pattern: only what is new may be named by one")
    said = {key: table.filled_text(key) if table.has(key) else table.text(key) for key in (more,) if more}
    found = NamedChange(name, table.filled_text("reason"), said.get("constraint", ""), said.get("as", ""))
    table.refuse_the_rest()
    return found


def _deleted(table: TomlTable) -> DeletedRows:
    found = DeletedRows(table.filled_text("table"), Exempted(table.filled_text("where"), table.filled_text("reason")))
    table.refuse_the_rest()
    return found


def _meaning(table: TomlTable, name: str) -> Meaning:
    text = table.text(name)
    if text not in set(Meaning):
        raise table.error(name, f"{text!r}: wanted one of {', '.join(Meaning)}")
    return Meaning(text)
