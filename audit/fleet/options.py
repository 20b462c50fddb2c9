"""How the files of a fleet are audited: the same for all of them, and kept with the fleet, which can be resumed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

from audit.checks.catalog import load_catalog
from audit.files.regular_file import read_bounded
from audit.fleet.manifest import FleetFile
from audit.pipeline.settings import DEFAULT_SAMPLE_SIZE, AuditSettings
from audit.policy.configuration import Configuration, find_configuration
from audit.policy.selection import Selection
from audit.policy.verdict import Gate
from audit.processes.address_space import DEFAULT_MEMORY_BYTES
from audit.results.record_json import plain

_CONFIGURATION_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class FleetOptions:
    """What a fleet is asked to do with each of its files."""

    fail_on: Annotated[str, "Lowest severity that fails a file: critical, warning, info or never."] = "critical"
    cutover_ms: Annotated[int, "Time of the migration where a ledger does not tell, 0 for none."] = 0
    require: Annotated[tuple[str, ...], "Inputs without which a file counts as incomplete."] = ()
    allow_empty: Annotated[str, "'yes' where a file without turns is no error."] = ""
    registry: Annotated[str, "The profile registry, '' for none."] = ""
    own_checks: Annotated[tuple[str, ...], "Folders of own checks."] = ()
    select: Annotated[tuple[str, ...], "Suites and checks that are run, () for all."] = ()
    exclude: Annotated[tuple[str, ...], "Suites and checks that are not run."] = ()
    configuration: Annotated[str, "The file with the team's policy, '' for none."] = ""
    sample_size: Annotated[int, "Findings of each check that a page shows."] = DEFAULT_SAMPLE_SIZE
    memory_bytes: Annotated[int, "What DuckDB may use in each worker."] = DEFAULT_MEMORY_BYTES

    def template(self) -> AuditSettings:
        """The settings that all files share; raises what is wrong with them."""
        team = find_configuration(Path(self.configuration)) if self.configuration else Configuration()
        return AuditSettings(
            path=Path("turns.db"),
            fail_on=Gate(self.fail_on),
            cutover_ms=self.cutover_ms or None,
            require=self.require,
            allow_empty=bool(self.allow_empty),
            registry=Path(self.registry) if self.registry else None,
            sample_size=self.sample_size,
            memory_bytes=self.memory_bytes,
            own_checks=tuple(map(Path, self.own_checks)),
            selection=Selection(self.select, self.exclude),
            policy=team.policy,
            configuration=team.path,
        )

    def digest(self) -> str:
        """Hex SHA-256 of all that an outcome depends on beside the files: settings, checks, policy, versions."""
        checks = load_catalog(None, tuple(map(Path, self.own_checks))).checks
        read = [self.configuration, self.registry]
        said = {
            "options": plain(replace(self, memory_bytes=0)),
            "files": [read_bounded(path, _CONFIGURATION_BYTES).hex() if path else "" for path in read],
            "checks": [repr(check) for check in checks],
            "versions": {name: version(name) for name in ("turntruth", "duckdb", "apsw")},
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def settings_of(template: AuditSettings, file: FleetFile) -> AuditSettings:
    """The settings for one file of a fleet."""
    return replace(
        template,
        path=Path(file.path),
        timeline=Path(file.timeline) if file.timeline else None,
        baseline=Path(file.baseline) if file.baseline else None,
    )
