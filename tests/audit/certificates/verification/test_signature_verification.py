"""What is said of the signature of a run, with and without a list of those who may sign."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import asyncssh
import pytest

from audit.certificates.signature import sign
from audit.certificates.verification.comparison import Outcome
from audit.certificates.verification.signature_verification import SignatureReport, SignatureState, verify_signature
from audit.errors import InputFileError

KEY = asyncssh.generate_private_key("ssh-ed25519")
SHOWN = f"ssh-ed25519 {KEY.get_fingerprint()}"
CERTIFICATE = b"{}\n"
NOW = datetime(2026, 2, 24, tzinfo=UTC)


@pytest.fixture
def signers(tmp_path: Path) -> Path:
    path = tmp_path / "signers"
    path.write_text(f"ada {KEY.export_public_key().decode()}")
    return path


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


def put(run: Path, text: bytes | None = None) -> None:
    (run / "certificate.json.sig").write_bytes(sign(KEY, CERTIFICATE) if text is None else text)


def judge(run: Path, signers: Path | None = None, identity: str = "") -> SignatureReport:
    return verify_signature(run, CERTIFICATE, signers, identity, NOW)


def outcome(report: SignatureReport) -> Outcome | None:
    return report.comparison.outcome if report.comparison else None


def problem(report: SignatureReport) -> str:
    return report.comparison.problem if report.comparison else ""


def test_nobody_asks_and_nobody_signed(run: Path) -> None:
    assert judge(run) == SignatureReport(SignatureState.UNSIGNED, "unsigned")


def test_a_signature_that_nobody_asked_for_is_told_with_its_key(run: Path) -> None:
    put(run)
    report = judge(run)
    assert (report.state, outcome(report)) == (SignatureState.UNCHECKED, Outcome.SAME)
    assert report.statement == f"signed with {SHOWN} (not checked against signers: --signers)"


def test_a_signature_of_an_allowed_signer_is_told_with_the_name(run: Path, signers: Path) -> None:
    put(run)
    report = judge(run, signers)
    assert (report.state, report.identity, outcome(report)) == (SignatureState.TRUSTED, "ada", Outcome.SAME)
    assert report.statement == f"signed by ada with {SHOWN}"


def test_a_missing_signature_differs_where_one_is_asked_for(run: Path, signers: Path) -> None:
    report = judge(run, signers)
    assert (outcome(report), problem(report)) == (Outcome.DIFFERS, "the certificate is not signed")


@pytest.mark.parametrize("identity", ["", "bob"])
def test_a_foreign_signature_differs(run: Path, signers: Path, identity: str) -> None:
    put(run, sign(asyncssh.generate_private_key("ssh-ed25519"), CERTIFICATE))
    assert outcome(judge(run, signers, identity)) is Outcome.DIFFERS


def test_the_signature_of_another_signer_than_the_one_asked_for_differs(run: Path, signers: Path) -> None:
    put(run)
    report = judge(run, signers, "bob")
    assert outcome(report) is Outcome.DIFFERS
    assert problem(report) == f"signed with {SHOWN}: line 1: it is that of ada, not of bob"


def test_which_of_two_owners_signed_cannot_be_told(run: Path, signers: Path) -> None:
    put(run)
    signers.write_text(f"{signers.read_text()}bob {KEY.export_public_key().decode()}")
    assert outcome(judge(run, signers)) is Outcome.UNKNOWN
    assert judge(run, signers, "bob").identity == "bob"


@pytest.mark.parametrize("asked", [False, True])
def test_a_signature_of_another_certificate_differs_in_any_case(run: Path, signers: Path, asked: bool) -> None:
    put(run, sign(KEY, CERTIFICATE + b" "))
    report = judge(run, signers if asked else None)
    assert outcome(report) is Outcome.DIFFERS
    assert problem(report) == f"it is not one of this certificate.json by the key {SHOWN}"


@pytest.mark.parametrize("asked", [False, True])
def test_a_signature_for_another_purpose_differs_in_any_case(run: Path, signers: Path, asked: bool) -> None:
    put(run, asyncssh.create_sshsig(KEY, CERTIFICATE, namespace="git"))
    report = judge(run, signers if asked else None)
    assert outcome(report) is Outcome.DIFFERS
    assert problem(report) == "it was given for namespace 'git', wanted 'turntruth'"


def test_a_signature_that_is_none_differs(run: Path) -> None:
    put(run, b"nonsense\n")
    assert (outcome(judge(run)), problem(judge(run))[:16]) == (Outcome.DIFFERS, "no SSH signature")


def test_a_signature_by_a_certificate_of_ssh_is_not_judged(run: Path, signers: Path, tmp_path: Path) -> None:
    certified = asyncssh.generate_private_key("ssh-ed25519").generate_user_certificate(KEY, "ada", principals=["ada"])
    (tmp_path / "key").write_bytes(KEY.export_private_key())
    (tmp_path / "key-cert.pub").write_bytes(certified.export_certificate())
    pair = asyncssh.load_keypairs([(str(tmp_path / "key"), str(tmp_path / "key-cert.pub"))])
    put(run, asyncssh.create_sshsig(list(pair), CERTIFICATE, namespace="turntruth"))
    report = judge(run, signers)
    assert outcome(report) is Outcome.UNKNOWN
    assert "let `ssh-keygen -Y verify` judge it" in problem(report)


def test_a_pipe_in_its_place_is_not_waited_for(run: Path) -> None:
    os.mkfifo(run / "certificate.json.sig")
    assert (outcome(judge(run)), problem(judge(run))) == (
        Outcome.UNKNOWN,
        "it cannot be looked at: it is a pipe, no regular file",
    )


def test_a_link_to_nowhere_is_no_unsigned_run(run: Path) -> None:
    (run / "certificate.json.sig").symlink_to("absent")
    assert outcome(judge(run)) is Outcome.DIFFERS


def test_signers_that_cannot_be_read_are_a_usage_error(run: Path, tmp_path: Path) -> None:
    put(run)
    with pytest.raises(InputFileError):
        judge(run, tmp_path / "absent")
