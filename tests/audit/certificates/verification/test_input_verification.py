"""Every input that a run names is looked at, wherever it lies now, or it is said why it is not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from audit.certificates.certificate import FileCertificate, read_certificate
from audit.certificates.parquet_hash import TableHash
from audit.certificates.verification.comparison import Comparison, Outcome
from audit.certificates.verification.input_verification import verify_inputs
from audit.report.run_folder import load_run
from audit.results.records import AuditResult, InputFile
from support.audits.certified_run import reseal

SEEN = TableHash(problem="the tests of forged runs are about it")


def adding(*entries: InputFile) -> Callable[[AuditResult], AuditResult]:
    def change(result: AuditResult) -> AuditResult:
        return replace(result, inputs=(*result.inputs, *entries))

    return change


def verify(run: Path, *without: str, **places: Path) -> dict[tuple[str, str], Comparison]:
    """What is not the same, by subject and aspect."""
    compared = verify_inputs(read_certificate(run), load_run(run), SEEN, places, frozenset(without))
    return {(each.subject, each.aspect): each for each in compared if each.outcome is not Outcome.SAME}


def test_inputs_are_found_where_they_lay(run: Path) -> None:
    assert verify(run) == {}


def test_inputs_are_found_where_they_are_said_to_lie(run: Path, sealed: Path, tmp_path: Path) -> None:
    copied = {role: tmp_path / f"moved-{role}" for role in ("turns", "timeline", "against")}
    for role, source in {"turns": "damaged.db", "timeline": "timeline.db"}.items():
        shutil.copy(sealed.parents[1] / source, copied[role])
    shutil.copytree(sealed.parent / "clean", copied["against"])
    assert verify(run, **copied) == {}


def test_another_earlier_run_differs(run: Path, sealed: Path) -> None:
    assert set(verify(run, against=sealed)) == {("against", "bytes")}


def test_an_earlier_run_that_has_gone_cannot_be_told(run: Path, tmp_path: Path) -> None:
    (problem,) = verify(run, against=tmp_path / "gone").values()
    assert problem.outcome is Outcome.UNKNOWN
    assert problem.problem.endswith("No such file or directory; say where it lies now with --input against=PATH")


@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "absent"])
def test_a_database_that_is_no_file_cannot_be_told(run: Path, tmp_path: Path, kind: str) -> None:
    path = {"device": Path("/dev/zero")}.get(kind, tmp_path / "place")
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    found = verify(run, turns=path)
    assert set(found) == {
        ("turns", aspect) for aspect in ("bytes", "schema", "content of the old columns", "attribution")
    }
    assert {each.outcome for each in found.values()} == {Outcome.UNKNOWN}
    said = "No such file" if kind == "absent" else f"it is a {kind}, no regular file"
    assert said in found["turns", "bytes"].problem


def test_a_text_in_the_place_of_a_database_differs(run: Path, tmp_path: Path) -> None:
    (tmp_path / "place").write_text("no database")
    found = verify(run, turns=tmp_path / "place")
    assert found["turns", "bytes"].outcome is Outcome.DIFFERS
    assert "it cannot be read to its end" in found["turns", "schema"].problem


def test_a_registry_is_compared_by_its_bytes(run: Path, tmp_path: Path) -> None:
    path = tmp_path / "registry.yaml"
    path.write_text("[planner]\n")
    sha256 = "d96d1d0d5a2eb8ff1ac2a3d5b9a7c8e3fdbb0c8ad8d0d9b8a5b7f3b4c1e2f3a4"
    reseal(run, adding(InputFile("registry", str(path), 10, sha256, {"profiles": 1})))
    assert set(verify(run)) == {("registry", "bytes")}
    assert verify(run, "registry") == {}


def test_what_an_api_answered_cannot_be_told_and_may_be_left_out(run: Path) -> None:
    reseal(run, adding(InputFile("api", "http://localhost:1", 0, "", {})))
    (problem,) = verify(run).values()
    assert problem.outcome is Outcome.UNKNOWN
    assert problem.problem.endswith("leave it out with --without api")
    assert verify(run, "api") == {}


def test_an_input_that_is_left_out_is_not_looked_at(run: Path, tmp_path: Path) -> None:
    assert verify(run, "timeline", "against", timeline=tmp_path / "gone", against=tmp_path / "gone") == {}


@pytest.mark.parametrize("way", ["place", "without"])
def test_an_input_that_the_audit_did_not_have_is_told(run: Path, sealed: Path, way: str) -> None:
    found = verify(run, baseline=sealed) if way == "place" else verify(run, "baseline")
    assert [(each.outcome, each.problem) for each in found.values()] == [
        (Outcome.UNKNOWN, "the audit had no baseline"),
    ]


def test_a_database_without_hashes_cannot_be_told(run: Path) -> None:
    reseal(
        run,
        lambda result: replace(
            result, inputs=tuple(replace(each, sha256="") if each.role == "turns" else each for each in result.inputs)
        ),
        lambda certificate: replace(
            certificate,
            files=tuple(
                FileCertificate(each.role, each.path, each.size_bytes, each.rows, problem="it moved")
                if each.role == "turns"
                else each
                for each in certificate.files
            ),
        ),
    )
    found = verify(run)
    assert {(each.subject, each.outcome, each.problem) for each in found.values()} == {
        ("turns", Outcome.UNKNOWN, "it moved")
    }
