"""Whether what a certificate says of a run and the files it is about is still so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from audit.certificates.certificate import CERTIFICATE_FILE, Certificate, parse_certificate, read_certificate_bytes
from audit.certificates.verification.comparison import Comparison, Outcome, unknown
from audit.certificates.verification.findings_verification import ParquetTables, read_parquet_tables, verify_findings
from audit.certificates.verification.folder_verification import verify_files, verify_form, verify_page, verify_results
from audit.certificates.verification.input_verification import verify_inputs
from audit.certificates.verification.report_verification import verify_reports
from audit.certificates.verification.signature_verification import SignatureReport, verify_signature
from audit.errors import AuditError, MissingFileError
from audit.files.regular_file import read_bounded
from audit.report.run_folder import RESULTS_FILE, RESULTS_LIMIT_BYTES
from audit.report.targets import Target
from audit.results.records import AuditResult


@dataclass(frozen=True, slots=True)
class Verification:
    """A certificate and everything it was compared with; ``without`` names inputs that were not looked at."""

    certificate: Certificate
    comparisons: tuple[Comparison, ...]
    signature: SignatureReport
    without: frozenset[str] = frozenset()

    @property
    def outcome(self) -> Outcome:
        """Differs if anything does; same only if all is known and the same."""
        return outcome_of(self.comparisons)


def outcome_of(comparisons: tuple[Comparison, ...]) -> Outcome:
    """Differs if anything does; same only if there is something, and all of it is known and the same."""
    outcomes = {each.outcome for each in comparisons}
    if Outcome.DIFFERS in outcomes:
        return Outcome.DIFFERS
    return Outcome.SAME if outcomes == {Outcome.SAME} else Outcome.UNKNOWN


@dataclass(frozen=True, slots=True)
class Demand:
    """What is asked of a run besides that it is as certified.

    Attributes
    ----------
    without
        Roles of inputs that are not looked at.
    reports
        Further reports, as ``audit --write`` or ``report`` made them, that must be those of this run.
    signers
        File of allowed signers, one of whom must have signed; None asks for no signature.
    identity
        Who must have signed, '' for the only one to whom the key belongs.
    """

    without: frozenset[str] = frozenset()
    reports: tuple[Target, ...] = ()
    signers: Path | None = None
    identity: str = ""


def _utc_now() -> datetime:
    return datetime.now(UTC)


def verify_run(
    folder: Path,
    given: Mapping[str, Path] = MappingProxyType({}),
    demand: Demand = Demand(),
    clock: Callable[[], datetime] = _utc_now,
) -> Verification:
    """Compare a run and the files it is about with its certificate.

    Parameters
    ----------
    given
        Where inputs lie now, by role; the others are looked for where they lay.
    clock
        Tells the time at which the key of a signature must be valid.

    Raises
    ------
    InputFileError
        The folder is no run, its certificate cannot be read (``CertificateError``), or a given file is missing.

    Examples
    --------
    >>> from pathlib import Path
    >>> verify_run(Path("reports/first")).outcome.value
    'same'
    """
    text = read_certificate_bytes(folder)
    certificate = parse_certificate(folder / CERTIFICATE_FILE, text)
    for path in given.values():
        if not path.exists():
            raise MissingFileError(path)
    comparisons = [*verify_form(certificate, text), *verify_files(certificate, folder)]
    parquet = read_parquet_tables(folder)
    result, problems = _verify_contents(certificate, folder, parquet)
    comparisons += [*problems, *verify_inputs(certificate, result, parquet.fingerprints, given, demand.without)]
    comparisons += verify_reports(demand.reports, certificate, result, folder)
    signature = verify_signature(folder, text, demand.signers, demand.identity, clock())
    if signature.comparison is not None:
        comparisons.append(signature.comparison)
    return Verification(certificate, tuple(comparisons), signature, demand.without)


def verify_folder(folder: Path) -> tuple[Comparison, ...]:
    """What can be told without the files that the run is about."""
    text = read_certificate_bytes(folder)
    certificate = parse_certificate(folder / CERTIFICATE_FILE, text)
    _, contents = _verify_contents(certificate, folder, read_parquet_tables(folder))
    return (*verify_form(certificate, text), *verify_files(certificate, folder), *contents)


def _verify_contents(
    certificate: Certificate, folder: Path, parquet: ParquetTables
) -> tuple[AuditResult | None, list[Comparison]]:
    """The result of the run, None where it cannot be read, and whether all that is made of it agrees with it."""
    path = folder / RESULTS_FILE
    try:
        text = read_bounded(path, RESULTS_LIMIT_BYTES)
        result = AuditResult.from_json_text(text)
    except OSError as error:
        return None, [unknown(RESULTS_FILE, "contents", f"it cannot be looked at: {error.strerror or error}")]
    except AuditError as error:
        return None, [unknown(RESULTS_FILE, "contents", str(error))]

    def compared() -> Iterator[Comparison]:
        yield from verify_results(certificate, result, text)
        yield verify_page(certificate, result, folder)
        yield from verify_findings(result, folder, parquet)

    return result, list(compared())
