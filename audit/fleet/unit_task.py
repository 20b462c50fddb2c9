"""The work on one file of a fleet, wherever it is done: in a worker of the pool or in a task of Spark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from audit.errors import AuditError, InputFileError
from audit.fleet.fleet_folder import OUTCOME_FILE, FleetFolder
from audit.fleet.manifest import FleetFile, is_uri
from audit.fleet.options import FleetOptions, settings_of
from audit.fleet.outcome import Outcome, blank_checks
from audit.fleet.outcome_key import outcome_key
from audit.fleet.pairs.pair_unit import PairRunner, PairStand
from audit.pipeline.plan import choose_checks
from audit.pipeline.unit import UnitRunner
from audit.results.records import CheckResult

AUDITED, REUSED, ERRORED = "audited", "reused", "errored"


@dataclass(frozen=True, slots=True)
class Task:
    """What every file is audited with; ``asked`` is the digest of the options, ``reuse`` takes outcomes over."""

    options: FleetOptions
    asked: str
    reuse: bool


class TaskRunner:
    """Does the work on one file after the other; a context manager, which is kept warm between them."""

    def __init__(self, folder: FleetFolder, task: Task) -> None:
        self._folder = folder
        self._task = task
        self._template = task.options.template()
        self._checks: dict[str, CheckResult] = checks_of(task.options)
        self._runner: UnitRunner | None = None
        self._pairs: PairRunner | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._runner is not None:
            self._runner.__exit__(None, None, None)
            self._runner = None
        if self._pairs is not None:
            self._pairs.__exit__(None, None, None)
            self._pairs = None

    def run(self, file: FleetFile) -> str:
        """Write the outcome of a file, whatever it is, and say how it came about."""
        key = ""
        try:
            # Looked at before the key is made: what is written from here on is noticed.
            pair = PairStand(file) if file.is_pair else None
            key = outcome_key(file, self._task.asked)
            if self._task.reuse and key:
                earlier = self._folder.read_outcome(file, self._checks)
                if earlier is not None and earlier.key == key and not earlier.error:
                    return REUSED
            return self._audit(file, key) if pair is None else self._compare(file, pair, key)
        except AuditError as error:
            self._folder.write_error(file, key, type(error).__name__, str(error))
        except Exception as error:  # noqa: BLE001  whatever is wrong with one file is told, and the others go on
            self.__exit__()
            self._folder.write_error(file, "", type(error).__name__, f"{file.path}: {type(error).__name__}: {error}")
        return ERRORED

    def _audit(self, file: FleetFile, key: str) -> str:
        uri = next((path for path in file.paths if is_uri(path)), "")
        if uri:
            raise InputFileError(uri, "only Spark reads files by URI", "Use --engine spark, or name a path")
        if self._runner is None:
            self._runner = UnitRunner(self._template).__enter__()
        with self._folder.new_place(file) as place:
            result = self._runner.run(settings_of(self._template, file), place)
            (place / OUTCOME_FILE).write_bytes(Outcome(file.tenant, file.path, key, result=result).to_bytes())
        return AUDITED

    def _compare(self, file: FleetFile, pair: PairStand, key: str) -> str:
        if self._pairs is None:
            self._pairs = PairRunner(self._task.options.fail_on, self._task.options.sample_size)
        with self._folder.new_place(file) as place:
            result = self._pairs.run(pair, place, is_closed=bool(key))
            # What was not judged, for want of time or memory, may be the next time.
            now = "" if result.not_looked_at else pair.key_now(key)
            outcome = Outcome(file.tenant, file.path, now, result=result)
            (place / OUTCOME_FILE).write_bytes(outcome.to_bytes())
        return AUDITED


def checks_of(options: FleetOptions) -> dict[str, CheckResult]:
    """Every check of a fleet with these options, by name, as it is before any file is read."""
    chosen = choose_checks(options.template())
    return blank_checks(chosen.catalog, chosen.left_out)
