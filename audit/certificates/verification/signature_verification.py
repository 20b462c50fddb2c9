"""Whether a certificate is signed, by which key, and whether that key is one of the allowed ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from audit.certificates.certificate import SIGNATURE_FILE
from audit.certificates.verification.comparison import Comparison, Outcome, differs, unknown
from audit.errors import AuditError
from audit.files.regular_file import read_bounded

if TYPE_CHECKING:
    from audit.certificates.allowed_signers import Judgement
    from audit.certificates.signature import Signature

SIGNATURE_LIMIT_BYTES = 64 << 10
SIGNED = "signature"
_SAME = Comparison(SIGNATURE_FILE, SIGNED, Outcome.SAME)


class SignatureState(StrEnum):
    """What is known of the signature."""

    UNSIGNED = "unsigned"
    UNCHECKED = "unchecked"
    TRUSTED = "trusted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """``key`` is type and fingerprint; ``comparison`` is None where no signature was asked for and none is there."""

    state: SignatureState
    statement: str
    comparison: Comparison | None = None
    key: str = ""
    identity: str = ""


def verify_signature(
    folder: Path, certificate: bytes, signers: Path | None, identity: str, now: datetime
) -> SignatureReport:
    """Judge ``certificate.json.sig``.

    Parameters
    ----------
    certificate
        The bytes of ``certificate.json``.
    signers
        File of allowed signers; without it a signature must be one of these bytes, by whomever.
    identity
        Who must have signed, '' for the only one to whom the key belongs.

    Raises
    ------
    InputFileError
        ``signers`` cannot be read.
    """
    path = folder / SIGNATURE_FILE
    if signers is None and not path.is_symlink() and not path.exists():
        return SignatureReport(SignatureState.UNSIGNED, "unsigned")
    # asyncssh takes half a second to load, which an unsigned run need not wait for.
    from audit.certificates.allowed_signers import read_allowed_signers  # noqa: PLC0415
    from audit.certificates.signature import NAMESPACE  # noqa: PLC0415

    allowed = read_allowed_signers(signers) if signers is not None else None
    signature = _read(path)
    if isinstance(signature, SignatureReport):
        return signature
    key = signature.shown_key
    if signature.namespace != NAMESPACE:
        problem = f"it was given for namespace {signature.namespace!r:.60}, wanted {NAMESPACE!r}"
        return _refused("its signature is for something else", differs(SIGNATURE_FILE, SIGNED, problem), key)
    if not signature.is_of(certificate):
        problem = f"it is not one of this certificate.json by the key {key}"
        return _refused("its signature is not of this certificate", differs(SIGNATURE_FILE, SIGNED, problem), key)
    if allowed is None:
        statement = f"signed with {key} (not checked against signers: --signers)"
        return SignatureReport(SignatureState.UNCHECKED, statement, _SAME, key)
    return _judged(key, allowed.judge(signature.key, identity, now))


def _read(path: Path) -> Signature | SignatureReport:
    from audit.certificates.signature import SignatureFormatError, parse_signature  # noqa: PLC0415  # as above

    try:
        return parse_signature(read_bounded(path, SIGNATURE_LIMIT_BYTES))
    except FileNotFoundError:
        return _refused("unsigned", differs(SIGNATURE_FILE, SIGNED, "the certificate is not signed"))
    except OSError as error:
        problem = f"it cannot be looked at: {error.strerror or error}"
        return _refused("its signature cannot be looked at", unknown(SIGNATURE_FILE, SIGNED, problem))
    except SignatureFormatError as error:
        return _refused("its signature is damaged", differs(SIGNATURE_FILE, SIGNED, str(error)))
    except AuditError as error:
        return _refused("its signature is not judged", unknown(SIGNATURE_FILE, SIGNED, str(error)))


def _judged(key: str, judged: Judgement) -> SignatureReport:
    if not judged.refusal:
        statement = f"signed by {judged.identity} with {key}"
        return SignatureReport(SignatureState.TRUSTED, statement, _SAME, key, judged.identity)
    told = unknown if judged.is_ambiguous else differs
    comparison = told(SIGNATURE_FILE, SIGNED, f"signed with {key}: {judged.refusal}")
    return _refused(f"signed with {key}, which is not allowed", comparison, key)


def _refused(statement: str, comparison: Comparison, key: str = "") -> SignatureReport:
    return SignatureReport(SignatureState.REFUSED, statement, comparison, key)
