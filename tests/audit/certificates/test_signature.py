"""Signatures as OpenSSH makes and reads them, and nothing that only looks like one."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import asyncssh
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.certificates.signature import (
    MAGIC,
    Signature,
    SignatureFormatError,
    UnsupportedSignatureError,
    _string,
    parse_signature,
    sign,
)
from support.audits.ssh_keys import KINDS, accepts, make_key, needs_ssh_keygen, public_line, signed

DATA = b'{"run_id": "first"}\n'
KEY = asyncssh.generate_private_key("ssh-ed25519")
TEXT = sign(KEY, DATA)


def armored(raw: bytes) -> bytes:
    body = base64.b64encode(raw)
    lines = [body[at : at + 70] for at in range(0, len(body), 70)]
    return b"\n".join([b"-----BEGIN SSH SIGNATURE-----", *lines, b"-----END SSH SIGNATURE-----", b""])


def envelope(*fields: bytes, version: int = 1) -> bytes:
    return armored(MAGIC + version.to_bytes(4, "big") + b"".join(map(_string, fields)))


def signature_by(
    key: asyncssh.SSHKey, algorithm: bytes, namespace: bytes = b"turntruth", hash_name: bytes = b"sha512"
) -> bytes:
    """A signature whose every field can be chosen."""
    hashed = hashlib.new(hash_name.decode(), DATA).digest()
    message = MAGIC + b"".join(map(_string, (namespace, b"", hash_name, hashed)))
    return envelope(key.public_data, namespace, b"", hash_name, key.sign(message, algorithm))


def test_what_was_signed_is_recognised_and_nothing_else() -> None:
    signature = parse_signature(TEXT)
    assert signature.namespace == "turntruth"
    assert signature.key.public_data == KEY.public_data
    assert signature.is_of(DATA)
    assert not signature.is_of(DATA + b"\n")


def test_key_and_fingerprint_are_shown_as_ssh_keygen_shows_them() -> None:
    digest = base64.b64encode(hashlib.sha256(KEY.public_data).digest()).decode().rstrip("=")
    assert parse_signature(TEXT).shown_key == f"ssh-ed25519 SHA256:{digest}"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("keys")
    return {kind: make_key(folder / kind, kind) for kind in KINDS}


@needs_ssh_keygen
class TestBesideOpenSsh:
    @pytest.mark.parametrize("kind", KINDS)
    def test_openssh_accepts_our_signature(self, keys: dict[str, Path], tmp_path: Path, kind: str) -> None:
        data, text, signers = tmp_path / "data", tmp_path / "data.sig", tmp_path / "signers"
        data.write_bytes(DATA)
        text.write_bytes(sign(asyncssh.read_private_key(keys[kind]), DATA))
        signers.write_text(f"ada {public_line(keys[kind])}\n")
        assert accepts(data, text, signers, "ada")
        data.write_bytes(DATA + b"\n")
        assert not accepts(data, text, signers, "ada")

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("options", [(), ("-O", "hashalg=sha256")])
    def test_we_accept_the_signature_of_openssh(
        self, keys: dict[str, Path], tmp_path: Path, kind: str, options: tuple[str, ...]
    ) -> None:
        data = tmp_path / "data"
        data.write_bytes(DATA)
        signature = parse_signature(signed(data, keys[kind], "turntruth", *options).read_bytes())
        assert signature.is_of(DATA)
        assert not signature.is_of(b"")
        assert signature.key.export_public_key().decode().split()[:2] == public_line(keys[kind]).split()

    def test_an_ed25519_signature_is_the_same_whoever_makes_it(self, keys: dict[str, Path], tmp_path: Path) -> None:
        data = tmp_path / "data"
        data.write_bytes(DATA)
        assert signed(data, keys["ed25519"]).read_bytes() == sign(asyncssh.read_private_key(keys["ed25519"]), DATA)


def test_a_signature_for_another_purpose_says_so() -> None:
    assert parse_signature(signature_by(KEY, b"ssh-ed25519", b"git")).namespace == "git"


def test_rsa_with_sha_1_is_no_signature() -> None:
    key = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
    assert parse_signature(signature_by(key, b"rsa-sha2-256")).is_of(DATA)
    with pytest.raises(SignatureFormatError, match="does not sign with"):
        parse_signature(signature_by(key, b"ssh-rsa"))


def test_a_namespace_that_was_changed_is_noticed() -> None:
    text = signature_by(KEY, b"ssh-ed25519", b"git")
    forged = base64.b64decode(b"".join(text.split(b"\n")[1:-2])).replace(_string(b"git"), _string(b"tag"))
    signature = parse_signature(armored(forged))
    assert signature.namespace == "tag"
    assert not signature.is_of(DATA)


@pytest.mark.parametrize("kind", [b"ssh-ed25519-cert-v01@openssh.com", b"sk-ssh-ed25519@openssh.com", b"ssh-dss"])
def test_a_kind_of_key_that_is_not_judged_is_told_as_that(kind: bytes) -> None:
    with pytest.raises(UnsupportedSignatureError, match=kind.decode()):
        parse_signature(envelope(_string(kind) + _string(b"key"), b"turntruth", b"", b"sha512", _string(kind)))


BLOB = KEY.public_data
VALUE = _string(b"ssh-ed25519") + _string(bytes(64))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"", "wanted lines between"),
        (b"\xff", "it is no text"),
        (TEXT.replace(b"BEGIN", b"START"), "wanted lines between"),
        (TEXT[:-1], "wanted lines between"),
        (TEXT + b"\n", "wanted lines between"),
        (TEXT.replace(b"\n", b"\r\n"), "wanted lines between"),
        (b" " + TEXT, "wanted lines between"),
        (TEXT.replace(b"\nU1NI", b"\nU1N\nI"), "not as ssh-keygen writes them"),
        (TEXT.replace(b"\nU1NI", b"\nU1NI\xe2"), "it is no text"),
        (TEXT.replace(b"\nU1NI", b"\nU1N*"), "no base64"),
        (armored(b"SSHSIX" + bytes(4)), "wanted SSHSIG"),
        (envelope(BLOB, b"turntruth", b"", b"sha512", VALUE, version=2), "of version 1"),
        (envelope(BLOB, b"turntruth", b"", b"sha512"), "wanted key, namespace"),
        (envelope(BLOB, b"turntruth", b"", b"sha512", VALUE, b"more"), "wanted key, namespace"),
        (envelope(BLOB, b"turntruth", b"reserved", b"sha512", VALUE), "wanted key, namespace"),
        (envelope(BLOB, b"turntruth", b"", b"md5", VALUE), "wanted hash"),
        (envelope(BLOB, b"\xff", b"", b"sha512", VALUE), "the namespace is no text"),
        (envelope(b"", b"turntruth", b"", b"sha512", VALUE), "there is no key of type"),
        (envelope(BLOB[:-1], b"turntruth", b"", b"sha512", VALUE), "cannot be read|cut off"),
        (envelope(BLOB + b"\0", b"turntruth", b"", b"sha512", VALUE), "cannot be read"),
        (envelope(BLOB, b"turntruth", b"", b"sha512", b""), "does not sign with"),
        (armored(MAGIC + bytes([0, 0, 0, 1, 0, 0, 0, 9]) + b"short"), "cut off"),
    ],
)
def test_what_is_no_signature_is_told_and_why(text: bytes, problem: str) -> None:
    with pytest.raises(SignatureFormatError, match=problem) as caught:
        parse_signature(text)
    assert caught.value.exit_code == 1


def is_good(text: bytes) -> bool:
    try:
        signature: Signature = parse_signature(text)
    except (SignatureFormatError, UnsupportedSignatureError):
        return False
    return signature.namespace == "turntruth" and signature.is_of(DATA)


@given(at=st.integers(0, len(TEXT) - 1), byte=st.integers(0, 255))
def test_one_signature_has_one_text(at: int, byte: int) -> None:
    changed = TEXT[:at] + bytes([byte]) + TEXT[at + 1 :]
    assert is_good(changed) == (changed == TEXT)


@given(st.binary(max_size=300))
def test_any_bytes_are_told_as_no_signature(raw: bytes) -> None:
    assert not is_good(raw)
    assert not is_good(armored(raw) if raw else b"")
    assert not is_good(armored(MAGIC + bytes([0, 0, 0, 1]) + raw))
