"""What two tables of findings have in common: ``python -m audit.runs.finding_tables A.parquet B.parquet FOLDER``.

Prints a line of JSON a check. In a process of its own, because a file that somebody made to break its reader must break
nothing else; DuckDB puts into the folder what does not fit into memory.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

from audit.files.literal_pattern import literal_pattern
from audit.files.private_folder import PrivateFolder
from audit.files.regular_file import open_regular
from audit.processes.children import Child

MODULE = "audit.runs.finding_tables"
MEMORY_BYTES = 320 << 20
THREADS = 2
PLACES_SHOWN = 5
PLACE_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class CheckFindings:
    """The findings of one check in both runs.

    ``still`` are those at the same places; ``open_b`` are those of B that nobody has accepted, ``added_open`` those
    of them that only B has. Of each kind the first places, long values cut.
    """

    check: str
    a: int = 0
    b: int = 0
    still: int = 0
    open_b: int = 0
    added_open: int = 0
    added_first: tuple[Mapping[str, str], ...] = ()
    gone_first: tuple[Mapping[str, str], ...] = ()
    still_first: tuple[Mapping[str, str], ...] = ()


def count_in_child(a: Path, b: Path) -> list[CheckFindings]:
    """The findings of both tables by check.

    Raises
    ------
    ChildError
        One of them cannot be read.
    """
    with PrivateFolder() as folder, Child(MODULE, [str(a), str(b), str(folder)], folder) as child:
        return [CheckFindings(**json.loads(line)) for line in child.finish().splitlines()]


def count_findings(a: Path, b: Path, folder: Path) -> list[CheckFindings]:
    """The same in this process; what does not fit into memory goes to the folder.

    Raises
    ------
    OSError
        One of them is no regular file, or may not be read.
    duckdb.Error
        One of them is no table of findings, or a damaged one.
    """
    import duckdb  # noqa: PLC0415  who asks for the comparison does not need it

    for path in (a, b):
        open_regular(path).close()
    query = files("audit.runs").joinpath("sql", "findings_of_both.sql").read_text(encoding="utf-8")
    limits = {"characters": PLACE_CHARACTERS, "shown": PLACES_SHOWN}
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{MEMORY_BYTES}B",
        "temp_directory": str(folder / "spill"),
        "threads": THREADS,
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    with duckdb.connect(config=config) as reader:
        found = reader.execute(query, {"a": literal_pattern(a), "b": literal_pattern(b), **limits})
        return [CheckFindings(*row) for row in found.fetchall()]


if __name__ == "__main__":
    try:
        for each in count_findings(*map(Path, sys.argv[1:4])):
            print(json.dumps(asdict(each)))  # noqa: T201  the output of this process is its result
    except Exception as error:  # noqa: BLE001  whatever it is, it is told in a line
        print(getattr(error, "strerror", None) or str(error).splitlines()[0], file=sys.stderr)  # noqa: T201  so it tells why
        sys.exit(3)
