"""Put a signature beside the certificate of a run."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

import asyncssh

from audit.certificates.certificate import CERTIFICATE_FILE, SIGNATURE_FILE, read_certificate_bytes
from audit.certificates.signature import ALGORITHMS, NAMESPACE, Signature, parse_signature, sign
from audit.certificates.verification.comparison import Comparison, Outcome
from audit.certificates.verification.run_verification import verify_folder
from audit.errors import AuditError, InputFileError, UsageError
from audit.files.permissions import PRIVATE_FILE, Permissions
from audit.files.regular_file import read_bounded
from audit.results.run_kind import RunKind, kind_of

KEY_LIMIT_BYTES = 1 << 20
AskPassphrase = Callable[[], str | None]
"""Returns None where nobody can be asked."""
LookAtRun = Callable[[Path], tuple[Comparison, ...]]
ReadCertificate = Callable[[Path], bytes]


class KeyFileError(InputFileError):
    """The file holds no private key that can sign here."""


class SignatureExistsError(UsageError):
    """The run is signed already."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"{path}: the run is signed already. Give --force to put another signature in its place")


class UnsoundRunError(AuditError):
    """The run is not as its certificate says, so nobody should vouch for it."""

    exit_code = 1

    def __init__(self, folder: Path, difference: Comparison) -> None:
        self.difference = difference
        detail = f": {difference.problem}" if difference.problem else ""
        super().__init__(
            f"{folder}: not signed, since the run is not as its certificate says"
            f" ({difference.subject}, {difference.aspect}{detail}). See `turntruth {_verify(folder)}`"
        )


def _verify(folder: Path) -> str:
    return "fleet verify" if kind_of(folder) is RunKind.FLEET else "verify"


class SignatureWriteError(AuditError):
    """The signature could not be written; a former one is still there."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        super().__init__(f"{path}: the signature could not be written: {problem}. Make room, or sign a copy of the run")


def read_key(path: Path, ask: AskPassphrase) -> asyncssh.SSHKey:
    """The private key in a file of OpenSSH or PEM.

    Raises
    ------
    KeyFileError
        There is none, it is encrypted and the passphrase is not known, or of a kind that is not supported.
    """
    aside = (
        f"Or sign with `ssh-keygen -Y sign -n {NAMESPACE} -f {path} RUN/{CERTIFICATE_FILE}`: it writes the same file"
    )
    try:
        text = read_bounded(path, KEY_LIMIT_BYTES)
    except OSError as error:
        raise KeyFileError(path, error.strerror or str(error), "Name the file of a private key") from error
    try:
        key = _import(path, text, ask, aside)
    except ValueError as error:
        if _is_public(text):
            problem = "it is a public key, and the private one, perhaps in an agent, cannot be reached through it"
            raise KeyFileError(path, problem, f"Name the file of the private key. {aside}") from error
        raise KeyFileError(path, f"no private key ({error})", "Name the file of a private key") from error
    if key.algorithm not in ALGORITHMS:
        problem = f"a key of type {key.get_algorithm()}, wanted Ed25519, ECDSA or RSA"
        raise KeyFileError(path, problem, f"Name another key. {aside}")
    return key


def _import(path: Path, text: bytes, ask: AskPassphrase, aside: str) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_private_key(text)
    except asyncssh.KeyImportError as error:
        # The library has one error for all causes, and names this one in its text only.
        if "passphrase" not in str(error).lower():
            raise
    passphrase = ask()
    if passphrase is None:
        raise KeyFileError(path, "the key is encrypted, and there is no terminal to ask for its passphrase", aside)
    try:
        return asyncssh.import_private_key(text, passphrase)
    except (asyncssh.KeyEncryptionError, asyncssh.KeyImportError) as error:
        raise KeyFileError(path, f"the key cannot be decrypted ({error})", "Try again") from error


def _is_public(text: bytes) -> bool:
    try:
        asyncssh.import_public_key(text)
    except ValueError:
        return False
    return True


def sign_run(
    folder: Path,
    key: asyncssh.SSHKey,
    *,
    force: bool,
    look: LookAtRun = verify_folder,
    read: ReadCertificate = read_certificate_bytes,
) -> tuple[Signature, tuple[Comparison, ...]]:
    """Sign the certificate of a run, and return the signature and what of the run could not be looked at.

    Parameters
    ----------
    look
        Holds the folder against its certificate; runs of another kind than audits have one of their own.
    read
        Reads the certificate; that of a fleet may be longer than any other.

    Raises
    ------
    InputFileError
        The folder is no run, or its certificate cannot be read.
    SignatureExistsError
        There is one, and ``force`` is not given.
    UnsoundRunError
        The folder differs from its certificate.
    SignatureWriteError
        The disk is full, or the folder takes no files.

    Examples
    --------
    >>> from pathlib import Path
    >>> import asyncssh
    >>> key = asyncssh.generate_private_key("ssh-ed25519")
    >>> signature, comparisons = sign_run(Path("reports/first"), key, force=False)
    >>> signature.namespace
    'turntruth'
    """
    path = folder / SIGNATURE_FILE
    if os.path.lexists(path) and not force:
        raise SignatureExistsError(path)
    certificate = read(folder)
    comparisons = look(folder)
    for each in comparisons:
        if each.outcome is Outcome.DIFFERS:
            raise UnsoundRunError(folder, each)
    text = sign(key, certificate)
    try:
        _write(path, text, force=force)
    except FileExistsError as error:
        raise SignatureExistsError(path) from error
    except OSError as error:
        raise SignatureWriteError(path, error.strerror or str(error)) from error
    return parse_signature(text), tuple(each for each in comparisons if each.outcome is Outcome.UNKNOWN)


def _write(path: Path, text: bytes, *, force: bool) -> None:
    """Whole or not at all, and readable by whoever may read the certificate."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}.unfinished")
    permissions = Permissions.of([path.parent / CERTIFICATE_FILE])
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(text)
            stream.flush()
            permissions.settle(unfinished)
            os.fsync(stream.fileno())
        if force:
            unfinished.replace(path)
        else:
            # Unlike a rename, a link never takes the place of a file that somebody has put there meanwhile.
            path.hardlink_to(unfinished)
    finally:
        unfinished.unlink(missing_ok=True)
