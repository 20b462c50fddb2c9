"""What a fleet is found to be: one row a tenant, the checks over all of them, one verdict."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from audit.fleet.options import FleetOptions
from audit.results.record_json import RecordFormatError, plain, read_record
from audit.results.records import AuditResult, Coverage, InputFile, Verdict

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class TenantCause:
    """What is wrong with a tenant's file, in a sentence."""

    check: Annotated[str, "The check that named it."]
    severity: Annotated[str, "critical, warning or info."]
    sentence: Annotated[str, "What a person would say."]


@dataclass(frozen=True, slots=True)
class TenantRow:
    """One row of the manifest and its outcome."""

    tenant: Annotated[str, "The tenant."]
    path: Annotated[str, "The database."]
    verdict: Annotated[Verdict, "Of this file alone."]
    how: Annotated[str, "audited, reused (taken over, for no byte has changed), errored or missing (no outcome)."]
    error: Annotated[str, "Why it could not be read, '' if it was."] = ""
    store: Annotated[str, "The store that it is a shard of, '' for none."] = ""
    labels: Annotated[Mapping[str, str], "Of the manifest."] = field(default_factory=dict)
    inputs: Annotated[tuple[InputFile, ...], "The files that were read."] = ()
    coverage: Annotated[Coverage, "How much of its history is known."] = field(default_factory=Coverage)
    findings: Annotated[Mapping[str, int], "Severity to open findings."] = field(default_factory=dict)
    failed: Annotated[Mapping[str, int], "Check to open findings."] = field(default_factory=dict)
    errored: Annotated[tuple[str, ...], "Checks that could not be made."] = ()
    causes: Annotated[tuple[TenantCause, ...], "What is wrong, the gravest first."] = ()
    place: Annotated[str, "The folder of its outcome, below outcomes/."] = ""
    before: Annotated[str, "What it was compared with, '' where it was audited."] = ""
    contract: Annotated[str, "The contract by which, '' where it was audited."] = ""
    claims: Annotated[tuple[str, ...], "The claims that were judged, by the names of their checks."] = ()


@dataclass(frozen=True, slots=True)
class FleetResult:
    """One run over a fleet.

    ``total`` is the roll-up as if it were the audit of one file: its checks count the rows of all tenants, and those of
    the suite ``fleet`` hold across files. Great Expectations has judged it, once.
    """

    run_id: Annotated[str, "Name of the run."]
    verdict: Annotated[Verdict, "errored while a listed file is unread, whatever else was found."]
    tenants: Annotated[tuple[TenantRow, ...], "One a row of the manifest, in its order."]
    total: Annotated[AuditResult, "The roll-up."]
    options: Annotated[FleetOptions, "How the files were audited."]
    notes: Annotated[tuple[str, ...], "What a reader should know besides, one sentence each."] = ()
    schema_version: Annotated[int, "Version of this format."] = SCHEMA_VERSION

    def to_json_text(self) -> str:
        """The text of ``fleet.json``."""
        return json.dumps(plain(self), ensure_ascii=False, allow_nan=False, indent=1) + "\n"

    @classmethod
    def from_json_text(cls, text: str | bytes) -> FleetResult:
        """Read what `to_json_text` wrote.

        Raises
        ------
        RecordFormatError
            It is no result of a fleet, or one of another version.
        """
        try:
            document: Any = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise RecordFormatError("the file", "JSON", str(error)) from error
        if isinstance(document, Mapping) and document.get("schema_version") != SCHEMA_VERSION:
            raise RecordFormatError("schema_version", str(SCHEMA_VERSION), document.get("schema_version"))
        return read_record(cls, document)

    def of(self, verdict: Verdict) -> tuple[TenantRow, ...]:
        """The tenants with this verdict."""
        return tuple(tenant for tenant in self.tenants if tenant.verdict is verdict)
