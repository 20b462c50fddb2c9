"""What one audit is going to do, found out before any work is done: whatever can be refused is refused here."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from audit.certificates.digest import digest
from audit.checks.catalog import BrokenCheck, Catalog, load_catalog
from audit.checks.check import Check
from audit.checks.runner import QueryColumns
from audit.errors import UsageError
from audit.pipeline.change_statement import READ as CHANGES_READ
from audit.pipeline.context import AuditContext
from audit.pipeline.settings import AuditSettings
from audit.policy.selection import split_catalog
from audit.references.fingerprints import require_earlier_run
from audit.report import run_folder
from audit.results.records import InputFile
from audit.staging.demand.demand import Demand, demand_of
from audit.staging.registry import read_registry

OWN_READING = ("coverage", "migration", "turn_evidence", *CHANGES_READ)
"""What an audit reads beside its checks."""


@dataclass(frozen=True, slots=True)
class ChosenChecks:
    """The checks of an audit, those left out, what of the files they read, and what has been learned of their queries.

    The same for every file that is audited with the same settings.
    """

    catalog: Catalog
    left_out: tuple[Check | BrokenCheck, ...]
    demand: Demand
    columns: QueryColumns = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """The checks of one audit, those left out, and what of the files they read.

    ``columns`` is what has been learned of their queries. ``registry`` is the profile registry as an
    input file, with the names of its profiles in ``slugs``.
    """

    run_id: str
    catalog: Catalog
    left_out: tuple[Check | BrokenCheck, ...]
    demand: Demand
    registry: InputFile | None = None
    slugs: tuple[str, ...] = ()
    columns: QueryColumns = field(default_factory=dict)


def choose(audit: AuditContext) -> ChosenChecks:
    """Look at the checks that were asked for.

    Raises
    ------
    UsageError
        A name of a check is not known, or a folder of checks holds none.
    """
    return choose_checks(audit.settings)


def choose_checks(settings: AuditSettings) -> ChosenChecks:
    """The checks of every audit with these settings, whatever its files; raises what `choose` does."""
    every = load_catalog(settings.checks, settings.own_checks)
    settings.policy.require_known_checks(every)
    catalog, left_out = split_catalog(every, settings.selection)
    demand = demand_of([*OWN_READING, *(text for each in catalog.checks for text in (each.sql, each.scans))])
    return ChosenChecks(catalog, left_out, demand)


def plan(audit: AuditContext, chosen: ChosenChecks) -> Plan:
    """Look at all that was asked for.

    Raises
    ------
    UsageError
        Something is wrong with it, or with a file that is read whole by now (``InputFileError``).
    """
    settings = audit.settings
    run_id = run_folder.check_run_id(settings.run_id or run_folder.new_run_id())
    if settings.out_dir is not None:
        run_folder.check_writable(settings.out_dir, run_id, settings.read_files)
    registry, slugs = _read_registry(settings.registry) if settings.registry is not None else (None, ())
    if settings.against is not None:
        require_earlier_run(settings.against)
    _require_different_files(settings)
    return Plan(run_id, chosen.catalog, chosen.left_out, chosen.demand, registry, slugs, chosen.columns)


def _read_registry(path: Path) -> tuple[InputFile, tuple[str, ...]]:
    slugs = read_registry(path)
    sha256, size_bytes = digest(str(path))
    return InputFile("registry", str(path), size_bytes, sha256, {"profiles": len(slugs)}), slugs


def _require_different_files(settings: AuditSettings) -> None:
    seen: list[tuple[str, Path]] = []
    for role, path in settings.database_paths.items():
        for other_role, other in seen:
            if path.exists() and other.exists() and path.samefile(other):
                raise UsageError(
                    f"{path}: given as {other_role} and as {role}. A file cannot be compared with itself: name another"
                )
        seen.append((role, path))
