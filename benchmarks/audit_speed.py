"""How fast an audit is beside its references: same files, same run, one markdown table.

Every arm runs in a process of its own, all arms in turn; the best of some rounds counts. Peak memory is that of all
processes of an arm together.

    python -m benchmarks.audit_speed [TURNS] [ROUNDS] [SQLALCHEMY]

The SQLite data source of Great Expectations needs SQLAlchemy before 2.1, which is among the tools of development. Where
another one is installed, SQLALCHEMY is a folder made by ``pip install --target SQLALCHEMY "sqlalchemy<2.1"``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.peak_memory import PeakMemory

ROUNDS = 3
REPOSITORY = Path(__file__).resolve().parents[1]
COMPARED_CHECKS = (
    "columns_not_swapped",
    "explicit_values",
    "inference_not_shared",
    "never_empty_after_cutover",
    "no_blank_padding",
    "no_missing_ids",
    "no_null_value",
    "no_placeholder",
    "turn_in_one_session",
    "turn_times_plausible",
)
"""The ten that stock Great Expectations runs as well, from our own export for it."""

_FLOOR = (
    """CREATE TABLE turns AS SELECT conv_id, session_id, turn_id, CAST(turn_created_at_ms AS BIGINT) AS created_ms,
        CAST(updated_at_ms AS BIGINT) AS updated_ms, runtime_key, inference_id,
        json_valid(turn_data_json) AS data_valid,
        json_extract_string(turn_metadata_json, ['$."geppetto.runtime@v1"', '$."runtime"', '$."runtime_key"',
            '$."geppetto.inference_id@v1"', '$."inference_id"']) AS evidence
    FROM source.turns""",
    """CREATE TABLE members AS SELECT conv_id, session_id, turn_id, phase,
        CAST(snapshot_created_at_ms AS BIGINT) AS at_ms, CAST(ordinal AS BIGINT) AS ordinal, block_id, content_hash
    FROM source.turn_block_membership""",
    """CREATE TABLE blocks AS SELECT block_id, content_hash, hash_algorithm, kind, role,
        CAST(first_seen_at_ms AS BIGINT) AS seen_ms, json_valid(payload_json) AS payload_valid,
        json_valid(block_metadata_json) AS metadata_valid
    FROM source.blocks""",
    """SELECT count(*) FROM (
        SELECT runtime_key, lag(runtime_key) OVER (PARTITION BY conv_id ORDER BY created_ms, turn_id) AS previous
        FROM turns)
    WHERE previous <> '' AND runtime_key = ''""",
)


@dataclass(frozen=True, slots=True)
class Files:
    """A migrated file, the same from before, and those of the demo."""

    folder: Path
    turns: Path
    baseline: Path
    demo: Path


def files_in(folder: Path) -> Files:
    """Where the files of a run lie."""
    return Files(folder, folder / "turns.db", folder / "baseline.db", folder / "demo")


def write_files(files: Files, turns: int) -> None:
    """Write what all arms read."""
    from audit.demo.run import migrate_demo, write_demo  # noqa: PLC0415  the arms do not need it
    from benchmarks.migration_corpus import write_corpus  # noqa: PLC0415  the same
    from store.migration import migrate  # noqa: PLC0415  the same

    write_corpus(files.baseline, turns)
    shutil.copyfile(files.baseline, files.turns)
    migrate(files.turns, backup=False)
    files.demo.mkdir()
    migrate_demo(write_demo(files.demo))


def floor(files: Files) -> Callable[[], object]:
    """The least that has to be done: one scan of each table, no damage expected, no snapshot, one window query."""
    import duckdb  # noqa: PLC0415  each arm loads its own

    from audit.staging.engine.scanner import extension_path  # noqa: PLC0415  the same
    from audit.staging.warehouse import quote_literal  # noqa: PLC0415  the same

    def run() -> None:
        with tempfile.TemporaryDirectory() as folder, duckdb.connect(f"{folder}/floor.duckdb") as connection:
            connection.execute(f"LOAD {quote_literal(str(extension_path()))}")
            connection.execute("SET sqlite_all_varchar = true")
            connection.execute(f"ATTACH {quote_literal(str(files.turns))} AS source (TYPE sqlite, READ_ONLY)")
            for statement in _FLOOR:
                connection.execute(statement).fetchall()

    return run


def import_judge(files: Files) -> Callable[[], object]:
    """What Great Expectations takes to load."""

    def run() -> None:
        import great_expectations  # noqa: F401, PLC0415  this is what is measured

    return run


def audit(files: Files) -> Callable[[], object]:
    """All checks but block hashes, up to the verdict."""
    return _audit(files, exclude=("block_hash_matches",))


def audit_everything(files: Files) -> Callable[[], object]:
    """All checks, report and certificate."""
    return _audit(files, out_dir=files.folder / "reports")


def audit_ten(files: Files) -> Callable[[], object]:
    """The ten checks; the judge is loaded before the clock starts."""
    import great_expectations  # noqa: F401, PLC0415  not to be measured here

    return _audit(files, select=COMPARED_CHECKS)


def _audit(
    files: Files, *, select: tuple[str, ...] = (), exclude: tuple[str, ...] = (), out_dir: Path | None = None
) -> Callable[[], object]:
    from audit.pipeline.run import run_audit  # noqa: PLC0415  each arm loads its own
    from audit.pipeline.settings import AuditSettings  # noqa: PLC0415  the same
    from audit.policy.selection import Selection  # noqa: PLC0415  the same

    settings = AuditSettings(files.turns, out_dir=out_dir, selection=Selection(select, exclude))
    return lambda: {"findings": sum(check.findings for check in run_audit(settings).checks)}


def stock_ten(files: Files) -> Callable[[], object]:
    """The ten checks, run by Great Expectations itself on its SQLite data source."""
    import great_expectations as gx  # noqa: PLC0415  not to be measured here

    from audit.checks.catalog import Catalog, load_catalog  # noqa: PLC0415  each arm loads its own
    from audit.great_expectations.export import export_checks, suite_document  # noqa: PLC0415  the same

    checks = tuple(check for check in load_catalog().checks if check.name in COMPARED_CHECKS)
    assert len(checks) == len(COMPARED_CHECKS), "a check was renamed"
    export = export_checks(Catalog(checks))
    assert not export.not_exported, export.not_exported
    suite = suite_document(export)

    def run() -> object:
        context = gx.get_context(mode="ephemeral")
        source = context.data_sources.add_sqlite("file", connection_string=f"sqlite:///{files.turns}")
        definition = gx.ValidationDefinition(
            name="turns",
            data=source.add_table_asset("turns", table_name="turns").add_batch_definition_whole_table("all"),
            suite=context.suites.add(gx.ExpectationSuite(**suite)),
        )
        outcome = context.validation_definitions.add(definition).run()
        broken = [result.exception_info for result in outcome.results if "observed_value" not in result.result]
        assert not broken, broken
        return {"findings": sum(result.result["observed_value"] for result in outcome.results)}

    return run


def read_both(files: Files) -> Callable[[], object]:
    """SQLite reads every cell of both files once."""
    import apsw  # noqa: PLC0415  each arm loads its own

    def run() -> None:
        for path in (files.baseline, files.turns):
            connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
            tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
            for (table,) in tables:
                columns = connection.execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchall()
                lengths = ", ".join(f'sum(length("{column}"))' for (column,) in columns)
                connection.execute(f'SELECT {lengths} FROM "{table}"').fetchall()
            connection.close()

    return run


def proof(files: Files) -> Callable[[], object]:
    """The comparison of the file with its baseline, cell by cell."""
    from audit.comparison.proof import prove  # noqa: PLC0415  each arm loads its own

    def run() -> object:
        with (files.folder / "differences.ndjson").open("w+b") as output:
            summary = prove(files.turns, files.baseline, output).to_json()
        return {"rows": sum(counts["rows_compared"] for counts in summary["tables"].values())}

    return run


def audit_demo(files: Files) -> Callable[[], object]:
    """The whole command on the files of the demo."""
    demo = files.demo
    given = {"--timeline": "timeline.db", "--baseline": "turns.before.db", "--out": "reports"}
    options = [word for option, name in given.items() for word in (option, str(demo / name))]
    command = [str(Path(sys.executable).with_name("turntruth")), "audit", str(demo / "turns.db")]

    def run() -> object:
        ran = subprocess.run([*command, *options], check=False, capture_output=True, text=True)
        # Findings or none: what counts is that it came to a verdict.
        assert ran.returncode in {0, 1}, ran.stderr
        return {"exit_code": ran.returncode}

    return run


ARMS: Mapping[str, Callable[[Files], Callable[[], object]]] = {
    arm.__name__: arm
    for arm in (
        floor,
        import_judge,
        audit,
        audit_everything,
        audit_ten,
        stock_ten,
        read_both,
        proof,
        audit_demo,
    )
}
"""Each prepares its work, imports included, and returns what is measured."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The best round of an arm; ``refusal`` says why there is none."""

    seconds: float = 0.0
    peak_mib: float = 0.0
    said: Mapping[str, Any] | None = None
    refusal: str = ""


def run_arm(name: str, files: Files, sqlalchemy: Path | None) -> Measured:
    """Run an arm in a child process; its last line is what it measured."""
    search = [str(REPOSITORY), *([str(sqlalchemy)] if sqlalchemy and name == "stock_ten" else [])]
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        _tidy(files.turns, files.baseline)
        child = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.audit_speed", "--arm", name, str(files.folder)],
            stdout=output,
            stderr=errors,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(search)},
        )
        with PeakMemory(child.pid) as memory:
            child.wait()
        output.seek(0)
        errors.seek(0)
        if child.returncode:
            lines = errors.read().strip().splitlines() or [f"exit code {child.returncode}"]
            return Measured(refusal=lines[-1])
        found = json.loads(output.read().splitlines()[-1])
    return Measured(found["seconds"], memory.peak_mib, found["said"])


def _tidy(*paths: Path) -> None:
    """Some arms leave an empty log beside the file that they read, which would look like a writer to the next one."""
    for path in paths:
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def run_child(name: str, folder: Path) -> None:
    """Run one arm for the parent process and print what it measured."""
    work = ARMS[name](files_in(folder))
    began = time.perf_counter()
    said = work()
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "said": said}))


def measure(files: Files, rounds: int, sqlalchemy: Path | None) -> dict[str, Measured]:
    """Every arm in turn; the best of the rounds, and the worst peak of memory."""
    best: dict[str, Measured] = {}
    for _ in range(rounds):
        for name in ARMS:
            if name == "stock_ten" and sqlalchemy is None and (refusal := _unfit_sqlalchemy()):
                best[name] = Measured(refusal=refusal)
                continue
            found, known = run_arm(name, files, sqlalchemy), best.get(name)
            print(f"{name}: {found.refusal or f'{found.seconds:.2f} s'}", file=sys.stderr)
            if known is None or known.refusal or (not found.refusal and found.seconds < known.seconds):
                best[name] = found
    return best


def _unfit_sqlalchemy() -> str:
    """Why the installed SQLAlchemy cannot serve Great Expectations, '' if it can."""
    try:
        found = version("sqlalchemy")
    except PackageNotFoundError:
        return "SQLAlchemy is not installed"
    # From 2.1 on, checks of types fail without a word.
    fits = tuple(int(part) for part in found.split(".")[:2]) < (2, 1)
    return "" if fits else f"SQLAlchemy {found} is installed, and it needs one before 2.1"


def report(turns: int, rounds: int = ROUNDS, sqlalchemy: Path | None = None) -> str:
    """Measure with a file of so many turns; a section of docs/benchmarks.md."""
    with tempfile.TemporaryDirectory() as name:
        files = files_in(Path(name))
        # In a child: what this process holds at its largest would count as the peak of every arm it starts.
        command = [sys.executable, "-m", "benchmarks.audit_speed", "--write", name, str(turns)]
        subprocess.run(command, check=True, stdout=sys.stderr, env=os.environ | {"PYTHONPATH": str(REPOSITORY)})
        size_mib = files.turns.stat().st_size / 2**20
        best = measure(files, rounds, sqlalchemy)
    title = f"### Audit of {turns:,} turns ({size_mib:,.0f} MiB), best of {rounds} rounds"
    head = ("what", "reference", "measured", "peak memory", "ratio", "goal")
    rows = [head, ("---",) * len(head), *table(best)]
    return "\n".join([title, "", *(f"| {' | '.join(row)} |" for row in rows)])


def table(best: Mapping[str, Measured]) -> list[tuple[str, ...]]:
    """The lines of the table: what, against what, how long, how much memory, the ratio, the goal."""
    loading, least = best["import_judge"], best["floor"]
    allowed = 2 * least.seconds + loading.seconds
    compared = best["proof"]
    rows_a_second = compared.said["rows"] / compared.seconds if compared.said else 0.0
    shown = f"hand-written DuckDB: {least.seconds:.2f} s, {least.peak_mib:.0f} MiB; import: {loading.seconds:.2f} s"
    return [
        _row(
            "audit without baseline, all checks but block hashes",
            shown,
            best["audit"],
            f"{best['audit'].seconds / allowed:.2f} of what the goal allows",
            f"2 x floor + import: {allowed:.2f} s",
        ),
        _row("all checks, report and certificate", shown, best["audit_everything"], "", "shown apart"),
        _against("ten checks, without import", "stock Great Expectations", best, "audit_ten", "stock_ten"),
        _row(
            "before/after proof, all tables",
            f"SQLite reads both files: {best['read_both'].seconds:.2f} s",
            compared,
            f"{_ratio(compared, best['read_both'])}; {rows_a_second:,.0f} rows/s",
            "at most 2.5; at least 1,000,000 rows/s",
        ),
        _row(
            "audit of the demo's files, whole command",
            f"import great_expectations: {loading.seconds:.2f} s",
            best["audit_demo"],
            _ratio(best["audit_demo"], loading),
            "at most 1.5",
        ),
    ]


def _against(what: str, by: str, best: Mapping[str, Measured], ours: str, theirs: str) -> tuple[str, ...]:
    reference, found = best[theirs], best[ours]
    if reference.refusal or found.refusal:
        return _row(what, f"{by}: not run ({reference.refusal})" if reference.refusal else by, found, "", "at least 5")
    assert reference.said == found.said, (reference.said, found.said)
    told = f"{by}: {reference.seconds:.2f} s, {reference.peak_mib:.0f} MiB"
    return _row(what, told, found, f"{reference.seconds / found.seconds:.1f} times faster", "at least 5")


def _ratio(found: Measured, reference: Measured) -> str:
    return "" if found.refusal or reference.refusal else f"{found.seconds / reference.seconds:.2f}"


def _row(what: str, reference: str, found: Measured, ratio: str, goal: str) -> tuple[str, ...]:
    if found.refusal:
        return what, reference, f"not run ({found.refusal})", "", "", goal
    return what, reference, f"{found.seconds:.2f} s", f"{found.peak_mib:.0f} MiB", ratio, goal


def main(words: list[str]) -> None:
    """Write the files or run one arm for a parent process, or measure everything and print the table."""
    if words[:1] == ["--arm"]:
        run_child(words[1], Path(words[2]))
        return
    if words[:1] == ["--write"]:
        write_files(files_in(Path(words[1])), int(words[2]))
        return
    turns, rounds = (int(word) for word in [*words[:2], *("200000", str(ROUNDS))[len(words[:2]) :]])
    print(report(turns, rounds, Path(words[2]) if len(words) > 2 else None))


if __name__ == "__main__":
    main(sys.argv[1:])
