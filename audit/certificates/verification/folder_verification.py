"""Whether the folder of a run holds what its certificate says, and nothing else, and its page is made of its results.

Hashes alone prove little: whoever can rewrite a file can rewrite its hash. So the files of a run are held against each
other as well, and the page is made again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from audit.certificates.certificate import CERTIFICATE_FILE, SIGNATURE_FILE, Certificate, hash_checks
from audit.certificates.digest import digest
from audit.certificates.verification.comparison import Comparison, Outcome, agree, compare, differs, unknown
from audit.certificates.verification.contradictions import contradictions
from audit.checks.findings_parquet import FINDINGS_PARQUET
from audit.references.fingerprints import FINGERPRINTS_FILE
from audit.report.renderer import renderer_version
from audit.report.run_folder import FINDINGS_FILE, HTML_FILE, RESULTS_FILE
from audit.results.records import AuditResult

DEMANDED = (RESULTS_FILE, FINDINGS_FILE, HTML_FILE, FINDINGS_PARQUET, FINGERPRINTS_FILE)
"""What every run has had since there are certificates."""

PAGE = "made again from the run"


def verify_files(certificate: Certificate, folder: Path) -> Iterator[Comparison]:
    """Every file of the run by its bytes: those that must be there, those that are certified, those that have come."""
    for name in dict.fromkeys((*DEMANDED, *certificate.report)):
        if Path(name).name != name or name in {CERTIFICATE_FILE, SIGNATURE_FILE}:
            yield differs(name, "bytes", "the certificate names it, but no run has a file of that name")
        elif name not in certificate.report:
            yield differs(name, "bytes", "every run has it, but the certificate does not name it")
        else:
            yield _verify_file(name, certificate.report[name], folder)
    for entry in sorted(folder.iterdir()):
        if entry.name not in {*certificate.report, *DEMANDED, CERTIFICATE_FILE, SIGNATURE_FILE}:
            yield compare(entry.name, "bytes", "missing", "a file that the run did not have")


def _verify_file(name: str, certified: str, folder: Path) -> Comparison:
    try:
        return compare(name, "bytes", certified, digest(str(folder / name))[0])
    except OSError as error:
        return Comparison(
            name, "bytes", Outcome.UNKNOWN, certified, problem=f"it cannot be looked at: {error.strerror or error}"
        )


def verify_results(certificate: Certificate, result: AuditResult, text: bytes) -> Iterator[Comparison]:
    """What the certificate repeats of results.json, and whether that file agrees with itself."""
    yield compare(RESULTS_FILE, "run id", certificate.run_id, result.run_id)
    yield compare(RESULTS_FILE, "verdict", certificate.verdict, result.verdict.value)
    yield compare(RESULTS_FILE, "end of the audit", certificate.finished_at, result.finished_at)
    yield compare(RESULTS_FILE, "versions", _shown(certificate.versions), _shown(result.versions))
    yield compare(RESULTS_FILE, "checks", certificate.checks_sha256, hash_checks(result.checks))
    yield from agree(RESULTS_FILE, "in itself", list(contradictions(result)))
    yield from agree(RESULTS_FILE, "form", _form(text, result.to_json_text(), certificate))


def verify_form(certificate: Certificate, text: bytes) -> Iterator[Comparison]:
    """Whether the certificate has the form that turntruth gives it."""
    yield from agree(CERTIFICATE_FILE, "form", _form(text, certificate.to_json_text(), certificate))


def _form(text: bytes, written: str, certificate: Certificate) -> list[str]:
    """What is wrong with the text of a JSON file that reads as what would be ``written``."""
    if certificate.renderer != renderer_version():
        # Another version may know other members; that it writes JSON in this way is all that can be asked of it.
        written = json.dumps(json.loads(text), ensure_ascii=False, indent=2) + "\n"
    return [] if written.encode() == text else ["it is not as turntruth writes it"]


def _shown(versions: object) -> str:
    assert isinstance(versions, dict)
    return ", ".join(f"{name} {value}" for name, value in sorted(versions.items()))


def verify_page(certificate: Certificate, result: AuditResult, folder: Path) -> Comparison:
    """Make the page again and compare its bytes; what another renderer made is not judged, only told."""
    from audit.report.download import findings_to_download  # noqa: PLC0415  # as below
    from audit.report.html import render_html  # noqa: PLC0415  # jinja2 costs every other command 0.1 s

    mine = renderer_version()
    try:
        made = render_html(result, findings_to_download(folder / FINDINGS_FILE)).encode(errors="replace")
    except Exception as error:  # noqa: BLE001  what a stranger wrote may break the page in any way
        return unknown(HTML_FILE, PAGE, f"no page can be made of this run ({type(error).__name__}: {error})")
    try:
        found, size_bytes = digest(str(folder / HTML_FILE))
    except OSError as error:
        return unknown(HTML_FILE, PAGE, f"it cannot be looked at: {error.strerror or error}")
    wanted = hashlib.sha256(made).hexdigest()
    if certificate.renderer == mine:
        return compare(HTML_FILE, PAGE, wanted, found)
    made_by = f"renderer {certificate.renderer}" if certificate.renderer else "a renderer that its certificate omits"
    makes = "the same" if (wanted, len(made)) == (found, size_bytes) else "another"
    return unknown(
        HTML_FILE,
        PAGE,
        f"it was made by {made_by} of turntruth {certificate.versions.get('turntruth', '?')}; this renderer, {mine},"
        f" makes {makes} page of these results. Verify it with the version that wrote it",
    )
