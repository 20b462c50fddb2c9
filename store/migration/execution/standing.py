"""Where a run stands that was stopped: what of it is in the file by now, and that the same command goes on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import apsw

from store.errors import DatabaseBusyError, DatabaseFileError, DatabaseIOError
from store.migration import ledger
from store.migration.errors import LedgerError, MigrationInterruptedError
from store.migration.execution.job import Job
from store.migration.filling.filling import read_counts
from store.migration.inspection.shapes import LEGACY_SHAPES
from store.sqlite.sqlite_errors import database_errors

_LOOK_MS = 1_000
_NOTHING = "nothing of it was changed"
_NEXT = "then run the same command again: it goes on from there"


@contextlib.contextmanager
def told_where_it_stands(job: Job) -> Iterator[None]:
    """Say of what stops the block what is in the file by then.

    Raises
    ------
    MigrationInterruptedError
        By a signal.
    DatabaseIOError, DatabaseBusyError
        A full disk, a failing one, or another program's lock.
    """
    try:
        with database_errors(job.path):
            yield
    except (KeyboardInterrupt, apsw.InterruptError):
        raise MigrationInterruptedError(job.path, position(job), job.backup.path) from None
    except (DatabaseIOError, DatabaseBusyError) as error:
        raise type(error)(job.path, f"{error.problem}; {in_file(job)}", f"{error.remedy}, {_NEXT}") from error


def position(job: Job) -> str:
    """How far a run is, in words; the file is asked again where what stopped the run stops the first question."""
    with contextlib.suppress(apsw.InterruptError):
        return _read_position(job)
    return _read_position(job)


def _read_position(job: Job) -> str:
    if not job.migration_id:
        return "before its first change"
    counts, _ = read_counts(job)
    _, texts = ledger.read_step(job.connection, job.migration_id, ledger.LEGACY_STEP)
    converted = f" and {texts['position']:,} payload texts" if texts else ""
    return f"after {counts.rows:,} turns{converted}"


def in_file(job: Job) -> str:
    """What of the run is in the file by now, as what is committed says: ``in it by now: 512 of 600 turns filled``."""
    job.connection.set_busy_timeout(_LOOK_MS)
    try:
        with database_errors(job.path):
            return _read_in_file(job)
    except (DatabaseFileError, LedgerError):
        return "what of the migration is in it cannot be read now: turntruth doctor tells it"


def _read_in_file(job: Job) -> str:
    run = ledger.unfinished_run(job.connection)
    if run is None or run.migration_id != job.migration_id:
        return _NOTHING
    done = [f"the columns {run.columns_added.replace(',', ', ')}"] if run.columns_added else []
    if run.shape in LEGACY_SHAPES:
        _, texts = ledger.read_step(job.connection, run.migration_id, ledger.LEGACY_STEP)
        done = [f"the new tables, and the turns of {texts.get('position', 0):,} payload texts"]
    counts, _ = read_counts(job)
    turns = job.connection.execute("SELECT count(*) FROM turns").get
    done.append(f"{counts.rows:,} of {turns:,} turns filled")
    return f"in it by now: the record of the run, {', '.join(done)}"
