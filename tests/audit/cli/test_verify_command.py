"""``verify`` and ``sign`` as somebody meets them: lines, exit codes, and an end whatever lies there."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import asyncssh
import pytest
import typer
from typer.testing import CliRunner, Result

from audit.cli.commands.runs import report, sign, verify
from audit.errors import InputFileError, MissingFileError
from audit.report.run_folder import load_run
from audit.report.targets import Target, write_target
from audit.results.findings_csv import read_findings
from support.audits.certified_run import hash_again
from support.audits.ssh_keys import accepts, make_key, needs_ssh_keygen, public_line, signed
from support.processes.warm_process import turntruth


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    private = asyncssh.generate_private_key("ssh-ed25519")
    path.write_bytes(private.export_private_key())
    (tmp_path / "signers").write_text(f"ada {private.export_public_key().decode()}")
    return path


def call(*arguments: str | Path) -> Result:
    """One command in this process; errors of ours are raised."""
    app = typer.Typer()
    report.register(app)
    verify.register(app)
    sign.register(app)
    ran = CliRunner().invoke(app, list(map(str, arguments)))
    if isinstance(ran.exception, InputFileError):
        raise ran.exception
    return ran


def last_line(ran: Result) -> str:
    return ran.stdout.splitlines()[-1]


class TestVerify:
    def test_an_unsigned_run_says_so(self, run: Path) -> None:
        ran = call("verify", run)
        assert (ran.exit_code, ran.stdout) == (0, "verdict of the run: failed; certificate: same, unsigned\n")

    def test_all_that_was_compared_is_listed_where_that_is_asked_for(self, run: Path) -> None:
        ran = call("verify", run, "-v")
        *lines, last = ran.stdout.splitlines()
        document = json.loads(call("verify", run, "--format", "json").stdout)
        assert len(lines) == len(document["comparisons"]) > 20
        assert all(line.startswith("same ") for line in lines)
        assert (ran.exit_code, last) == (0, "verdict of the run: failed; certificate: same, unsigned")

    def test_only_what_differs_is_printed_and_what_to_do(self, run: Path, tmp_path: Path) -> None:
        (run / "index.html").write_text("<h1>PASSED</h1>")
        ran = call("verify", run)
        *lines, verdict, then = ran.stdout.splitlines()
        assert ran.exit_code == 1
        assert [line.split(":")[0] for line in lines] == ["differs  index.html"] * 2
        assert verdict == "verdict of the run: failed; certificate: differs, unsigned"
        assert then == "next: the run is not as it was certified: take it again from where it was kept, or audit again"

    def test_a_file_that_changed_is_to_be_audited_again_or_looked_for(self, run: Path, tmp_path: Path) -> None:
        (tmp_path / "other.db").write_bytes(b"")
        ran = call("verify", run, "--turns", tmp_path / "other.db")
        assert ran.exit_code in {1, 3}
        assert last_line(ran).startswith("next: ")
        assert last_line(ran).endswith(" --input turns=PATH")

    def test_a_name_in_a_forged_certificate_does_not_steer_the_terminal(self, run: Path) -> None:
        text = (run / "certificate.json").read_text()
        forged = text.replace('"index.html"', r'"in\u001b[2Jdex\u202e.html\nsame     everything"')
        (run / "certificate.json").write_text(forged)
        ran = call("verify", run)
        assert ran.exit_code == 1
        assert "inU+001B[2JdexU+202E.html same     everything" in ran.stdout
        assert "\x1b" not in ran.stdout

    def test_inputs_may_lie_elsewhere(self, run: Path, sealed: Path, tmp_path: Path) -> None:
        shutil.copy(sealed.parents[1] / "damaged.db", tmp_path / "copy.db")
        shutil.copytree(sealed.parent / "clean", tmp_path / "earlier")
        places = ["--input", f"turns={tmp_path / 'copy.db'}", "--input", f"against={tmp_path / 'earlier'}"]
        assert call("verify", run, *places).exit_code == 0

    def test_what_is_left_out_is_said(self, run: Path) -> None:
        assert last_line(call("verify", run, "--without", "against")).endswith("unsigned, not looked at: against")

    def test_another_report_is_compared(self, run: Path, tmp_path: Path) -> None:
        write_target(Target("junit", tmp_path / "a.xml"), load_run(run), read_findings(run / "findings.csv"))
        assert call("verify", run, "--report", f"junit:{tmp_path / 'a.xml'}").exit_code == 0
        assert call("verify", run, "--report", f"sarif:{tmp_path / 'a.xml'}").exit_code == 1

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["--input", "turns"], "wanted ROLE=PATH"),
            (["--input", "turns=a", "--turns", "b"], "turns is given twice"),
            (["--without", "turns"], "nothing is left of an audit"),
            (["--report", "pdf:a"], "wanted FORMAT:PATH"),
            (["--identity", "ada"], "give --signers as well"),
        ],
    )
    def test_wrong_usage_is_told(self, run: Path, arguments: list[str], said: str) -> None:
        ran = call("verify", run, *arguments)
        assert ran.exit_code == 2
        assert said in " ".join(ran.stderr.replace("│", " ").split())

    def test_a_given_place_must_be_there(self, run: Path, tmp_path: Path) -> None:
        with pytest.raises(MissingFileError):
            call("verify", run, "--input", f"timeline={tmp_path / 'absent'}")


class TestSign:
    def test_a_signed_run_is_told_with_its_key_and_with_signers_by_name(
        self, run: Path, key: Path, tmp_path: Path
    ) -> None:
        ran = call("sign", run, "--key", key)
        shown = f"ssh-ed25519 {asyncssh.read_private_key(key).get_fingerprint()}"
        assert (ran.exit_code, ran.stdout) == (0, f"signed with {shown}: {run / 'certificate.json.sig'}\n")
        assert last_line(call("verify", run)).endswith(
            f"same, signed with {shown} (not checked against signers: --signers)"
        )
        told = call("verify", run, "--signers", tmp_path / "signers", "--without", "against", "--format", "json")
        document = json.loads(told.stdout)
        assert (told.exit_code, document["without"]) == (0, ["against"])
        assert document["signature"] == {"state": "trusted", "key": shown, "identity": "ada"}

    def test_signing_again_needs_force(self, run: Path, key: Path) -> None:
        assert call("sign", run, "--key", key).exit_code == 0
        again = call("sign", run, "--key", key)
        assert again.exit_code != 0
        assert "signed already" in str(again.exception)
        forced = call("sign", run, "--key", key, "--force", "--format", "json")
        assert json.loads(forced.stdout)["signature"] == str(run / "certificate.json.sig")

    def test_what_could_not_be_looked_at_is_said_to_the_signer(self, run: Path, key: Path) -> None:
        (run / "findings.parquet").unlink()
        ran = call("sign", run, "--key", key)
        assert ran.exit_code == 0
        assert "not looked at: findings.parquet, bytes: it cannot be looked at: No such file" in ran.stderr

    def test_a_page_that_was_forged_after_signing_is_found_with_all_hashes_right(self, run: Path, key: Path) -> None:
        call("sign", run, "--key", key)
        (run / "index.html").write_text("<h1>PASSED</h1>")
        hash_again(run)
        ran = call("verify", run)
        assert ran.exit_code == 1
        assert "certificate.json.sig: signature: it is not one of this certificate.json" in ran.stdout

    @needs_ssh_keygen
    def test_openssh_and_we_accept_each_other(self, run: Path, tmp_path: Path) -> None:
        key = make_key(tmp_path / "theirs", "ecdsa256")
        signers = tmp_path / "allowed"
        signers.write_text(f'ada@example.com namespaces="turntruth" {public_line(key)}\n')
        certificate = run / "certificate.json"
        assert call("sign", run, "--key", key).exit_code == 0
        assert accepts(certificate, run / "certificate.json.sig", signers, "ada@example.com")
        (run / "certificate.json.sig").unlink()
        signed(certificate, key)
        arguments = ("--signers", signers, "--identity", "ada@example.com")
        assert call("verify", run, *arguments).exit_code == 0
        assert call("verify", run, "--signers", signers, "--identity", "bob@example.com").exit_code == 1


class TestProcess:
    """Real processes, which would hang where something waits for a pipe."""

    @staticmethod
    def to_pipe(*paths: Path) -> None:
        for path in paths:
            path.unlink(missing_ok=True)
            os.mkfifo(path)

    def test_a_run_of_pipes_ends(self, run: Path) -> None:
        self.to_pipe(*(entry for entry in run.iterdir() if entry.name != "certificate.json"))
        self.to_pipe(run / "certificate.json.sig")
        ran = turntruth("verify", run)
        assert (ran.returncode, ran.stderr) == (3, "")
        assert "findings.parquet: bytes: it cannot be looked at: it is a pipe, no regular file" in ran.stdout

    def test_a_certificate_that_is_a_pipe_ends(self, run: Path) -> None:
        self.to_pipe(run / "certificate.json")
        ran = turntruth("verify", run)
        assert (ran.returncode, ran.stderr.count("\n")) == (3, 1)
        assert "it is a pipe" in ran.stderr

    @pytest.mark.parametrize("path", ["/dev/zero", "pipe"])
    def test_a_path_that_is_no_run_ends(self, tmp_path: Path, path: str) -> None:
        self.to_pipe(tmp_path / "pipe")
        ran = turntruth("verify", tmp_path / path)
        assert (ran.returncode, ran.stderr.count("\n")) == (2, 1)

    def test_inputs_and_signers_that_are_pipes_end(self, run: Path, tmp_path: Path) -> None:
        self.to_pipe(tmp_path / "pipe")
        ran = turntruth("verify", run, "--turns", tmp_path / "pipe", "--timeline", "/dev/zero")
        assert ran.returncode == 3
        assert "turns: bytes: " in ran.stdout
        ran = turntruth("verify", run, "--signers", tmp_path / "pipe")
        assert (ran.returncode, ran.stderr.count("\n")) == (2, 1)

    def test_an_encrypted_key_is_told_where_there_is_no_terminal(self, run: Path, tmp_path: Path) -> None:
        key = asyncssh.generate_private_key("ssh-ed25519")
        (tmp_path / "key").write_bytes(key.export_private_key(passphrase="secret"))
        ran = turntruth("sign", run, "--key", tmp_path / "key")
        assert ran.returncode == 2
        assert "the key is encrypted, and there is no terminal to ask for its passphrase" in ran.stderr
        assert not (run / "certificate.json.sig").exists()


class TestBundle:
    def test_a_bundle_is_verified_as_its_folder_is(self, run: Path, key: Path, tmp_path: Path) -> None:
        call("sign", run, "--key", key)
        packed = tmp_path / "run.zip"

        made = call("report", run, "--bundle", packed)

        assert made.exit_code == 0
        assert made.stdout.splitlines()[-1] == f"next: turntruth verify {packed}"
        signers = ("--signers", tmp_path / "signers")
        assert call("verify", packed, *signers).stdout == call("verify", run, *signers).stdout
        assert "signed by ada" in last_line(call("verify", packed, *signers))

    def test_a_bundle_of_something_else_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "run.zip").write_text("no zip")

        with pytest.raises(InputFileError, match=r"run\.zip: it is no zip file"):
            call("verify", tmp_path / "run.zip")
