"""A run is signed once, by a key that can, and only if it is as its certificate says."""

from __future__ import annotations

import os
from pathlib import Path

import asyncssh
import pytest

from audit.certificates import signing
from audit.certificates.signature import parse_signature
from audit.certificates.signing import (
    KeyFileError,
    SignatureExistsError,
    SignatureWriteError,
    UnsoundRunError,
    read_key,
    sign_run,
)
from audit.certificates.verification.run_verification import verify_folder
from audit.errors import InputFileError
from support.audits.certified_run import hash_again

KEY = asyncssh.generate_private_key("ssh-ed25519")


def nobody() -> str | None:
    return None


@pytest.fixture
def looked_at(sealed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder was looked at a moment ago: that is what the tests without this fixture are about."""
    comparisons = verify_folder(sealed)
    monkeypatch.setattr(signing, "verify_folder", lambda _: comparisons)


class TestKeys:
    @pytest.mark.parametrize(
        ("algorithm", "form"),
        [
            ("ssh-ed25519", "openssh"),
            ("ssh-ed25519", "pkcs8-pem"),
            ("ecdsa-sha2-nistp384", "openssh"),
            ("ecdsa-sha2-nistp256", "pkcs1-pem"),
            ("ssh-rsa", "openssh"),
            ("ssh-rsa", "pkcs1-pem"),
        ],
    )
    def test_private_keys_of_every_form_are_read(self, tmp_path: Path, algorithm: str, form: str) -> None:
        key = asyncssh.generate_private_key(algorithm)
        (tmp_path / "key").write_bytes(key.export_private_key(form))
        assert read_key(tmp_path / "key", nobody).public_data == key.public_data

    def test_an_encrypted_key_asks_for_its_passphrase(self, tmp_path: Path) -> None:
        (tmp_path / "key").write_bytes(KEY.export_private_key("openssh", "secret"))
        assert read_key(tmp_path / "key", lambda: "secret").public_data == KEY.public_data

    @pytest.mark.parametrize("form", ["openssh", "pkcs8-pem"])
    def test_a_wrong_passphrase_is_told(self, tmp_path: Path, form: str) -> None:
        (tmp_path / "key").write_bytes(KEY.export_private_key(form, "secret"))
        with pytest.raises(KeyFileError, match="cannot be decrypted"):
            read_key(tmp_path / "key", lambda: "guess")

    @pytest.mark.parametrize("form", ["openssh", "pkcs8-pem"])
    def test_an_encrypted_key_without_anybody_to_ask_is_told(self, tmp_path: Path, form: str) -> None:
        (tmp_path / "key").write_bytes(KEY.export_private_key(form, "secret"))
        with pytest.raises(KeyFileError, match=r"no terminal to ask for its passphrase.*ssh-keygen -Y sign") as caught:
            read_key(tmp_path / "key", nobody)
        assert caught.value.exit_code == 2

    def test_a_public_key_is_told_as_that_with_the_way_out(self, tmp_path: Path) -> None:
        path = tmp_path / "key.pub"
        path.write_bytes(KEY.export_public_key())
        with pytest.raises(KeyFileError, match=f"perhaps in an agent.*ssh-keygen -Y sign -n turntruth -f {path} "):
            read_key(path, nobody)

    @pytest.mark.parametrize("content", [b"", b"nonsense", b"\xff" * 100, b"-----BEGIN OPENSSH PRIVATE KEY-----\n"])
    def test_what_is_no_key_is_told(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "key").write_bytes(content)
        with pytest.raises(KeyFileError, match="no private key"):
            read_key(tmp_path / "key", nobody)

    def test_a_key_that_cannot_sign_here_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "key").write_bytes(asyncssh.generate_private_key("ssh-ed448").export_private_key())
        with pytest.raises(KeyFileError, match="a key of type ssh-ed448, wanted Ed25519, ECDSA or RSA"):
            read_key(tmp_path / "key", nobody)

    def test_a_missing_key_and_a_pipe_are_told(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        for name, problem in (("absent", "No such file"), ("pipe", "it is a pipe")):
            with pytest.raises(KeyFileError, match=problem):
                read_key(tmp_path / name, nobody)


class TestRuns:
    def test_the_signature_is_over_the_certificate(self, run: Path) -> None:
        signature, unknown = sign_run(run, KEY, force=False)
        assert unknown == ()
        assert signature.is_of((run / "certificate.json").read_bytes())
        assert parse_signature((run / "certificate.json.sig").read_bytes()) == signature

    def test_nothing_else_is_left_in_the_run(self, run: Path, looked_at: None) -> None:
        before = {entry.name for entry in run.iterdir()}
        sign_run(run, KEY, force=False)
        assert {entry.name for entry in run.iterdir()} == before | {"certificate.json.sig"}

    @pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
    @pytest.mark.parametrize("mask", [0o022, 0o077])
    def test_who_may_read_the_certificate_may_read_its_signature_unless_the_umask_narrows(
        self, run: Path, looked_at: None, mode: int, mask: int
    ) -> None:
        (run / "certificate.json").chmod(mode)
        old_mask = os.umask(mask)
        try:
            sign_run(run, KEY, force=False)
        finally:
            os.umask(old_mask)
        assert (run / "certificate.json.sig").stat().st_mode & 0o777 == mode & ~mask

    def test_a_signature_is_replaced_only_on_demand(self, run: Path, looked_at: None) -> None:
        sign_run(run, KEY, force=False)
        before = (run / "certificate.json.sig").read_bytes()
        other = asyncssh.generate_private_key("ssh-ed25519")
        with pytest.raises(SignatureExistsError, match="--force") as caught:
            sign_run(run, other, force=False)
        assert caught.value.exit_code == 2
        assert (run / "certificate.json.sig").read_bytes() == before
        sign_run(run, other, force=True)
        assert parse_signature((run / "certificate.json.sig").read_bytes()).key.public_data == other.public_data

    def test_a_link_in_its_place_is_a_signature_too(self, run: Path, tmp_path: Path, looked_at: None) -> None:
        (run / "certificate.json.sig").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(SignatureExistsError):
            sign_run(run, KEY, force=False)
        sign_run(run, KEY, force=True)
        assert not (tmp_path / "elsewhere").exists()
        assert not (run / "certificate.json.sig").is_symlink()

    def test_a_run_that_was_changed_is_not_vouched_for(self, run: Path) -> None:
        (run / "index.html").write_text("<h1>PASSED</h1>")
        hash_again(run)
        with pytest.raises(UnsoundRunError, match=r"index\.html, made again from the run") as caught:
            sign_run(run, KEY, force=False)
        assert caught.value.exit_code == 1
        assert not (run / "certificate.json.sig").exists()

    def test_what_could_not_be_looked_at_is_handed_back(self, run: Path) -> None:
        (run / "findings.parquet").unlink()
        _, unknown = sign_run(run, KEY, force=False)
        assert {each.subject for each in unknown} == {"findings.parquet"}

    def test_a_disk_that_takes_nothing_leaves_no_half_a_signature(
        self, run: Path, looked_at: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", refuse)
        before = {entry.name for entry in run.iterdir()}
        with pytest.raises(SignatureWriteError, match="No space left"):
            sign_run(run, KEY, force=False)
        assert {entry.name for entry in run.iterdir()} == before

    def test_a_folder_that_is_no_run_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InputFileError, match="Name the folder of a run"):
            sign_run(tmp_path, KEY, force=False)
