"""What Parquet files say: ``python -m audit.certificates.parquet_hash PATH COLUMN,... PATH COLUMN,... ...``.

Prints for each file a line of JSON: the number of rows, and the sum modulo 2^256 of the SHA-256 of all rows as compact
JSON arrays of these columns, which is the same for any order of the rows and for any encoding of the file; or why it
cannot be read. In a process of its own, because a file that somebody made to break its reader must break nothing else.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
import orjson

from audit.files.literal_pattern import literal_pattern
from audit.files.private_folder import PrivateFolder
from audit.files.regular_file import open_regular
from audit.processes.children import Child, ChildError
from audit.staging.warehouse import quote_identifier

MODULE = "audit.certificates.parquet_hash"
FETCH_ROWS = 2_000
MEMORY = "512MB"
MODULUS = 1 << 256


def hash_row(cells: Sequence[object]) -> int:
    """What one row adds to the sum."""
    return int.from_bytes(hashlib.sha256(orjson.dumps(cells)).digest(), "big")


def as_hex(total: int) -> str:
    """The sum in hex digits."""
    return f"{total % MODULUS:064x}"


@dataclass(frozen=True, slots=True)
class TableHash:
    """What one file says; with a ``problem`` nothing is known of it."""

    rows: int = 0
    hash: str = ""
    problem: str = ""


def hash_parquet(path: str, columns: Sequence[str]) -> TableHash:
    """Number and hash of the rows.

    Raises
    ------
    OSError
        It is no regular file, or may not be read.
    duckdb.Error
        It is no Parquet file, a damaged one, or one without these columns.
    """
    open_regular(path).close()
    total = rows = 0
    with duckdb.connect(config={"memory_limit": MEMORY, "threads": 1, "autoinstall_known_extensions": False}) as reader:
        listed = ", ".join(map(quote_identifier, columns))
        found = reader.execute(f"SELECT {listed} FROM read_parquet($1)", [literal_pattern(path)])
        while chunk := found.fetchmany(FETCH_ROWS):
            rows += len(chunk)
            total += sum(map(hash_row, chunk))
    return TableHash(rows, as_hex(total))


def examine_parquet(path: str, columns: Sequence[str]) -> TableHash:
    """The same; what goes wrong is told as a problem."""
    try:
        return hash_parquet(path, columns)
    except (OSError, duckdb.Error) as error:
        return TableHash(problem=getattr(error, "strerror", None) or str(error).splitlines()[0])


def hash_in_child(files: Sequence[tuple[Path, Sequence[str]]]) -> list[TableHash]:
    """The same of several files with their columns, read in a process of its own."""
    arguments = [word for path, columns in files for word in (str(path), ",".join(columns))]
    try:
        with PrivateFolder() as folder, Child(MODULE, arguments, folder) as child:
            return [TableHash(**json.loads(line)) for line in child.finish().splitlines()]
    except ChildError as error:
        return [TableHash(problem=str(error))] * len(files)


if __name__ == "__main__":
    for given, words in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
        print(json.dumps(asdict(examine_parquet(given, words.split(",")))), flush=True)  # noqa: T201  its result
