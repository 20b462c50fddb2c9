"""``audit --redact`` and ``report --redact`` as somebody runs them, on files with a damage."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import apsw
import duckdb
import pytest

from audit.cli import run as run_command
from audit.errors import InputFileError
from audit.pipeline.run import run_audit
from audit.pipeline.settings import AuditSettings
from audit.report.run_folder import load_run
from audit.results.findings_csv import read_findings
from support.audits.certified_run import Files, kept_runs


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    found = kept_runs(tmp_path_factory.mktemp("files"))
    with closing(apsw.Connection(str(found.turns))) as connection:
        connection.execute(
            "UPDATE turns SET runtime_key = '' WHERE rowid IN (SELECT rowid FROM turns WHERE runtime_key <> '' LIMIT 3)"
        )
    return found


def ids_of(run: Path) -> set[str]:
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"SELECT * EXCLUDE (created_ms, runtime_key) FROM '{run}/fingerprints.parquet'"
        ).fetchall()
    return {cell for row in rows for cell in row if cell}


def test_an_audit_and_a_report_redact_alike_and_name_nobody(
    files: Files, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    given = [str(files.turns), "--timeline", str(files.timeline), "--run-id", "damaged"]
    plain, straight, later = (tmp_path / name for name in ("plain", "straight", "later"))

    assert run_command(["audit", *given, "--out", str(plain)]) == 1
    capfd.readouterr()
    written = tmp_path / "audit.xml"
    assert run_command(["audit", *given, "--out", str(straight), "--redact", "--write", f"junit:{written}"]) == 1
    printed = capfd.readouterr().out.replace(str(straight), "")
    assert run_command(["report", str(plain / "damaged"), "--redact", "--out", str(later)]) == 0
    assert (later / "index.html").is_file()

    for name in ("findings.csv", "findings.parquet"):
        assert (straight / "damaged" / name).read_bytes() == (later / "damaged" / name).read_bytes()
    before, after = load_run(plain / "damaged"), load_run(straight / "damaged")
    assert (after.verdict, after.causes, after.extent) == (before.verdict, before.causes, before.extent)
    assert "redacted" in printed.splitlines()[0]
    named = ids_of(plain / "damaged")
    texts = [printed, written.read_text(), *(each.read_text() for each in (straight / "damaged").glob("*.[chj]*[vln]"))]
    assert len(texts) == 6
    for text in texts:
        assert str(files.folder) not in text
        assert not {one for one in named if re.search(rf"(?<!\w){re.escape(one)}(?!\w)", text)}
    assert any(each.conv_id == "conversation 1" for each in read_findings(straight / "damaged" / "findings.csv"))


def test_nothing_is_held_against_a_redacted_run(files: Files, tmp_path: Path) -> None:
    run_audit(AuditSettings(files.turns, out_dir=tmp_path, run_id="first", redact=True))

    with pytest.raises(InputFileError, match="the run is redacted, so its turns have no ids"):
        run_audit(AuditSettings(files.turns, against=tmp_path / "first"))


@pytest.mark.parametrize(
    "words", [["--redact"], ["--out", "x"], ["--key", "x"], ["--redact", "--out", "x", "--bundle", "x.zip"]]
)
def test_options_that_do_not_go_together(words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(["report", "reports/first", *words]) == 2
