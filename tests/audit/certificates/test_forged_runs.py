"""Whatever is changed in the folder of a run, with the hashes made right as well as can be: never "same"."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.certificates.certificate import CERTIFICATE_FILE, CertificateError, read_certificate
from audit.certificates.parquet_hash import TableHash, examine_parquet
from audit.certificates.verification import findings_verification, input_verification
from audit.certificates.verification.comparison import Comparison, Outcome
from audit.certificates.verification.run_verification import Verification, verify_run
from audit.errors import AuditError
from audit.results.records import AuditResult, Status, Verdict
from support.audits.certified_run import hash_again, reseal

EXAMPLES = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
FILES = ("results.json", "index.html", "findings.csv", "certificate.json")


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process, and each file once: the tests beside this one start the children."""
    examine = cache(input_verification._examine)

    @cache
    def table(content: bytes, path: Path, columns: tuple[str, ...]) -> TableHash:
        return examine_parquet(str(path), columns)

    def hash_here(files: Sequence[tuple[Path, tuple[str, ...]]]) -> list[TableHash]:
        return [table(path.read_bytes() if path.is_file() else b"", path, columns) for path, columns in files]

    monkeypatch.setattr(input_verification, "_examine", examine)
    monkeypatch.setattr(findings_verification, "hash_in_child", hash_here)


def wrong(verification: Verification) -> dict[tuple[str, str], Comparison]:
    return {(each.subject, each.aspect): each for each in verification.comparisons if each.outcome is not Outcome.SAME}


def outcome(run: Path) -> str:
    try:
        return verify_run(run, {}).outcome
    except CertificateError:
        return "cannot be read"


def test_an_honest_run_is_the_same(run: Path) -> None:
    verification = verify_run(run, {})
    assert wrong(verification) == {}
    assert verification.outcome is Outcome.SAME
    assert {each.subject for each in verification.comparisons} >= {"turns", "timeline", "against", "index.html"}


class TestForgedAsAWhole:
    def test_another_page(self, run: Path) -> None:
        (run / "index.html").write_text("<h1>PASSED</h1>")
        hash_again(run)
        assert set(wrong(verify_run(run, {}))) == {("index.html", "made again from the run")}

    def test_a_certificate_of_no_database(self, run: Path) -> None:
        reseal(run, certify=lambda certificate: replace(certificate, files=()))
        assert set(wrong(verify_run(run, {}))) == {("certificate.json", "turns"), ("certificate.json", "timeline")}

    def test_a_run_of_no_database(self, run: Path) -> None:
        reseal(run, certify=lambda certificate: replace(certificate, files=()))
        reseal(run, lambda result: replace(result, inputs=()))
        assert {("certificate.json", "turns"), ("results.json", "in itself")} <= set(wrong(verify_run(run, {})))

    def test_hardly_a_report(self, run: Path) -> None:
        for entry in run.iterdir():
            if entry.name not in {"results.json", CERTIFICATE_FILE}:
                entry.unlink()
        hash_again(run)
        missing = {"findings.csv", "index.html", "findings.parquet", "fingerprints.parquet"}
        found = wrong(verify_run(run, {}))
        assert {name for name, aspect in found if aspect == "bytes"} == missing
        assert outcome(run) == "differs"

    def test_no_results(self, run: Path) -> None:
        (run / "results.json").unlink()
        hash_again(run)
        assert outcome(run) == "differs"

    def test_a_prettier_verdict_with_a_page_that_tells_it(self, run: Path) -> None:
        reseal(run, lambda result: replace(result, verdict=Verdict.PASSED))
        (problem,) = wrong(verify_run(run, {})).values()
        assert problem.problem == "the verdict is passed, and its checks make it failed"

    def test_a_check_that_passed_although_it_has_findings(self, run: Path) -> None:
        reseal(run, lambda result: failing(result, status=Status.PASSED, findings=0, sample=()))
        found = wrong(verify_run(run, {}))
        assert found["findings.csv", "rows as results.json counts them"].problem.startswith(
            "runtime_complete: it has 3"
        )

    def test_findings_that_were_taken_out_of_table_and_results(self, run: Path) -> None:
        rows = (run / "findings.csv").read_bytes().split(b"\r\n")
        (run / "findings.csv").write_bytes(b"\r\n".join(row for row in rows if not row.startswith(b"runtime_complete")))
        reseal(run, lambda result: failing(result, status=Status.PASSED, findings=0, sample=()))
        assert set(wrong(verify_run(run, {}))) == {("findings.parquet", "rows of findings.csv")}

    def test_another_query_than_the_one_that_ran(self, run: Path) -> None:
        reseal(run, lambda result: failing(result, sql="SELECT 1"))
        (problem,) = wrong(verify_run(run, {})).values()
        assert problem.problem == "runtime_complete: sql_sha256 is not that of its query"

    def test_a_database_that_the_run_did_not_have(self, run: Path) -> None:
        reseal(
            run,
            lambda result: replace(result, inputs=tuple(each for each in result.inputs if each.role != "against")),
            lambda certificate: replace(
                certificate, files=(*certificate.files, replace(certificate.files[0], role="baseline"))
            ),
        )
        assert set(wrong(verify_run(run, {}))) == {("certificate.json", "baseline")}

    def test_fingerprints_of_other_turns(self, run: Path) -> None:
        path = run / "fingerprints.parquet"
        other = run.parent / "other.parquet"
        duckdb.sql(
            f"COPY (SELECT * REPLACE (created_ms + 1 AS created_ms) FROM read_parquet('{path}'))"
            f" TO '{other}' (FORMAT parquet)"
        )
        other.replace(path)
        hash_again(run)
        assert set(wrong(verify_run(run, {}))) == {("fingerprints.parquet", "turns of the file")}

    def test_a_reason_for_missing_hashes_beside_the_hashes(self, run: Path) -> None:
        reseal(
            run,
            certify=lambda certificate: replace(
                certificate, files=tuple(replace(each, problem="a reason") for each in certificate.files)
            ),
        )
        assert outcome(run) == "differs"

    @pytest.mark.parametrize("name", ["/dev/zero", "../clean/results.json", "certificate.json", "certificate.json.sig"])
    def test_a_name_outside_of_the_run_is_not_looked_at(self, run: Path, name: str) -> None:
        certificate = read_certificate(run)
        forged = replace(certificate, report={**certificate.report, name: "00" * 32})
        (run / CERTIFICATE_FILE).write_text(forged.to_json_text())
        assert set(wrong(verify_run(run, {}))) == {(name, "bytes")}

    def test_a_page_of_another_renderer_is_not_judged(self, run: Path) -> None:
        reseal(run, certify=lambda certificate: replace(certificate, renderer="0123456789ab"))
        (problem,) = wrong(verify_run(run, {})).values()
        assert problem.outcome is Outcome.UNKNOWN
        assert problem.problem.startswith("it was made by renderer 0123456789ab of turntruth 0.1.0; this renderer, ")
        (run / "index.html").write_text("<h1>PASSED</h1>")
        hash_again(run)
        assert outcome(run) == "unknown"

    def test_results_with_a_number_beyond_all_numbers(self, run: Path) -> None:
        path = run / "results.json"
        path.write_text(path.read_text().replace('"size_bytes": 503808', f'"size_bytes": {10**400}'))
        hash_again(run)
        problem = wrong(verify_run(run, {}))["results.json", "contents"]
        assert "inputs[0].size_bytes: wanted a whole number from 0" in problem.problem

    def test_results_that_no_page_can_be_made_of(self, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(result: AuditResult, findings: object) -> str:
            raise OverflowError("too large")

        monkeypatch.setattr("audit.report.html.render_html", refuse)
        (problem,) = wrong(verify_run(run, {})).values()
        assert problem.problem == "no page can be made of this run (OverflowError: too large)"


def failing(result: AuditResult, **changes: Any) -> AuditResult:
    """The results with another outcome of the check that has three findings."""
    checks = tuple(replace(check, **changes) if check.check == "runtime_complete" else check for check in result.checks)
    return replace(result, checks=checks)


def leaves(document: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(document, (dict, list)):
        members = document.items() if isinstance(document, dict) else enumerate(document)
        for key, member in members:
            yield from leaves(member, (*place, key))
    else:
        yield place


def other(value: Any) -> Any:
    return value + 1 if isinstance(value, (int, float)) else f"{value}x"


@pytest.mark.parametrize("name", ["results.json", "certificate.json"])
@EXAMPLES
@given(data=st.data())
def test_no_value_of_a_json_file_can_be_another(sealed: Path, name: str, data: st.DataObject) -> None:
    with restored(sealed, name):
        document = json.loads((sealed / name).read_bytes())
        place = data.draw(st.sampled_from(list(leaves(document))))
        *way, last = place
        holder = document
        for step in way:
            holder = holder[step]
        holder[last] = other(holder[last])
        (sealed / name).write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
        if name != CERTIFICATE_FILE:
            hash_again(sealed)
        assert outcome(sealed) != "same", place


@pytest.mark.parametrize("name", FILES)
@EXAMPLES
@given(data=st.data())
def test_no_byte_can_be_another(sealed: Path, name: str, data: st.DataObject) -> None:
    with restored(sealed, name):
        content = bytearray((sealed / name).read_bytes())
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] ^= data.draw(st.integers(1, 255))
        (sealed / name).write_bytes(content)
        if name != CERTIFICATE_FILE:
            hash_again(sealed)
        assert outcome(sealed) != "same"


@pytest.mark.parametrize("name", FILES)
@EXAMPLES
@given(at=st.floats(0, 1), more=st.sampled_from([b"", b" ", b"\n", b'"', b"\0"]))
def test_no_file_can_be_shorter_or_longer(sealed: Path, name: str, at: float, more: bytes) -> None:
    with restored(sealed, name):
        content = (sealed / name).read_bytes()
        forged = content + more if more else content[: int(at * (len(content) - 1))]
        (sealed / name).write_bytes(forged)
        if name != CERTIFICATE_FILE:
            hash_again(sealed)
        assert outcome(sealed) != "same"


class restored:  # noqa: N801  it reads like a function
    """The run as it was afterwards: to copy it for each example would take longer than to verify it."""

    def __init__(self, run: Path, name: str) -> None:
        self._kept = {path: path.read_bytes() for path in (run / name, run / CERTIFICATE_FILE)}

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        for path, content in self._kept.items():
            path.write_bytes(content)


def to_nothing(path: Path) -> None:
    path.unlink()


def to_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def to_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def to_device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def to_emptiness(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("name", [*FILES, "findings.parquet", "fingerprints.parquet"])
@pytest.mark.parametrize("change", [to_nothing, to_pipe, to_folder, to_device, to_emptiness])
def test_a_file_that_is_none_cannot_be_looked_at(run: Path, name: str, change: Callable[[Path], None]) -> None:
    change(run / name)
    expected = {"unknown", "cannot be read"} if change is not to_emptiness else {"differs", "cannot be read"}
    assert outcome(run) in expected
    if change is not to_emptiness and name != CERTIFICATE_FILE:
        problem = wrong(verify_run(run, {}))[name, "bytes"]
        assert problem.problem.startswith("it cannot be looked at: ")


def test_a_file_that_may_not_be_read_cannot_be_looked_at(run: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    (run / "findings.csv").chmod(0)
    assert outcome(run) == "unknown"


@pytest.mark.parametrize("name", ["notes.txt", ".hidden", "results.json.bak"])
def test_whatever_has_come_is_told(run: Path, name: str) -> None:
    (run / name).touch()
    problem = wrong(verify_run(run, {}))[name, "bytes"]
    assert problem.found == "a file that the run did not have"


def test_a_run_without_certificate_is_no_usage_error(run: Path) -> None:
    (run / CERTIFICATE_FILE).unlink()
    with pytest.raises(CertificateError, match="the run has no certificate") as caught:
        verify_run(run, {})
    assert caught.value.exit_code == 3


def test_a_folder_of_something_else_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="Name the folder of a run") as caught:
        verify_run(tmp_path, {})
    assert caught.value.exit_code == 2
