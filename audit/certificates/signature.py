"""Signatures of certificates: SSHSIG, the format of ``ssh-keygen -Y sign``, over the bytes of ``certificate.json``.

The format is OpenSSH's (https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig). asyncssh makes
signatures and knows the keys; its own judgement of one tells neither the namespace nor the reason, so the envelope is
read here, and more strictly than ssh-keygen does: one signature has one text.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import asyncssh

from audit.errors import AuditError

NAMESPACE = "turntruth"
"""Part of what is signed: a signature that somebody gave for another purpose is none of a certificate."""

MAGIC = b"SSHSIG"
VERSION = 1
HASHES = {b"sha256": hashlib.sha256, b"sha512": hashlib.sha512}
ALGORITHMS = {
    b"ssh-ed25519": (b"ssh-ed25519",),
    b"ecdsa-sha2-nistp256": (b"ecdsa-sha2-nistp256",),
    b"ecdsa-sha2-nistp384": (b"ecdsa-sha2-nistp384",),
    b"ecdsa-sha2-nistp521": (b"ecdsa-sha2-nistp521",),
    # "ssh-rsa" as a signature is RSA with SHA-1, which OpenSSH takes for no SSHSIG either.
    b"ssh-rsa": (b"rsa-sha2-512", b"rsa-sha2-256"),
}
"""Type of a key to the algorithms that its signatures may have."""

_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_MOST_CHARACTERS = 76


class SignatureFormatError(AuditError):
    """The text is no SSH signature."""

    exit_code = 1

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(f"no SSH signature: {problem}")


class UnsupportedSignatureError(AuditError):
    """It may be a signature, but of a kind that is not judged here."""

    def __init__(self, algorithm: str) -> None:
        self.algorithm = algorithm
        super().__init__(
            f"signed with a key of type {algorithm}, which is not supported; let `ssh-keygen -Y verify` judge it"
        )


@dataclass(frozen=True, slots=True)
class Signature:
    """What a signature says of itself; only :meth:`is_of` tells whether that is true."""

    key: asyncssh.SSHKey
    namespace: str
    hash_name: bytes
    value: bytes

    @property
    def shown_key(self) -> str:
        """Type and fingerprint, as ``ssh-keygen -l`` prints them."""
        return f"{self.key.get_algorithm()} {self.key.get_fingerprint()}"

    def is_of(self, data: bytes) -> bool:
        """Whether the key signed exactly these bytes."""
        hashed = HASHES[self.hash_name](data).digest()
        signed = MAGIC + b"".join(map(_string, (self.namespace.encode(), b"", self.hash_name, hashed)))
        return self.key.verify(signed, self.value)


def sign(key: asyncssh.SSHKey, data: bytes) -> bytes:
    """The text of a ``.sig`` file."""
    return asyncssh.create_sshsig(key, data, namespace=NAMESPACE)


def parse_signature(text: bytes) -> Signature:
    """Read the text of a ``.sig`` file.

    Raises
    ------
    SignatureFormatError
        It is none, or holds more than one needs.
    UnsupportedSignatureError
        By a certificate of SSH, or by a kind of key that is not supported.
    """
    raw = _without_armor(text)
    if raw[: len(MAGIC)] != MAGIC or raw[len(MAGIC) : len(MAGIC) + 4] != VERSION.to_bytes(4, "big"):
        raise SignatureFormatError(f"wanted {MAGIC.decode()} of version {VERSION}")
    fields = list(_strings(raw[len(MAGIC) + 4 :]))
    if len(fields) != 5 or fields[2]:
        raise SignatureFormatError("wanted key, namespace, an empty field, name of a hash, and signature")
    public_data, namespace, _, hash_name, value = fields
    if hash_name not in HASHES:
        raise SignatureFormatError(f"wanted hash sha256 or sha512, found {hash_name!r:.40}")
    key = _read_key(public_data, value)
    try:
        return Signature(key, namespace.decode(), hash_name, value)
    except UnicodeDecodeError as error:
        raise SignatureFormatError("the namespace is no text") from error


def _read_key(public_data: bytes, value: bytes) -> asyncssh.SSHKey:
    kind, algorithm = next(_strings(public_data), b""), next(_strings(value), b"")
    shown = kind.decode("ascii", "replace")[:60]
    if kind not in ALGORITHMS:
        if kind.startswith((b"ssh-", b"sk-", b"ecdsa-", b"rsa-", b"webauthn-")):
            raise UnsupportedSignatureError(shown)
        raise SignatureFormatError(f"there is no key of type {shown!r}")
    if algorithm not in ALGORITHMS[kind]:
        raise SignatureFormatError(f"a key of type {shown} does not sign with {algorithm!r:.40}")
    try:
        return asyncssh.import_public_key(kind + b" " + base64.b64encode(public_data))
    except ValueError as error:
        raise SignatureFormatError(f"the key cannot be read ({error})") from error


def _without_armor(text: bytes) -> bytes:
    """The bytes between the marker lines, which have one form only."""
    try:
        lines = text.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise SignatureFormatError("it is no text") from error
    if len(lines) < 4 or lines[0] != _BEGIN or lines[-2:] != [_END, ""]:
        raise SignatureFormatError(f"wanted lines between {_BEGIN} and {_END}")
    body = lines[1:-2]
    # Every line but the last is as long as the first.
    is_even = {len(line) for line in body[:-1]} <= {len(body[0])} and 0 < len(body[-1]) <= len(body[0])
    try:
        raw = base64.b64decode("".join(body), validate=True)
    except binascii.Error as error:
        raise SignatureFormatError(f"what lies between the lines is no base64 ({error})") from error
    if not is_even or len(body[0]) > _MOST_CHARACTERS or base64.b64encode(raw).decode() != "".join(body):
        raise SignatureFormatError("its lines are not as ssh-keygen writes them")
    return raw


def _string(value: bytes) -> bytes:
    """A string of the SSH protocol (RFC 4251, section 5)."""
    return len(value).to_bytes(4, "big") + value


def _strings(data: bytes) -> Iterator[bytes]:
    """The strings of which ``data`` consists."""
    while data:
        length = int.from_bytes(data[:4], "big")
        if len(data) < 4 or length > len(data) - 4:
            raise SignatureFormatError("it is cut off")
        yield data[4 : 4 + length]
        data = data[4 + length :]
