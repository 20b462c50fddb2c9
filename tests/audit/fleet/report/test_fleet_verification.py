"""What a fleet's certificate says is looked at again, and who signed it has vouched for all of its files."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import asyncssh
import pytest

from audit.certificates.certificate import CertificateError
from audit.certificates.verification.signature_verification import SignatureState
from audit.cli import run
from audit.errors import InputFileError
from audit.fleet.fleet_folder import FleetFolder
from audit.fleet.manifest import FleetFile
from audit.fleet.options import FleetOptions
from audit.fleet.report.fleet_verification import FleetVerification, verify_fleet
from support.audits.fleets import make_tenant, run_fleet

FEW = FleetOptions(select=("defaults",))


@pytest.fixture(scope="module", name="files")
def make_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[FleetFile, ...]:
    root = tmp_path_factory.mktemp("tenants")
    return tuple(make_tenant(root, tenant, seed) for seed, tenant in enumerate(("acme", "brook"), start=1))


@pytest.fixture(scope="module", name="written")
def write(tmp_path_factory: pytest.TempPathFactory, files: tuple[FleetFile, ...]) -> Path:
    folder = tmp_path_factory.mktemp("written") / "fleet"
    run_fleet(folder, files, options=FEW)
    return folder


@pytest.fixture(name="fleet")
def copy_fleet(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "fleet"))


@pytest.fixture(name="key")
def make_key(tmp_path: Path) -> Path:
    private = asyncssh.generate_private_key("ssh-ed25519")
    private.write_private_key(tmp_path / "key")
    (tmp_path / "signers").write_text(f"ada {private.export_public_key().decode()}")
    return tmp_path / "key"


def verified(fleet: Path, signers: Path | None = None, identity: str = "") -> FleetVerification:
    return verify_fleet(FleetFolder(fleet), signers, identity)


def rewritten(fleet: Path, name: str, change: Callable[[str], str]) -> None:
    """Change a file of the fleet, and make its hash in the certificate right."""
    path = fleet / name
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    certificate = json.loads((fleet / "certificate.json").read_text())
    certificate["report"][name] = hashlib.sha256(path.read_bytes()).hexdigest()
    (fleet / "certificate.json").write_text(json.dumps(certificate, ensure_ascii=False, indent=2) + "\n")


def recertified(fleet: Path, change: Callable[[dict[str, object]], object]) -> None:
    certificate = json.loads((fleet / "certificate.json").read_text())
    change(certificate)
    (fleet / "certificate.json").write_text(json.dumps(certificate, ensure_ascii=False, indent=2) + "\n")


def test_what_was_written_is_the_same_and_unsigned(fleet: Path) -> None:
    found = verified(fleet)
    assert (found.exit_code, found.report, found.changed, found.unreadable) == (0, (), (), ())
    assert found.signature.state is SignatureState.UNSIGNED


@pytest.mark.parametrize("name", ["index.html", "tenants.csv"])
def test_a_file_that_does_not_follow_from_the_result_is_found_whatever_its_hash(fleet: Path, name: str) -> None:
    rewritten(fleet, name, lambda text: text.replace("acme", "ACME"))
    found = verified(fleet)
    assert (found.exit_code, found.report) == (1, (f"{name}: it does not follow from fleet.json",))


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.update(verdict="failed"),
        lambda document: document.update(checks_sha256="0" * 64),
        lambda document: document["files"].pop(),
        lambda document: document["files"][0].update(sha256="0" * 64),
        lambda document: document["versions"].update(turntruth="9"),
    ],
    ids=["verdict", "checks", "a file less", "a hash", "versions"],
)
def test_a_certificate_that_does_not_follow_from_the_result_is_found(
    fleet: Path, change: Callable[[dict[str, object]], object]
) -> None:
    recertified(fleet, change)
    found = verified(fleet)
    assert (found.exit_code, found.report) == (1, ("certificate.json: it does not follow from fleet.json",))


def test_a_certificate_that_names_no_page_is_found(fleet: Path) -> None:
    recertified(fleet, lambda document: document["report"].pop("index.html"))  # type: ignore[attr-defined]
    assert verified(fleet).report == ("index.html: every fleet has it, but the certificate does not name it",)


def test_a_certificate_with_more_in_it_is_not_as_it_was_written(fleet: Path) -> None:
    recertified(fleet, lambda document: document.update(note="all is well"))
    assert verified(fleet).report == ("certificate.json: it is not as turntruth writes it",)


def test_the_page_of_another_version_cannot_be_told(fleet: Path) -> None:
    recertified(fleet, lambda document: document.update(renderer="0123456789ab"))
    assert verified(fleet).exit_code == 0, "this version makes the same page"

    rewritten(fleet, "index.html", lambda text: text.replace("Fleet", "Flotte"))
    found = verified(fleet)
    assert (found.exit_code, found.report) == (3, ())
    assert "another renderer made it" in found.unreadable[0]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"certificate_version": 9}'])
def test_a_damaged_certificate_is_told_as_one(fleet: Path, text: str) -> None:
    (fleet / "certificate.json").write_text(text)
    with pytest.raises(CertificateError):
        verified(fleet)


def test_without_a_certificate_the_run_has_not_ended(fleet: Path) -> None:
    (fleet / "certificate.json").unlink()
    with pytest.raises(InputFileError, match="or `turntruth fleet resume` it"):
        verified(fleet)


class TestSignature:
    def test_a_signed_fleet_is_told_with_who_signed_it(
        self, fleet: Path, key: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["sign", str(fleet), "--key", str(key)]) == 0
        signers = ["--signers", str(key.with_name("signers"))]
        capsys.readouterr()

        assert run(["fleet", "verify", str(fleet), *signers, "--identity", "ada"]) == 0
        assert capsys.readouterr().out.startswith("same, signed by ada with ssh-ed25519 SHA256:")
        assert run(["fleet", "verify", str(fleet), *signers, "--format", "json"]) == 0
        assert json.loads(capsys.readouterr().out)["signature"]["state"] == "trusted"
        assert run(["fleet", "verify", str(fleet)]) == 0
        assert "(not checked against signers: --signers)" in capsys.readouterr().out

    def test_it_is_as_private_as_the_rest(self, fleet: Path, key: Path) -> None:
        assert run(["sign", str(fleet), "--key", str(key)]) == 0
        assert (fleet / "certificate.json.sig").stat().st_mode & 0o777 == 0o600

    def test_an_unsigned_one_does_not_do_where_signers_are_named(
        self, fleet: Path, key: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["fleet", "verify", str(fleet), "--signers", str(key.with_name("signers"))]) == 1
        told, last = capsys.readouterr().out.splitlines()
        assert told == "certificate.json.sig: the certificate is not signed"
        assert last.startswith("differs, unsigned: ")

    def test_a_signature_by_another_key_does_not_do(self, fleet: Path, key: Path, tmp_path: Path) -> None:
        assert run(["sign", str(fleet), "--key", str(key)]) == 0
        other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
        (tmp_path / "others").write_text(f"eve {other}")
        found = verified(fleet, tmp_path / "others")
        assert (found.exit_code, found.signature.state) == (1, SignatureState.REFUSED)

    def test_of_another_certificate_it_is_no_signature(self, fleet: Path, key: Path) -> None:
        assert run(["sign", str(fleet), "--key", str(key)]) == 0
        recertified(fleet, lambda document: document.update(renderer="0123456789ab"))
        found = verified(fleet)
        assert (found.exit_code, found.signature.statement) == (1, "its signature is not of this certificate")

    def test_a_damaged_one_is_told(self, fleet: Path, key: Path) -> None:
        (fleet / "certificate.json.sig").write_text("none")
        assert verified(fleet, key.with_name("signers")).exit_code == 1

    def test_a_fleet_that_is_not_as_certified_is_not_signed(
        self, fleet: Path, key: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        outcome = next(fleet.glob("outcomes/*/outcome.json.gz"))
        outcome.write_bytes(b"")
        assert run(["sign", str(fleet), "--key", str(key)]) == 1
        said = capsys.readouterr().err
        assert "it was changed after it was written" in said
        assert "See `turntruth fleet verify`" in said
        assert not (fleet / "certificate.json.sig").exists()

    def test_one_whose_run_has_not_ended_is_not_signed(
        self, fleet: Path, key: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (fleet / "certificate.json").unlink()
        assert run(["sign", str(fleet), "--key", str(key)]) == 2
        assert "or `turntruth fleet resume` it" in capsys.readouterr().err

    def test_a_long_certificate_is_signed_as_well(
        self, fleet: Path, key: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("audit.certificates.certificate.CERTIFICATE_LIMIT_BYTES", 100)
        assert (fleet / "certificate.json").stat().st_size > 100
        assert run(["sign", str(fleet), "--key", str(key)]) == 0
        assert verified(fleet, key.with_name("signers")).exit_code == 0

    def test_the_next_run_takes_it_away(self, fleet: Path, files: tuple[FleetFile, ...], key: Path) -> None:
        assert run(["sign", str(fleet), "--key", str(key)]) == 0
        run_fleet(fleet, files, options=FEW)
        assert not (fleet / "certificate.json.sig").exists()
        assert verified(fleet).exit_code == 0

    def test_an_identity_without_signers_is_wrong_usage(self, fleet: Path) -> None:
        assert run(["fleet", "verify", str(fleet), "--identity", "ada"]) == 2
