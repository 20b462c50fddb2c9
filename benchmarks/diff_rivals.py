"""A program of its own: lets another tool compare a pair of files, once, and says what it found and how long it took.

    PYTHON benchmarks/diff_rivals.py TOOL FOLDER

It is started by path with whatever interpreter has the tool, so it imports nothing of turntruth. Its last line is a
JSON object: ``seconds`` and those of ``cpu`` without the import of libraries, ``peak_mib`` of this process and the
largest one it started, ``found`` with the ids of rows that are lost, changed and new, and ``schema`` with what was said
beside rows; or why there is no such answer: the tool is ``missing``, or ``failed``.

Each tool gets its best honest use: what its own documentation recommends for two tables of one key.
"""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

TABLE, KEY = "events", "id"
COPY = "copy.duckdb"
"""Where the tables of a pair lie as tables of DuckDB, called before and after."""

Found = dict[str, list[int]]
Work = Callable[[], tuple[Found, list[str]]]


class MissingError(Exception):
    """A tool is not installed."""


def sqldiff(folder: Path) -> Work:
    """SQLite's own: prints the statements that make one file the other one."""
    program = shutil.which("sqldiff")
    if program is None:
        raise MissingError("no program sqldiff (Debian: sqlite3-tools)")

    def run() -> tuple[Found, list[str]]:
        files = [str(folder / name) for name in ("before.db", "after.db")]
        ran = subprocess.run([str(program), *files], capture_output=True, text=True, check=True)
        lines = ran.stdout.splitlines()
        lost = _ids(lines, rf"DELETE FROM {TABLE} WHERE {KEY}=(\d+)")
        changed = _ids(lines, rf"UPDATE {TABLE} SET .* WHERE {KEY}=(\d+)")
        new = _ids(lines, rf"INSERT INTO {TABLE}\([^)]*\) VALUES\((\d+),")
        told = {"lost": lost, "changed": changed, "new": new}
        return told, [line for line in lines if not re.match(rf"(DELETE FROM|UPDATE|INSERT INTO) {TABLE}\b", line)]

    return run


def _ids(lines: Iterable[str], pattern: str) -> list[int]:
    return sorted(int(found[1]) for line in lines if (found := re.match(pattern, line)))


def datacompy(folder: Path) -> Work:
    """Frames of pandas, joined by the key."""
    try:
        import pandas as pd  # noqa: PLC0415  not every interpreter has it
        from datacompy import PandasCompare  # noqa: PLC0415  the same
    except ImportError as error:
        raise MissingError(str(error)) from error

    def read(name: str) -> Any:
        with closing(sqlite3.connect(f"file:{folder / name}?mode=ro", uri=True)) as connection:
            return pd.read_sql(f"SELECT * FROM {TABLE}", connection)

    def run() -> tuple[Found, list[str]]:
        compared = PandasCompare(read("before.db"), read("after.db"), join_columns=KEY)
        changed = compared.all_mismatch(ignore_matching_cols=True)
        frames = {"lost": compared.df1_unq_rows, "changed": changed, "new": compared.df2_unq_rows}
        return {name: sorted(map(int, frame[KEY])) for name, frame in frames.items()}, []

    return run


def reladiff_join(folder: Path) -> Work:
    """One outer join in one DuckDB file that holds both tables; the copy is made before."""
    return _reladiff(folder, "joindiff")


def reladiff_hash(folder: Path) -> Work:
    """Sums of hashes over parts of both tables, ever smaller ones where they differ."""
    return _reladiff(folder, "hashdiff")


def _reladiff(folder: Path, algorithm: str) -> Work:
    try:
        import duckdb  # noqa: F401, PLC0415  reladiff finds it by itself
        from reladiff import connect, diff_tables  # noqa: PLC0415  not every interpreter has it
        from reladiff.table_segment import TableSegment  # noqa: PLC0415  the same
    except ImportError as error:
        raise MissingError(str(error)) from error

    def run() -> tuple[Found, list[str]]:
        database = connect({"driver": "duckdb", "filepath": str(folder / COPY)})
        segments = []
        for side in ("before", "after"):
            columns = tuple(name for name in database.query_table_schema(("main", side)) if name != KEY)
            segments.append(TableSegment(database, ("main", side), (KEY,), extra_columns=columns))
        return _by_sign(diff_tables(*segments, algorithm=algorithm, threaded=True, max_threadpool_size=2)), []

    return run


def _by_sign(rows: Iterator[tuple[str, tuple[Any, ...]]]) -> Found:
    """Rows with a sign, as ids: what has both signs has changed."""
    ids: dict[str, set[int]] = {"-": set(), "+": set()}
    for sign, row in rows:
        ids[sign].add(int(row[0]))
    both = ids["-"] & ids["+"]
    return {"lost": sorted(ids["-"] - both), "changed": sorted(both), "new": sorted(ids["+"] - both)}


TOOLS: dict[str, Callable[[Path], Work]] = {
    "sqldiff": sqldiff,
    "datacompy": datacompy,
    "reladiff_join": reladiff_join,
    "reladiff_hash": reladiff_hash,
}


def answer(tool: str, folder: Path) -> dict[str, Any]:
    """What a tool found and what that took; what it cannot read is something it says."""
    try:
        work = TOOLS[tool](folder)
    except MissingError as error:
        return {"missing": str(error)}
    began, used = time.perf_counter(), _cpu()
    try:
        found, schema = work()
    except Exception as error:  # noqa: BLE001  a library may raise anything
        return {"failed": f"{type(error).__name__}: {error}"}
    seconds, cpu = time.perf_counter() - began, _cpu() - used
    return {"seconds": seconds, "cpu": cpu, "peak_mib": _peak_mib(), "found": found, "schema": schema}


def _cpu() -> float:
    found = os.times()
    return found.user + found.system + found.children_user + found.children_system


def _peak_mib() -> float:
    # Of this process unlike getrusage not that of the one it was started from.
    lines = Path("/proc/self/status").read_text().splitlines()
    own = next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
    return own + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


if __name__ == "__main__":
    # What libraries print must not get between.
    answers, sys.stdout = sys.stdout, sys.stderr
    print(json.dumps(answer(sys.argv[1], Path(sys.argv[2]))), file=answers)
