"""A program of its own: lets data quality libraries look at migrated files, one job a line.

It is started by path with whatever interpreter has those libraries, so it imports nothing of turntruth. Each line of
its input is a JSON object (program, folder, runtimes), each line of its output what that program said: ``said`` and
``alarm``, or ``missing`` where the library is not installed.
"""

from __future__ import annotations

import json
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

KEY = ["conv_id", "session_id", "turn_id"]
KEYS = {
    "turns": KEY,
    "blocks": ["block_id", "content_hash"],
    "turn_block_membership": [*KEY, "phase", "snapshot_created_at_ms", "ordinal"],
}
COLUMNS = [*KEY, "turn_created_at_ms", "turn_metadata_json", "turn_data_json", "updated_at_ms", "runtime_key",
           "inference_id"]  # fmt: skip
FILLABLE = ("runtime_key", "inference_id", "turn_created_at_ms", "updated_at_ms")
"""A migration fills these where they are empty, or no time."""
PADDED = r"^\s|\s$"
PLACEHOLDER = r"(?i)^(?:null|none|nil|undefined|n/a|<nil>|\(null\)|\[object object\])$"

Job = dict[str, Any]
Frame = Any


def read(path: Path, sql: str) -> Frame:
    """A query's rows as a frame."""
    import pandas as pd

    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return pd.read_sql(sql, connection)


def read_turns(folder: Path) -> Frame:
    """The migrated turns, beside each value what plain metadata says it must be; None where it says nothing."""
    turns = read(folder / "turns.db", "SELECT * FROM turns ORDER BY rowid")
    stated = [_stated(text) for text in turns["turn_metadata_json"]]
    for at, column in enumerate(("runtime_key", "inference_id")):
        turns[f"stated_{column}"] = [values[at] for values in stated]
    return turns


def _stated(text: object) -> tuple[str | None, str | None]:
    try:
        members = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        members = None
    if not isinstance(members, dict):
        return None, None
    runtime, inference = (members.get(name) for name in ("geppetto.runtime@v1", "geppetto.inference_id@v1"))
    return _plain(runtime), _plain(inference)


def _plain(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def datacompy(job: Job) -> tuple[object, bool]:
    """Every table before and after, joined by its key: rows on one side only, cells that differ, by column."""
    from datacompy import PandasCompare

    folder = Path(job["folder"])
    said = {}
    for table, key in KEYS.items():
        before = read(folder / "baseline.db", f"SELECT * FROM {table}")
        names = ", ".join(before.columns)
        after = read(folder / "turns.db", f"SELECT {names} FROM {table}")
        if table == "turns":
            before = _with_gaps_filled(before, after)
        compared = PandasCompare(before, after, join_columns=key)
        cells = {each["column"]: int(each["unequal_cnt"]) for each in compared.column_stats if each["unequal_cnt"]}
        said[table] = [len(compared.df1_unq_rows), len(compared.df2_unq_rows), cells]
    return said, any(gone or new or cells for gone, new, cells in said.values())


def _with_gaps_filled(before: Frame, after: Frame) -> Frame:
    """The rows before, with what the migration may fill taken from the rows after: that is no difference."""
    merged = before.merge(after, on=KEY, how="left", suffixes=("", "_after"))
    for column in (name for name in FILLABLE if name in before.columns):
        old, new = merged[column], merged[f"{column}_after"]
        gap = (old == "") if old.dtype.kind not in "iuf" else (old <= 0)
        merged[column] = old.mask(gap & new.notna(), new)
    return merged[list(before.columns)]


def pointblank(job: Job) -> tuple[object, bool]:
    """Rules about the columns of the turns, and how many rows each does not hold for."""
    import pointblank as pb

    folder = Path(job["folder"])
    turns, before = read_turns(folder), read(folder / "baseline.db", "SELECT * FROM turns")
    plan = pb.Validate(data=turns).rows_distinct(columns_subset=KEY).row_count_match(count=len(before))
    plan = plan.col_exists(columns=COLUMNS).col_vals_in_set(columns="runtime_key", set=["", *job["runtimes"]])
    for column in ("runtime_key", "inference_id"):
        plan = plan.col_vals_not_null(columns=column)
        for pattern in (PADDED, PLACEHOLDER):
            plan = plan.col_vals_regex(columns=column, pattern=pattern, inverse=True)
        plan = plan.col_vals_eq(columns=column, value=pb.col(f"stated_{column}"), na_pass=True)
    plan = plan.col_vals_gt(columns="turn_created_at_ms", value=0)
    plan = plan.col_vals_ge(columns="updated_at_ms", value=pb.col("turn_created_at_ms")).interrogate()
    failed = {f"{step} {number}": int(rows or 0) for number, (step, rows) in enumerate(_steps(plan))}
    return failed, any(failed.values())


def _steps(plan: Any) -> list[tuple[str, int | None]]:
    # A rule that could not be evaluated, as its column is not there, has no count: that is a failure too.
    report = json.loads(plan.get_json_report())
    return [(each["assertion_type"], each["n_failed"] if each["active"] else 1) for each in report]


def great_expectations(job: Job) -> tuple[object, bool]:
    """Stock column expectations over the turns, judged by Great Expectations itself."""
    import great_expectations as gx

    folder = Path(job["folder"])
    before = read(folder / "baseline.db", "SELECT * FROM turns")
    suite = gx.ExpectationSuite("turns", expectations=_expectations(job["runtimes"], len(before)))
    # Its check of types knows Python's, not the text type that pandas has now.
    frame = read_turns(folder).astype(object)
    outcome = _batches().get_batch(batch_parameters={"dataframe": frame}).validate(suite)
    said = [
        (each.expectation_config.type, bool(each.success), each.result.get("unexpected_count"))
        for each in outcome.results
    ]
    return said, not outcome.success


def _expectations(runtimes: list[str], rows: int) -> list[Any]:
    import great_expectations as gx

    gxe: Any = gx.expectations
    wanted: list[Any] = [
        gxe.ExpectTableRowCountToEqual(value=rows),
        gxe.ExpectTableColumnsToMatchSet(
            column_set=[*COLUMNS, "stated_runtime_key", "stated_inference_id"], exact_match=True
        ),
        gxe.ExpectCompoundColumnsToBeUnique(column_list=KEY),
        gxe.ExpectColumnValuesToBeInSet(column="runtime_key", value_set=["", *runtimes]),
        gxe.ExpectColumnValuesToBeBetween(column="turn_created_at_ms", min_value=1),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="updated_at_ms", column_B="turn_created_at_ms", or_equal=True
        ),
        gxe.ExpectColumnValuesToBeJsonParseable(column="turn_metadata_json", mostly=0.5),
    ]
    for column in ("runtime_key", "inference_id"):
        wanted += [
            gxe.ExpectColumnValuesToNotBeNull(column=column),
            gxe.ExpectColumnValuesToBeInTypeList(column=column, type_list=["str"]),
            gxe.ExpectColumnValuesToNotMatchRegexList(column=column, regex_list=[PADDED, PLACEHOLDER]),
            gxe.ExpectColumnPairValuesToBeEqual(
                column_A=column, column_B=f"stated_{column}", ignore_row_if="either_value_is_missing"
            ),
        ]
    return wanted


_made: list[Any] = []


def _batches() -> Any:
    """The one data source of this process; a context is expensive to make."""
    import great_expectations as gx

    if not _made:
        context: Any = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        asset = context.data_sources.add_pandas("frames").add_dataframe_asset("turns")
        _made.append(asset.add_batch_definition_whole_dataframe("all"))
    return _made[0]


PROGRAMS: dict[str, Callable[[Job], tuple[object, bool]]] = {
    "datacompy": datacompy,
    "pointblank": pointblank,
    "great_expectations": great_expectations,
}


def answer(job: Job) -> dict[str, Any]:
    """What a program says; files that it cannot read are something it says."""
    try:
        said, alarm = PROGRAMS[job["program"]](job)
    except ImportError as error:
        return {"missing": str(error)}
    except Exception as error:  # noqa: BLE001  a library may raise anything over damaged files
        return {"said": f"{type(error).__name__}: {error}", "alarm": True}
    return {"said": said, "alarm": alarm}


def main() -> None:
    """Answer jobs until there are no more."""
    # Ctrl-C is for whoever started this program, and ends its input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What libraries print must not get between the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        answers.write(json.dumps(answer(json.loads(line)), default=str) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
