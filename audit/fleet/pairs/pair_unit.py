"""The unit of a row that is compared: the outcome of one pair, and what `turntruth diff --out` would keep of it."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from audit.certificates.digest import digest
from audit.contract.kept_contract import KeptContract
from audit.diff.pair_folder import CONTRACT_FILE, Stand, findings_to_parquet
from audit.diff.pair_record import record_of, record_text
from audit.diff.pair_result import PairResult
from audit.diff.warm_comparison import WarmComparison
from audit.files.private_folder import PrivateFolder
from audit.fleet.fleet_folder import FINDINGS_FILE
from audit.fleet.manifest import FleetFile
from audit.fleet.pairs.claim_checks import ClaimChecks
from audit.pipeline.run import utc_now
from audit.policy.verdict import Gate, decide
from audit.results.records import AuditResult, Coverage, InputFile
from audit.staging.access import signature_of

RECORD_FILE = "comparison.json"
"""What `turntruth diff --out` writes as results.json, without the name of a run."""
DIFFERENCES_FILE = "differences.parquet"
"""What it writes as findings.parquet; not there where nothing was found."""


class PairStand:
    """The files of a row as they were before its key was made of them."""

    def __init__(self, file: FleetFile) -> None:
        self.contract = Path(file.contract)
        self.stand = Stand.of(Path(file.before), Path(file.path))
        self._contract_was = signature_of(self.contract)

    def key_now(self, key: str) -> str:
        """The key, '' where it is of other bytes than those that were compared, or may be."""
        return key if self.stand.is_still_so and signature_of(self.contract) == self._contract_was else ""


class PairRunner:
    """Takes the units of many pairs, one after the other; a context manager.

    Parameters
    ----------
    fail_on
        Lowest severity of a finding that fails a file; all that breaks a contract is critical.
    sample_size
        Findings of each claim that a page shows.
    """

    def __init__(self, fail_on: str, sample_size: int, clock: Callable[[], datetime] = utc_now) -> None:
        self._gate = Gate(fail_on)
        self._sample_size = sample_size
        self._clock = clock
        self._comparison = WarmComparison()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._comparison.__exit__(kind, error, trace)

    def run(self, pair: PairStand, into: Path, *, is_closed: bool) -> AuditResult:
        """What the comparison says, not judged; its record, findings and contract lie in ``into`` afterwards.

        ``is_closed`` says that this process has none of the files open, so that it may read them itself.

        Raises
        ------
        PairFileError
            A file cannot be read, or the contract cannot be used for them.
        ContractError
            The contract cannot be read, or was written to meanwhile.
        """
        started = self._clock()
        before, after = pair.stand.paths["before"], pair.stand.paths["after"]
        with PrivateFolder() as folder:
            result = self._comparison.compare(before, after, pair.contract, folder)
            inputs = pair.stand.inputs(_hash_here if is_closed else None)
            times = _iso(started), _iso(self._clock())
            record = record_of(result, "", times, inputs)
            judged_by = result.judged_by
            assert judged_by is not None, "it was compared under a contract"
            (into / CONTRACT_FILE).write_bytes(judged_by.content)
            (into / RECORD_FILE).write_text(record_text(record), encoding="utf-8")
            checks = ClaimChecks(judged_by.contract, result, self._sample_size)
            _keep_findings(result, checks, folder / "findings.ndjson", into)
        return self._result(result, checks, times, [*map(_input, inputs, _rows(result)), _contract(judged_by)])

    def _result(
        self, result: PairResult, checks: ClaimChecks, times: tuple[str, str], inputs: list[InputFile]
    ) -> AuditResult:
        judged = tuple(checks.results())
        not_looked_at = tuple(f"{what}: {problem}" for what, problem in result.errors.items())
        return AuditResult(
            run_id="",
            verdict=decide(judged, self._gate, not_looked_at),
            gate=self._gate.value,
            started_at=times[0],
            finished_at=times[1],
            inputs=tuple(inputs),
            checks=judged,
            coverage=Coverage(),
            versions={"turntruth": version("turntruth"), "apsw": version("apsw"), "python": platform.python_version()},
            not_looked_at=not_looked_at,
            notes=tuple(result.notes()),
            causes=checks.causes(),
        )


def _keep_findings(result: PairResult, checks: ClaimChecks, lines: Path, into: Path) -> None:
    """Write all findings, as those of a comparison and as those of a fleet, if there are any."""
    number = 0
    with lines.open("wb") as stream:
        for finding in result.findings():
            stream.write(orjson.dumps(asdict(checks.add(finding)), option=orjson.OPT_APPEND_NEWLINE))
            number += 1
    if number:
        sql = files("audit.fleet.pairs").joinpath("sql", "tenant_findings.sql").read_text("utf-8")
        findings_to_parquet(lines, into / FINDINGS_FILE, sql)
        findings_to_parquet(result.findings_path, into / DIFFERENCES_FILE)


def _input(entry: Mapping[str, Any], rows: Mapping[str, int]) -> InputFile:
    return InputFile(entry["role"], entry["path"], entry["size_bytes"], entry["sha256"], rows)


def _rows(result: PairResult) -> tuple[dict[str, int], dict[str, int]]:
    return {each.table: each.rows_before for each in result.tables}, {
        each.table: each.rows_after for each in result.tables
    }


def _contract(judged_by: KeptContract) -> InputFile:
    return InputFile("contract", str(judged_by.path), len(judged_by.content), judged_by.sha256, {})


def _hash_here(path: Path) -> str:
    return digest(str(path))[0]


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
