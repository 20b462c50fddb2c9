"""What one audit is asked to do; checked when it is made, so that nothing wrong is found out after the work."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.resources.abc import Traversable
from pathlib import Path

from audit.errors import UsageError
from audit.files.permissions import Permissions
from audit.policy.policy import Policy
from audit.policy.selection import Selection
from audit.policy.verdict import Gate
from audit.processes.address_space import DEFAULT_MEMORY_BYTES
from audit.redaction.key_file import RedactionKey

DEFAULT_SAMPLE_SIZE = 50
REQUIRABLE = ("timeline", "baseline", "registry", "cutover", "ledger", "against", "api")


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """One audit.

    Attributes
    ----------
    path, timeline, baseline
        The database under audit, its conversation index, and the database as it was before the migration.
    out_dir
        Folder in which the folder of the run is made; None writes no report.
    run_id
        Name of the run, '' for one made from the time.
    cutover_ms
        Start of the new regime, used where the file's own ledger does not tell; epoch milliseconds.
    require
        Inputs without which the audit counts as incomplete instead of skipping checks.
    sample_size
        Findings of each check that the report shows; findings.csv has all.
    against
        Folder of an earlier run; what that saw of a turn must still be so.
    api, api_token
        Address of a debug API whose answers must be those of the file, and the token it asks for.
    checks
        Folder of suites; None means the checks that come with the package.
    own_checks
        Folders of a team's own suites, beside them.
    selection
        Which of all those checks are run.
    policy
        What the team makes of findings.
    configuration
        The file in which the team has said so, if it was one.
    full_integrity
        Compare every index with its table; otherwise only those of turns and conversations are.
    mode
        Octal digits such as 640 for what is written; '' for what all the files that were read have in common.
    redact, redaction_key
        Replace ids, paths and values in everything that is written: by numbers, or by pseudonyms of a key.

    Examples
    --------
    >>> from pathlib import Path
    >>> settings = AuditSettings(Path("turns.db"), timeline=Path("timeline.db"), baseline=Path("before.db"))
    >>> settings.sample_size
    50
    """

    path: Path
    timeline: Path | None = None
    baseline: Path | None = None
    out_dir: Path | None = None
    run_id: str = ""
    fail_on: Gate = Gate.CRITICAL
    cutover_ms: int | None = None
    require: tuple[str, ...] = ()
    allow_empty: bool = False
    registry: Path | None = None
    sample_size: int = DEFAULT_SAMPLE_SIZE
    memory_bytes: int = DEFAULT_MEMORY_BYTES
    against: Path | None = None
    api: str = ""
    api_token: str = field(default="", repr=False)
    checks: Traversable | None = None
    own_checks: tuple[Path, ...] = ()
    selection: Selection = field(default_factory=Selection)
    policy: Policy = field(default_factory=Policy)
    configuration: Path | None = None
    full_integrity: bool = False
    mode: str = ""
    redact: bool = False
    redaction_key: RedactionKey | None = None

    def __post_init__(self) -> None:
        unknown = [word for word in self.require if word not in REQUIRABLE]
        if unknown:
            raise UsageError(f"cannot require {', '.join(unknown)}: known are {', '.join(REQUIRABLE)}")
        if self.sample_size < 1:
            # The verdict is judged on the sample: without a single row every check would seem to hold.
            raise UsageError(f"the sample needs at least one row a check, not {self.sample_size}")
        if self.mode:
            Permissions.asked_for(self.mode)
        if self.api and not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", self.api):
            raise UsageError(
                f"API {self.api!r}: wanted an address such as http://127.0.0.1:8765, without query or user"
            )

    @property
    def database_paths(self) -> dict[str, Path]:
        """Role to path of the SQLite files that were given, the one under audit first."""
        given = {"turns": self.path, "timeline": self.timeline, "baseline": self.baseline}
        return {role: path for role, path in given.items() if path is not None}

    @property
    def read_files(self) -> tuple[Path, ...]:
        """Every file that somebody gave to be read, those of an earlier run one by one."""
        others = (self.registry, self.configuration)
        earlier = self.against.iterdir() if self.against is not None and self.against.is_dir() else ()
        return (*self.database_paths.values(), *(path for path in others if path is not None), *sorted(earlier))

    @property
    def permissions(self) -> Permissions:
        """Who may look into what this audit writes."""
        return Permissions.asked_for(self.mode) if self.mode else Permissions.of(self.read_files)


def parse_cutover(text: str) -> int:
    """Epoch milliseconds of a cutover given as such or in ISO 8601; a time without zone is UTC."""
    stripped = text.strip()
    if re.fullmatch(r"[0-9]+", stripped, re.ASCII):
        return int(stripped)
    try:
        moment = datetime.fromisoformat(stripped)
    except ValueError:
        raise UsageError(
            f"cutover {text!r}: wanted ISO 8601 such as 2026-02-24T10:15:00Z, or milliseconds since 1970"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - datetime.fromtimestamp(0, UTC)) // timedelta(milliseconds=1)


def parse_words(texts: Sequence[str]) -> tuple[str, ...]:
    """The words of options that may be repeated and may hold comma-separated lists."""
    return tuple(word.strip() for text in texts for word in text.split(",") if word.strip())
