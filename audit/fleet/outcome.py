"""What became of one file of a fleet: what it says, not judged, or why it could not be read."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from audit.checks.catalog import Catalog
from audit.checks.check import CONTRACT_SUITE
from audit.checks.runner import blank_result, errored_file
from audit.results.record_json import RecordFormatError, plain, read_record
from audit.results.records import AuditResult, CheckResult

_OF_THE_CHECK = ("suite", "title", "remedy", "sql", "sql_sha256")
"""What is the same in every file, and written down once a fleet; not of claims, for each contract has its own."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row of the manifest and its end; exactly one of ``error`` and ``result`` is there."""

    tenant: Annotated[str, "The tenant of the row."]
    path: Annotated[str, "The database."]
    key: Annotated[str, "What it depends on: bytes of the files, checks, settings, versions; '' where not known."]
    error: Annotated[str, "Why the file could not be read, '' if it was."] = ""
    cause: Annotated[str, "The kind of that error, by its class."] = ""
    result: Annotated[AuditResult | None, "What the file says."] = None

    def to_bytes(self) -> bytes:
        """Compressed JSON, without what the catalogue of the fleet says of the checks."""
        document = plain(self)
        for check in document["result"]["checks"] if self.result is not None else ():
            for name in _OF_THE_CHECK if check["suite"] != CONTRACT_SUITE else ():
                del check[name]
        # Without a time in its header the same outcome is the same bytes.
        return gzip.compress(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(), mtime=0)

    @classmethod
    def from_bytes(cls, content: bytes, checks: Mapping[str, CheckResult]) -> Outcome:
        """Read what `to_bytes` wrote; ``checks`` are those of the catalogue, by name.

        Raises
        ------
        RecordFormatError
            It is no outcome, or one of other checks.
        """
        try:
            document = json.loads(gzip.decompress(content))
            texts = {name: str(document[name]) for name in ("tenant", "path", "key", "error", "cause")}
            result = document["result"]
            if result is not None:
                for check in result["checks"]:
                    if check.get("suite") != CONTRACT_SUITE:
                        known = checks[check["check"]]
                        check |= {name: getattr(known, name) for name in _OF_THE_CHECK}
        except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise RecordFormatError("the outcome", "JSON of a file of this fleet", repr(error)) from error
        return cls(**texts, result=None if result is None else AuditResult.from_json(result))


def blank_checks(catalog: Catalog, left_out: Iterable[Any] = ()) -> dict[str, CheckResult]:
    """What is known of each check before any file is read, by name."""
    blank = [blank_result(check) for check in catalog.checks]
    blank += [errored_file(broken) for broken in catalog.broken]
    blank += [errored_file(each) if hasattr(each, "error") else blank_result(each) for each in left_out]
    return {each.check: each for each in blank}


def checks_to_json(checks: Mapping[str, CheckResult]) -> str:
    """The catalogue of a fleet as text."""
    return json.dumps([plain(replace(check, error="")) for check in checks.values()], ensure_ascii=False, indent=1)


def checks_from_json(text: bytes) -> dict[str, CheckResult]:
    """Read what `checks_to_json` wrote; ``RecordFormatError`` where it is none."""
    try:
        found = [read_record(CheckResult, document) for document in json.loads(text)]
    except (ValueError, TypeError) as error:
        raise RecordFormatError("the catalogue", "a list of checks", str(error)) from error
    return {check.check: check for check in found}
