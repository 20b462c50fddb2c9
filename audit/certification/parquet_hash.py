"""What a Parquet file says, for a process of its own: ``python -m audit.certification.parquet_hash PATH COLUMN,...``.

Prints the number of rows and, for each list of columns, the sum modulo 2^256 of the SHA-256 of all rows as compact JSON
arrays: the same for any order of the rows, and for any encoding of the file. In a process of its own, because a file
that somebody made to break its reader must break nothing else.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence

import duckdb
import orjson

from audit.regular_file import open_regular
from audit.staging.warehouse import quote_identifier

FETCH_ROWS = 2_000
MEMORY = "512MB"
MODULUS = 1 << 256


def hash_row(cells: Sequence[object]) -> int:
    """What one row adds to the sum."""
    return int.from_bytes(hashlib.sha256(orjson.dumps(cells)).digest(), "big")


def as_hex(total: int) -> str:
    """The sum in hex digits."""
    return f"{total % MODULUS:064x}"


def hash_parquet(path: str, lists: Sequence[Sequence[str]]) -> tuple[int, list[str]]:
    """Number of rows, and the hash of each list of columns.

    Raises
    ------
    OSError
        It is no regular file, or may not be read.
    duckdb.Error
        It is no Parquet file, a damaged one, or one without these columns.
    """
    open_regular(path).close()
    names = list(dict.fromkeys(name for columns in lists for name in columns))
    places = [[names.index(name) for name in columns] for columns in lists]
    totals, rows = [0] * len(lists), 0
    with duckdb.connect(config={"memory_limit": MEMORY, "threads": 1, "autoinstall_known_extensions": False}) as reader:
        listed = ", ".join(map(quote_identifier, names))
        found = reader.execute(f"SELECT {listed} FROM read_parquet($1)", [_literally(path)])
        while chunk := found.fetchmany(FETCH_ROWS):
            rows += len(chunk)
            for row in chunk:
                for at, chosen in enumerate(places):
                    totals[at] += hash_row([row[place] for place in chosen])
    return rows, [as_hex(total) for total in totals]


def _literally(path: str) -> str:
    """The path as a pattern of DuckDB that matches nothing else."""
    return "".join(f"[{character}]" if character in "*?[" else character for character in path)


if __name__ == "__main__":
    try:
        counted, hashes = hash_parquet(sys.argv[1], [words.split(",") for words in sys.argv[2:]])
        print(counted, *hashes)  # noqa: T201  the output of this process is its result
    except (OSError, duckdb.Error) as error:
        print(getattr(error, "strerror", None) or str(error).splitlines()[0], file=sys.stderr)  # noqa: T201  as above
        sys.exit(3)
