"""Small fleets: files of different tenants, healthy or damaged, and runs over them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import duckdb

from audit.checks.runner import create_findings
from audit.demo.corpus import write_corpus
from audit.demo.corpus_shape import CorpusShape
from audit.fleet.fleet_folder import FleetFolder
from audit.fleet.fleet_result import FleetResult
from audit.fleet.fleet_run import Engine, FleetRequest, audit_fleet
from audit.fleet.manifest import FleetFile
from audit.fleet.options import FleetOptions
from audit.fleet.pool import Finished
from audit.fleet.report.written_fleet import write_fleet
from audit.fleet.roll_up import ListedFile, fill_tables
from audit.fleet.unit_task import Task, TaskRunner, checks_of
from store.migration import migrate


def make_tenant(folder: Path, tenant: str, seed: int) -> FleetFile:
    """A migrated turns database with its conversation file and the database of before."""
    place = folder / tenant
    place.mkdir(parents=True)
    shape = CorpusShape(turns=60, conversations=4, seed=seed, malformed=0, unknown=0.1, unattributed=0)
    files = write_corpus(place, shape)
    shutil.copy(files.turns, place / "baseline.db")
    migrate(files.turns)
    return FleetFile(seed, tenant, str(files.turns), str(place / "timeline.db"))


class ThisProcess:
    """An engine that audits one file after the other here: processes take longer to start than small files to audit."""

    def __init__(self, folder: FleetFolder, task: Task) -> None:
        self._folder = folder
        self._task = task

    def run(self, files: Sequence[FleetFile]) -> Iterator[Finished]:
        """Audit them in the order of the manifest."""
        with TaskRunner(self._folder, self._task) as runner:
            for file in files:
                yield Finished(file, runner.run(file))


def run_fleet(
    out: Path,
    files: Sequence[FleetFile],
    *,
    engine: Callable[[FleetFolder, Task], Engine] = ThisProcess,
    options: FleetOptions | None = None,
    **asked: object,
) -> FleetResult:
    """Audit them and write everything that the command writes; tests of processes name `LocalPool`."""
    import audit.great_expectations.validation  # noqa: F401, PLC0415  else each run would start a process to judge

    folder = FleetFolder(out)
    with folder.working():
        request = FleetRequest(tuple(files), options or FleetOptions(), engine, **asked)  # type: ignore[arg-type]  # as the tests say
        result = audit_fleet(folder, request)
        write_fleet(folder, result)
    return result


def rolled_up(root: Path) -> Path:
    """A database of what checks across files read, of four healthy tenants, two of which are shards of one store."""
    folder = FleetFolder(root / "out")
    options = FleetOptions()
    checks = checks_of(options)
    listed = []
    with folder.working(), TaskRunner(folder, Task(options, options.digest(), reuse=False)) as runner:
        for seed, tenant in enumerate(("acme", "brook", "cedar", "delta"), start=21):
            file = make_tenant(root, tenant, seed)
            runner.run(file)
            outcome = folder.read_outcome(file, checks)
            assert outcome is not None
            assert outcome.result is not None
            listed.append(ListedFile(file, outcome.result.inputs[0].sha256, outcome.result.coverage))
    path = root / "rolled.duckdb"
    with duckdb.connect(str(path)) as connection:
        fill_tables(connection, folder, listed)
        for table in ("tenants", "turn_keys", "conversation_keys"):
            connection.execute(f"UPDATE {table} SET store = 'shared' WHERE tenant IN ('acme', 'brook')")
        create_findings(connection)
    return path
