"""The secret that pseudonyms are made with: whoever has it makes the same ones, and nobody else can try names out."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from pathlib import Path

from audit.errors import InputFileError
from audit.files.regular_file import read_bounded

LEAST_BYTES = 16
DIGITS = 16
"""Hex digits of a pseudonym: among ten million ids, two have the same with a chance of three in a million."""
_MOST_BYTES = 64 << 10
_BLOCK_BYTES = 64
_INNER, _OUTER = 0x36, 0x5C
_ID_DIGITS = 12
_REMEDY = "Make one with `openssl rand -hex 32`, and keep it where only those may read it who may know the ids"


class RedactionKeyError(InputFileError):
    """The file is missing or unreadable, or what it holds is too short for a secret."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(path, problem, _REMEDY)


@dataclass(frozen=True, slots=True)
class RedactionKey:
    """A secret of at least :data:`LEAST_BYTES`."""

    secret: bytes = field(repr=False)

    @property
    def key_id(self) -> str:
        """What tells keys apart and says nothing of them."""
        return hmac.new(self.secret, b"turntruth redaction key", hashlib.sha256).hexdigest()[:_ID_DIGITS]

    def digest(self, kind: str, text: str) -> str:
        """The digits that stand for a text."""
        message = f"{kind}:{text}".encode(errors="surrogatepass")
        return hmac.new(self.secret, message, hashlib.sha256).hexdigest()[:DIGITS]

    @property
    def pads(self) -> tuple[bytes, bytes]:
        """The blocks that stand before the inner and the outer message of an HMAC (RFC 2104)."""
        secret = hashlib.sha256(self.secret).digest() if len(self.secret) > _BLOCK_BYTES else self.secret
        block = secret.ljust(_BLOCK_BYTES, b"\0")
        return bytes(byte ^ _INNER for byte in block), bytes(byte ^ _OUTER for byte in block)


def read_redaction_key(path: Path) -> RedactionKey:
    """The secret in a file, without the line break at its end.

    Raises
    ------
    RedactionKeyError
        There is none.
    """
    try:
        secret = read_bounded(path, _MOST_BYTES).rstrip(b"\r\n")
    except OSError as error:
        raise RedactionKeyError(path, error.strerror or str(error)) from error
    if len(secret) < LEAST_BYTES:
        raise RedactionKeyError(path, f"a secret of {len(secret)} bytes, wanted {LEAST_BYTES} at least")
    return RedactionKey(secret)
