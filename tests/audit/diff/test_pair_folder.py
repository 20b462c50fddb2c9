"""What ``turntruth diff --out`` keeps, and what ``turntruth verify`` says of it later."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncssh
import duckdb
import pytest

from audit.certificates.certificate import CERTIFICATE_FILE, read_certificate
from audit.certificates.digest import digest
from audit.certificates.verification.comparison import Outcome
from audit.certificates.verification.run_verification import Demand, Verification
from audit.cli import run
from audit.contract.kept_contract import KeptContract
from audit.diff.pair_folder import CONTRACT_FILE, Stand, write_pair
from audit.diff.pair_page import render_pair_page
from audit.diff.pair_record import record_text
from audit.diff.pair_run import compared
from audit.diff.pair_verification import verify_pair
from audit.report.run_folder import HTML_FILE, RESULTS_FILE
from support.files.pair_files import make_file

_HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module", name="made")
def make_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A comparison with something of each change, beside its two files."""
    folder = tmp_path_factory.mktemp("pair")
    table = [f'CREATE TABLE "{_HOSTILE}" (k TEXT PRIMARY KEY, v)', "CREATE TABLE t (k INTEGER PRIMARY KEY, v)"]
    rows = (
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 150) INSERT INTO t SELECT x, x FROM n"
    )
    before = make_file(folder / "before.db", *table, rows, f"INSERT INTO \"{_HOSTILE}\" VALUES ('a', 1), (x'00', 2)")
    changes = ["UPDATE t SET v = v + 1", f"UPDATE \"{_HOSTILE}\" SET v = 'nul' || char(0)", "CREATE INDEX i ON t (v)"]
    shutil.copyfile(before, folder / "after.db")
    make_file(folder / "after.db", *changes, "DELETE FROM t WHERE k = 7")
    words = ["diff", str(before), str(folder / "after.db"), "--out", str(folder / "runs"), "--run-id", "one", "-q"]
    assert run(words) == 1
    return folder


@pytest.fixture(name="kept")
def copy_run(made: Path, tmp_path: Path) -> Path:
    """A copy to damage; its files lie where they lay."""
    return Path(shutil.copytree(made / "runs" / "one", tmp_path / "one"))


def _verify(folder: Path, **given: Path) -> Verification:
    return verify_pair(folder, given, Demand())


def _differing(verification: Verification) -> set[tuple[str, str]]:
    return {(each.subject, each.aspect) for each in verification.comparisons if each.outcome is not Outcome.SAME}


def test_all_of_it_is_the_same_as_long_as_nobody_changes_anything(kept: Path) -> None:
    assert _verify(kept).outcome is Outcome.SAME
    assert run(["verify", str(kept)]) == 0


def test_the_table_has_every_finding_and_the_results_the_first(kept: Path) -> None:
    record = json.loads((kept / RESULTS_FILE).read_text())
    with duckdb.connect() as connection:
        rows = connection.execute(f"SELECT change, count(*) FROM '{kept}/findings.parquet' GROUP BY ALL").fetchall()

    assert dict(rows) == {"lost": 1, "changed": 151, "new": 1}
    assert len(record["sample"]) == 102
    assert record["headline"] == "LOST OR CHANGED"
    assert [each["role"] for each in record["inputs"]] == ["before", "after"]


class TestAContractThatIsEdited:
    _CONTRACT = "name = 'first'\n[changes]\nrewritten = [{ name = 't.v', reason = 'r' }]\n"

    @pytest.fixture(name="pair")
    def make_pair(self, tmp_path: Path) -> tuple[Path, Path, Path]:
        table = "CREATE TABLE t (k INTEGER PRIMARY KEY, v)"
        files = [make_file(tmp_path / f"{at}.db", table, f"INSERT INTO t VALUES (1, {at})") for at in (1, 2)]
        contract = tmp_path / "contract.toml"
        contract.write_text(self._CONTRACT)
        return files[0], files[1], contract

    def test_afterwards_is_kept_as_it_was_judged_by(self, pair: tuple[Path, Path, Path], tmp_path: Path) -> None:
        before, after, contract = pair
        stand = Stand.of(before, after)

        with compared(before, after, contract=contract) as result:
            contract.write_text("name = 'second'")
            folder = write_pair(result, stand, tmp_path / "runs", "one", ("a", "b"))

        assert (folder / CONTRACT_FILE).read_text() == self._CONTRACT
        judged_by = hashlib.sha256(self._CONTRACT.encode()).hexdigest()
        assert read_certificate(folder).checks_sha256 == judged_by
        assert _verify(folder).outcome is Outcome.SAME

    @pytest.mark.parametrize("command", [["diff"], ["contract", "check"]])
    def test_meanwhile_is_refused_before_a_verdict_is_told(
        self, pair: tuple[Path, Path, Path], tmp_path: Path, command: list[str],
        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    ) -> None:  # fmt: skip
        before, after, contract = pair
        edited = KeptContract(contract, b"name = 'as it was when the comparison began'")
        monkeypatch.setattr(KeptContract, "read", lambda _: edited)
        files = [str(before), str(after)]
        words = [*files, "--contract", str(contract), "--out", str(tmp_path / "runs")]

        code = run([*command, *(words if command == ["diff"] else [str(contract), *files])])

        told = capsys.readouterr()
        assert code == 2
        assert f"{contract}: it was written to while the files were compared by it" in told.err
        assert "GO" not in told.out
        assert not (tmp_path / "runs").exists()

    def test_one_in_the_folder_that_is_not_that_of_the_results_is_told(
        self, pair: tuple[Path, Path, Path], tmp_path: Path
    ) -> None:
        before, after, contract = pair
        words = ["diff", str(before), str(after), "--contract", str(contract), "--out", str(tmp_path / "runs")]
        assert run([*words, "--run-id", "one", "-q"]) == 0
        folder = tmp_path / "runs" / "one"
        (folder / CONTRACT_FILE).write_text("name = 'another'")
        certificate = json.loads((folder / CERTIFICATE_FILE).read_text())
        certificate["report"][CONTRACT_FILE] = digest(str(folder / CONTRACT_FILE))[0]
        (folder / CERTIFICATE_FILE).write_text(json.dumps(certificate, indent=2) + "\n")

        assert (CONTRACT_FILE, "judged by") in _differing(_verify(folder))


def test_nothing_of_a_file_becomes_markup(kept: Path) -> None:
    page = (kept / HTML_FILE).read_text()

    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "51 more, all of them in findings.parquet" in page


@pytest.mark.parametrize("name", ["index.html", "results.json", "findings.parquet"])
def test_a_file_that_was_changed_is_named(kept: Path, name: str) -> None:
    path = kept / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    if name == "results.json":
        # Whatever is read out of it may be nonsense: it must not pass, and may not be readable at all.
        assert run(["verify", str(kept)]) != 0
    else:
        assert (name, "bytes") in _differing(_verify(kept))


def test_a_file_that_has_come_is_named(kept: Path) -> None:
    (kept / "more.txt").write_text("more")

    assert _differing(_verify(kept)) == {("more.txt", "bytes")}


def test_a_database_that_was_written_to_since_is_named(kept: Path, made: Path, tmp_path: Path) -> None:
    other = Path(shutil.copyfile(made / "after.db", tmp_path / "other.db"))
    make_file(other, "DELETE FROM t WHERE k = 8")

    assert _differing(_verify(kept, after=other)) == {("after", "bytes")}
    assert run(["verify", str(kept), "--input", f"after={other}"]) == 1


def test_it_can_be_signed_and_no_other_bytes_pass_for_it(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519", comment="release@example.org")
    key.write_private_key(tmp_path / "key")
    public = key.export_public_key().decode().split()
    (tmp_path / "signers").write_text(f"release@example.org {public[0]} {public[1]}\n")

    assert run(["sign", str(kept), "--key", str(tmp_path / "key")]) == 0
    assert run(["verify", str(kept), "--signers", str(tmp_path / "signers")]) == 0
    assert "signed" in capsys.readouterr().out
    (kept / HTML_FILE).write_text("another page")
    assert run(["verify", str(kept), "--signers", str(tmp_path / "signers")]) == 1
    assert run(["sign", str(kept), "--key", str(tmp_path / "key"), "--force"]) == 1


def _forge(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the results and make everything else of the run fit them."""
    record = json.loads((folder / RESULTS_FILE).read_text())
    change(record)
    (folder / RESULTS_FILE).write_text(record_text(record))
    (folder / HTML_FILE).write_text(render_pair_page(record))
    document = json.loads((folder / CERTIFICATE_FILE).read_text())
    document["report"] = {name: digest(str(folder / name))[0] for name in document["report"]}
    document["verdict"] = record["headline"]
    (folder / CERTIFICATE_FILE).write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def test_a_better_headline_contradicts_the_counts(kept: Path) -> None:
    def claim(record: dict[str, Any]) -> None:
        record["headline"], record["exit_code"] = "ONLY NEW", 0

    _forge(kept, claim)

    assert _differing(_verify(kept)) == {("results.json", "in itself")}


def test_findings_that_were_left_out_are_missed_in_the_table(kept: Path) -> None:
    def claim(record: dict[str, Any]) -> None:
        record["headline"], record["exit_code"] = "ONLY NEW", 0
        record["counts"]["lost"] = record["counts"]["changed"] = {}
        record["sample"] = [each for each in record["sample"] if each["change"] == "new"]
        record["findings"]["rows"] = 1

    _forge(kept, claim)

    assert _differing(_verify(kept)) == {("findings.parquet", "rows as results.json counts them")}


def test_a_run_of_that_name_is_never_written_over(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = read_certificate(made / "runs" / "one")
    words = [str(made / "before.db"), str(made / "after.db"), "--out", str(made / "runs"), "--run-id", "one"]

    assert run(["diff", *words]) == 2
    assert "there is a run of this name already" in capsys.readouterr().err
    assert read_certificate(made / "runs" / "one") == before


def test_a_file_with_a_log_has_no_hash_and_it_is_said_why(tmp_path: Path) -> None:
    import apsw  # noqa: PLC0415  only here a file is held open

    before = make_file(tmp_path / "before.db", "CREATE TABLE t (k INTEGER PRIMARY KEY)")
    after = Path(shutil.copyfile(before, tmp_path / "after.db"))
    writer = apsw.Connection(str(after))
    writer.pragma("journal_mode", "wal")
    writer.execute("INSERT INTO t VALUES (1)")
    assert run(["diff", str(before), str(after), "--out", str(tmp_path / "runs"), "--run-id", "live", "-q"]) == 0
    writer.close()
    certificate = read_certificate(tmp_path / "runs" / "live")

    assert certificate.files[1].sha256 == ""
    assert "log beside" in certificate.files[1].problem
