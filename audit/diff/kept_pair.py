"""A comparison that was kept, told again out of its folder: the two files are not read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import duckdb
from jinja2 import TemplateError

from audit.checks.findings_parquet import FINDINGS_PARQUET
from audit.diff.pair_record import COLUMNS
from audit.diff.pair_result import Aside, PairResult, Place, TableRows
from audit.errors import InputFileError
from audit.files.literal_pattern import literal_pattern
from audit.files.private_folder import PrivateFolder
from audit.files.regular_file import open_regular
from audit.report.run_folder import RESULTS_FILE, read_results
from audit.results.comparison_verdict import ComparisonVerdict, concluded, contradiction
from audit.staging.warehouse import quote_identifier

_MEMORY = "512MB"
_CHUNK_ROWS = 1_000
_REMEDY = "See `turntruth verify`, or compare the files again"


class KeptPairError(InputFileError):
    """The folder of a comparison is damaged."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class KeptPair(PairResult):
    """What a comparison came to when it was made; ``record`` is its results.json, whose notes stand."""

    record: Mapping[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> ComparisonVerdict:
        """As it was concluded then, and follows still."""
        return concluded(self.record)

    def notes(self) -> Iterator[str]:
        """As they were told then."""
        yield from map(str, self.record["notes"])


@contextmanager
def kept_pair(folder: Path) -> Iterator[KeptPair]:
    """The comparison in a folder with all its findings until the end of the block.

    Raises
    ------
    InputFileError
        It cannot be read; `KeptPairError` where it is damaged.
    """
    try:
        record: dict[str, Any] = json.loads(read_results(folder))
    except (ValueError, RecursionError) as error:
        raise KeptPairError(folder / RESULTS_FILE, f"no JSON ({error})", _REMEDY) from error
    with PrivateFolder() as place:
        findings = place / "findings.jsonl"
        places = _write_findings(folder / FINDINGS_PARQUET, findings)
        try:
            kept = _result(record, places, findings)
            _require_agreement(kept, folder)
            yield kept
        except (LookupError, TypeError, AttributeError, ValueError, TemplateError) as error:
            # What is missing deeper in the record shows when it is told, in the block.
            problem = f"it lacks what every comparison has ({type(error).__name__}: {error})"
            raise KeptPairError(folder / RESULTS_FILE, problem, _REMEDY) from error


def _result(record: Mapping[str, Any], places: Mapping[Place, int], findings: Path) -> KeptPair:
    return KeptPair(
        before=record["before"],
        after=record["after"],
        places=places,
        tables=tuple(TableRows(**each) for each in record["tables"]),
        asides=tuple(Aside(**each) for each in record["asides"]),
        errors={},
        in_common=True,
        turn_files=False,
        findings_path=findings,
        contract=record["contract"],
        record=record,
    )


def _require_agreement(kept: KeptPair, folder: Path) -> None:
    """A table of findings that was exchanged would tell of other files, and a verdict that was edited of none."""
    counted = {change: dict(kept.counts(change)) for change in kept.changes}
    if counted != kept.record["counts"] or sum(kept.places.values()) != kept.record["findings"]["rows"]:
        problem = f"it has other findings than {RESULTS_FILE} counts"
        raise KeptPairError(folder / FINDINGS_PARQUET, problem, _REMEDY)
    if problem := contradiction(kept.record):
        raise KeptPairError(folder / RESULTS_FILE, problem, _REMEDY)


def _write_findings(table: Path, target: Path) -> Counter[Place]:
    """All findings as a comparison leaves them, a line each, in their order; and how many each place has."""
    listed = ", ".join(map(quote_identifier, COLUMNS))
    places: Counter[Place] = Counter()
    try:
        open_regular(table).close()
        with _reader() as reader, target.open("w", encoding="utf-8") as lines:
            rows = reader.execute(f"SELECT {listed} FROM read_parquet($1)", [literal_pattern(table)])
            while chunk := rows.fetchmany(_CHUNK_ROWS):
                for row in chunk:
                    _write_line(dict(zip(COLUMNS, map(str, row), strict=True)), lines, places)
    except (OSError, duckdb.Error) as error:
        problem = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise KeptPairError(table, f"its findings cannot be read: {problem}", _REMEDY) from error
    return places


def _write_line(finding: Mapping[str, str], lines: IO[str], places: Counter[Place]) -> None:
    places[finding["change"], finding["kind"], finding["table"], finding["column"]] += 1
    lines.write(json.dumps(finding, ensure_ascii=False) + "\n")


def _reader() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"memory_limit": _MEMORY, "threads": 1, "autoinstall_known_extensions": False})
