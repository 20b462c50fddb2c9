"""What one audit saw of each turn, kept in the folder of its run, so that a later one can see whether it is still so.

``fingerprints.parquet`` has one row a turn: its three ids, both attributed values and its time of creation; texts that
are no UTF-8 as the checks see them. It is written and read by DuckDB as a stream, whatever the number of turns.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

import duckdb

from audit.errors import InputFileError, MissingFileError
from audit.files.literal_pattern import literal_pattern
from audit.files.regular_file import open_regular
from audit.report.run_folder import RESULTS_FILE, load_run
from audit.results.record_json import RecordFormatError
from audit.results.records import InputFile
from audit.results.run_kind import RunKind, require_kind
from audit.staging.warehouse import quote_literal

FINGERPRINTS_FILE = "fingerprints.parquet"
EARLIER = "earlier_turns"
"""The table of the warehouse that an earlier audit's fingerprints are staged into."""

COLUMNS = ("conv_id", "session_id", "turn_id", "runtime_key", "inference_id", "created_ms")
ROLE = "against"


def write_fingerprints(connection: duckdb.DuckDBPyConnection, folder: Path) -> Path:
    """Write the file into ``folder``; the turns must be staged and the warehouse not yet locked."""
    path = folder / FINGERPRINTS_FILE
    texts = ", ".join(f"coalesce({name}, '') AS {name}" for name in COLUMNS[:-1])
    connection.execute(
        f"COPY (SELECT {texts}, created_ms FROM turns) TO {quote_literal(str(path))} (FORMAT parquet, COMPRESSION zstd)"
    )
    return path


def require_earlier_run(folder: Path) -> Path:
    """The fingerprints of a run, found out before any work.

    Raises
    ------
    InputFileError
        The folder is no run, or one that kept none.
    """
    path = folder / FINGERPRINTS_FILE
    wanted = "Name the folder of an earlier run, as an audit printed it: --against"
    if not folder.exists():
        raise MissingFileError(folder, wanted)
    require_kind(folder, RunKind.AUDIT)
    if not folder.is_dir():
        raise InputFileError(folder, "this is no folder", wanted)
    if not (folder / RESULTS_FILE).is_file():
        raise InputFileError(folder, f"no run of an audit (it has no {RESULTS_FILE})", wanted)
    if not path.is_file():
        raise InputFileError(
            folder, f"the run kept no {FINGERPRINTS_FILE}", "Name a run of this version of turntruth, or audit again"
        )
    with suppress(RecordFormatError):
        if load_run(folder).redaction.method:
            raise InputFileError(folder, "the run is redacted, so its turns have no ids", "Name the original run")
    return path


def stage_earlier(connection: duckdb.DuckDBPyConnection, folder: Path) -> tuple[InputFile, str]:
    """Fill ``earlier_turns`` from the run in ``folder``.

    Returns
    -------
    tuple
        What was read, for the list of inputs; and why it cannot be compared, '' if it can.
    """
    path = folder / FINGERPRINTS_FILE
    columns = ", ".join(COLUMNS)
    problem = ""
    try:
        connection.execute(
            f"INSERT INTO {EARLIER} ({columns}) SELECT {columns} FROM read_parquet($1)", [literal_pattern(path)]
        )
        if not _has_turn_in_common(connection):
            problem = f"{folder}: that audit saw none of the turns of this file. Name a run over an earlier state of it"
    except duckdb.Error as error:
        problem = f"{path}: what the earlier audit saw cannot be read: {str(error).splitlines()[0]}"
    counted = connection.execute(f"SELECT count(*) FROM {EARLIER}").fetchone()
    rows = {"turns": int(counted[0]) if counted else 0}
    with open_regular(path) as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return InputFile(ROLE, str(folder), path.stat().st_size, sha256, rows), problem


def _has_turn_in_common(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the two audits can have seen the same store; two empty ones can."""
    row = connection.execute(
        f"SELECT (SELECT count(*) FROM {EARLIER}) = 0 OR (SELECT count(*) FROM turns) = 0"
        f" OR EXISTS (SELECT 1 FROM {EARLIER} SEMI JOIN turns USING (conv_id, session_id, turn_id))"
    ).fetchone()
    return row is not None and bool(row[0])
