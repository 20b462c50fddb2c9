"""The comparison of two files, what it is measured beside, and what other tools need first; see benchmarks/arm.py.

Each arm is given the folder of a pair, and loads what it needs before its clock starts. What runs on one core is
measured in seconds of CPU, so that it does not matter what else the machine does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.arm import Work, answer
from benchmarks.diff_pairs import AFTER, BEFORE, CONTRACT, TABLE

_EXCEPT = f"SELECT count(*) FROM (SELECT * FROM {{}}.{TABLE} EXCEPT SELECT * FROM {{}}.{TABLE})"


def compare(folder: Path) -> dict[str, Any]:
    """The comparison as ``turntruth diff`` has it made, without the start of a process."""
    from audit.comparison.pair.pair_comparison import compare_pair  # noqa: PLC0415  each arm loads its own

    with tempfile.TemporaryFile() as output:
        began = time.process_time()
        summary = compare_pair(folder / BEFORE, folder / AFTER, output)
        seconds = time.process_time() - began
    return {"seconds": seconds, "differences": sum(summary.counts.values()), "paired_by": summary.tables[0].paired_by}


def claims(folder: Path) -> dict[str, Any]:
    """The same, judged by a contract: what its claims take, and the whole of it."""
    from audit.comparison.claims.contract_judge import ContractJudge, by_contract  # noqa: PLC0415  the same
    from audit.comparison.pair.pair_comparison import compare_pair  # noqa: PLC0415  the same

    taken: list[float] = []

    class Timed(ContractJudge):
        def judge(self, *words: Any) -> Any:
            started = time.process_time()
            try:
                return super().judge(*words)
            finally:
                taken.append(time.process_time() - started)

    def timed(*words: Any) -> ContractJudge:
        judge = by_contract(folder / CONTRACT)(*words)
        assert isinstance(judge, ContractJudge)
        judge.__class__ = Timed
        return judge

    with tempfile.TemporaryFile() as output:
        began = time.process_time()
        summary = compare_pair(folder / BEFORE, folder / AFTER, output, judged_by=timed)
        whole = time.process_time() - began
    assert not summary.errors, summary.errors
    (seconds,) = taken
    return {"seconds": seconds, "whole": whole, "differences": sum(summary.counts.values())}


def read_both(folder: Path) -> dict[str, Any]:
    """SQLite reads every cell of both files once."""
    import apsw  # noqa: PLC0415  each arm loads its own

    began = time.process_time()
    for name in (BEFORE, AFTER):
        with closing(apsw.Connection(str(folder / name), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
            columns = connection.execute("SELECT name FROM pragma_table_info(?)", (TABLE,)).fetchall()
            lengths = ", ".join(f"sum(length({column}))" for (column,) in columns)
            connection.execute(f"SELECT {lengths} FROM {TABLE}").fetchall()
    return {"seconds": time.process_time() - began}


def sqlite_except(folder: Path) -> dict[str, Any]:
    """What one writes by hand: the rows that only one of both files has, counted, as SQLite is set up by itself."""
    import apsw  # noqa: PLC0415  each arm loads its own

    with closing(apsw.Connection(str(folder / BEFORE), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
        began = time.process_time()
        connection.execute("ATTACH ? AS after", (str(folder / AFTER),))
        both = [connection.execute(_EXCEPT.format(*sides)).get for sides in (("main", "after"), ("after", "main"))]
        seconds = time.process_time() - began
    return {"seconds": seconds, "differences": sum(both)}


def _cpu() -> float:
    """Seconds of CPU of this process and of those that it has waited for."""
    found = os.times()
    return found.user + found.system + found.children_user + found.children_system


def turntruth(folder: Path) -> dict[str, Any]:
    """The whole command, with the start of all its processes."""
    words = ["diff", str(folder / BEFORE), str(folder / AFTER), "--format", "json"]
    began, used = time.perf_counter(), _cpu()
    ran = subprocess.run([sys.executable, "-m", "turntruth", *words], stdout=subprocess.PIPE, check=False)
    seconds, cpu = time.perf_counter() - began, _cpu() - used
    assert ran.returncode in {0, 1}, f"turntruth {' '.join(words)} ended with exit code {ran.returncode}"
    findings = json.loads(ran.stdout)["findings"]
    rows = {change: set[int]() for change in ("lost", "changed", "new")}
    for finding in findings:
        if finding["kind"] in {"row", "cell"}:
            rows[finding["change"]].add(json.loads(finding["key"])["id"])
    schema = [finding for finding in findings if finding["kind"] not in {"row", "cell"}]
    return {
        "seconds": seconds,
        "cpu": cpu,
        "found": {change: sorted(ids) for change, ids in rows.items()},
        "schema": [" ".join(finding.values()) for finding in schema],
    }


def duckdb_except(folder: Path) -> dict[str, Any]:
    """DuckDB over both SQLite files, both ways, every value as a text: other values than declared would end it."""
    import duckdb  # noqa: PLC0415  each arm loads its own

    from audit.staging.engine.quoting import quote_literal  # noqa: PLC0415  the same
    from audit.staging.engine.scanner import load_scanner  # noqa: PLC0415  the same

    with duckdb.connect() as connection:
        load_scanner(connection)
        began, used = time.perf_counter(), _cpu()
        connection.execute("SET sqlite_all_varchar = true")
        for name in (BEFORE, AFTER):
            place = quote_literal(str(folder / name))
            connection.execute(f"ATTACH {place} AS {name.partition('.')[0]} (TYPE sqlite, READ_ONLY)")
        sides = []
        for left, right in (("before", "after"), ("after", "before")):
            rows = f"FROM {left}.{TABLE} EXCEPT ALL FROM {right}.{TABLE}"
            sides.append({int(number) for (number,) in connection.execute(f"SELECT id FROM ({rows})").fetchall()})
        seconds, cpu = time.perf_counter() - began, _cpu() - used
    both = sides[0] & sides[1]
    found = {"lost": sorted(sides[0] - both), "changed": sorted(both), "new": sorted(sides[1] - both)}
    return {"seconds": seconds, "cpu": cpu, "found": found, "schema": []}


def copy_to_duckdb(folder: Path) -> dict[str, Any]:
    """What reladiff needs first, as it reads no SQLite: both tables in one file of DuckDB."""
    import duckdb  # noqa: PLC0415  each arm loads its own

    from audit.staging.engine.quoting import quote_literal  # noqa: PLC0415  the same
    from audit.staging.engine.scanner import load_scanner  # noqa: PLC0415  the same

    target = folder / "copy.duckdb"
    target.unlink(missing_ok=True)
    with duckdb.connect(str(target)) as connection:
        load_scanner(connection)
        began = time.perf_counter()
        for name in (BEFORE, AFTER):
            side = name.partition(".")[0]
            connection.execute(f"ATTACH {quote_literal(str(folder / name))} AS file (TYPE sqlite, READ_ONLY)")
            connection.execute(f"CREATE TABLE {side} AS SELECT {_columns(connection)} FROM file.{TABLE}")
            connection.execute("DETACH file")
        seconds = time.perf_counter() - began
    return {"seconds": seconds}


def _columns(connection: Any) -> str:
    """All columns under their declared types, but for one without a type, which DuckDB would take for bytes."""
    names = [name for name, *_ in connection.execute(f"DESCRIBE file.{TABLE}").fetchall()]
    return ", ".join(f"{name}::VARCHAR AS {name}" if name == "loose" else name for name in names)


def select_claims(folder: Path) -> dict[str, Any]:
    """What one writes by hand in place of the claims: rows of either side alone, and values that are not as claimed."""
    import apsw  # noqa: PLC0415  each arm loads its own

    with closing(apsw.Connection(str(folder / BEFORE), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
        began = time.process_time()
        connection.execute("ATTACH ? AS after", (str(folder / AFTER),))
        found = connection.execute(
            "SELECT b.id FROM main.messages AS b LEFT JOIN after.messages AS a ON a.id = b.id"
            " WHERE a.id IS NULL OR a.model_id IS NOT b.message ->> '$.model'"
        ).fetchall()
        found += connection.execute(
            "SELECT a.id FROM after.messages AS a LEFT JOIN main.messages AS b ON a.id = b.id WHERE b.id IS NULL"
        ).fetchall()
        seconds = time.process_time() - began
    return {"seconds": seconds, "differences": len(found)}


_BY_SQLITE = (compare, claims, read_both, sqlite_except, select_claims)
ARMS: dict[str, Work] = {arm.__name__: arm for arm in (*_BY_SQLITE, turntruth, duckdb_except, copy_to_duckdb)}


if __name__ == "__main__":
    answer(ARMS, sys.argv[1:])
