"""What migrating a fleet would do: each file is asked, all are added up, and so are the disks for the backups."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from audit.fleet.manifest import FleetFile
from audit.fleet.migration.crew import Ask, Crew
from audit.fleet.migration.file_work import Action, FileWork, Foreseen, Outcome, Question
from audit.fleet.migration.waves import require_unlike_files
from audit.results.record_json import read_record

LEAST_S = 0.5
"""What a file takes however small it is: its backup and a dozen commits, each of which waits for the disk."""
WOULD_MIGRATE, REFUSED = "would_migrate", "refused"

Progress = Callable[[int, int, "ForeseenFile"], None]


@dataclass(frozen=True, slots=True)
class ForeseenFile:
    """What migrating one file of a fleet would do."""

    tenant: Annotated[str, "The tenant."]
    path: Annotated[str, "The turns database."]
    foreseen: Annotated[Foreseen, "What its own plan says."]


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk on which files of the fleet lie; sizes in bytes."""

    folder: Annotated[str, "A folder on it, with a file of the fleet."]
    files: Annotated[int, "Files on it that would be migrated."]
    backup_bytes: Annotated[int, "What their backups take."]
    growth_bytes: Annotated[int, "What the files grow by."]
    passing_bytes: Annotated[int, "What is taken at most meanwhile, and free again afterwards."]
    free_bytes: Annotated[int, "What it has left."]

    @property
    def needed_bytes(self) -> int:
        """All of it together."""
        return self.backup_bytes + self.growth_bytes + self.passing_bytes

    @property
    def is_enough(self) -> bool:
        """Whether it has room for all of that."""
        return self.needed_bytes <= self.free_bytes


@dataclass(frozen=True, slots=True)
class FleetPlan:
    """The prediction for all files; times are estimates from how fast each was read just now."""

    files: Annotated[tuple[ForeseenFile, ...], "One a row of the manifest, in its order."]
    disks: Annotated[tuple[Disk, ...], "The disks of the files that would be migrated."]
    jobs: Annotated[int, "Processes at once."]

    def with_status(self, status: str) -> tuple[ForeseenFile, ...]:
        """The files of which their plan says so."""
        return tuple(file for file in self.files if file.foreseen.status == status)

    @property
    def seconds(self) -> float:
        """How long it takes, estimated; not shorter than the longest file."""
        each = [max(file.foreseen.seconds, LEAST_S) for file in self.with_status(WOULD_MIGRATE)]
        return max(sum(each) / self.jobs, max(each, default=0.0))

    @property
    def is_possible(self) -> bool:
        """Whether no file would be refused and there is room for every backup."""
        return not self.with_status(REFUSED) and all(disk.is_enough for disk in self.disks)


def plan_fleet(
    files: Sequence[FleetFile],
    work: FileWork,
    *,
    jobs: int = 1,
    evidence: str = "all",
    rebuild: str = "",
    progress: Progress | None = None,
) -> FleetPlan:
    """Ask of each file what migrating it would do; nothing is written, a file that cannot be told of is refused."""
    require_unlike_files(files)

    def foresee(file: FleetFile, ask: Ask) -> ForeseenFile:
        answer = ask(Question(Action.FORESEE, file.path, evidence=evidence, rebuild=rebuild))
        if answer.outcome is Outcome.DONE:
            return ForeseenFile(file.tenant, file.path, read_record(Foreseen, answer.said))
        refused = Foreseen(REFUSED, "", answer.reason, size_bytes=_size_bytes(file.path))
        return ForeseenFile(file.tenant, file.path, refused)

    found: dict[str, ForeseenFile] = {}
    with Crew(work, jobs) as crew:
        for each in crew.run(files, foresee):
            found[each.path] = each
            if progress is not None:
                progress(len(found), len(files), each)
    in_order = tuple(found[file.path] for file in files)
    return FleetPlan(in_order, _disks(in_order, jobs), jobs)


def _disks(files: Sequence[ForeseenFile], jobs: int) -> tuple[Disk, ...]:
    """The disks, those with the most files first."""
    by_device: dict[int, list[ForeseenFile]] = {}
    for file in files:
        if file.foreseen.status == WOULD_MIGRATE:
            by_device.setdefault(_folder_of(file).stat().st_dev, []).append(file)
    disks = []
    for there in by_device.values():
        passing = sorted((file.foreseen.passing_bytes for file in there), reverse=True)
        disks.append(
            Disk(
                str(_folder_of(there[0])),
                len(there),
                sum(file.foreseen.backup_bytes for file in there),
                sum(file.foreseen.growth_bytes for file in there),
                sum(passing[:jobs]),
                shutil.disk_usage(_folder_of(there[0])).free,
            )
        )
    return tuple(sorted(disks, key=lambda disk: -disk.files))


def _folder_of(file: ForeseenFile) -> Path:
    return Path(file.path).absolute().parent


def _size_bytes(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116  names that are no UTF-8 stay as they are
    except (OSError, ValueError):
        return 0
