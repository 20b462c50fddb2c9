from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from audit.certificates.certificate import CERTIFICATE_FILE, read_certificate
from audit.runs.served import file_hashes
from audit.runs.served.file_hashes import FileHashes
from audit.runs.served.report_truth import Truth, files_of, of_all
from audit.runs.served.run_file import RunFiles
from support.audits.certified_run import Files, kept_runs

WAIT_S = 60


@pytest.fixture
def hashes() -> Iterator[FileHashes]:
    with FileHashes() as found:
        yield found


@pytest.fixture
def run(tmp_path: Path) -> Files:
    """A run of 0.1 whose files lie where its certificate says."""
    files = kept_runs(tmp_path)
    certificate = read_certificate(files.run("clean"))
    here = tuple(replace(each, path=str(tmp_path / each.path)) for each in certificate.files)
    (files.run("clean") / CERTIFICATE_FILE).write_text(replace(certificate, files=here).to_json_text())
    return files


def truths(run: Files, hashes: FileHashes, wait_s: float = WAIT_S) -> dict[str, Truth]:
    return {each.role: each.truth for each in files_of(RunFiles(run.reports), "clean", hashes, wait_s)}


def test_as_long_as_the_files_are_the_same_it_is_still_true(run: Files, hashes: FileHashes) -> None:
    found = truths(run, hashes)

    assert found == dict.fromkeys(("turns", "timeline", "baseline"), Truth.STILL)
    assert of_all(files_of(RunFiles(run.reports), "clean", hashes, WAIT_S)) is Truth.STILL


def test_a_byte_of_a_file_makes_it_untrue_also_after_it_was_looked_at(run: Files, hashes: FileHashes) -> None:
    assert truths(run, hashes)["turns"] is Truth.STILL
    with run.turns.open("r+b") as stream:
        stream.seek(60)
        stream.write(b"\1\2\3\4")

    found = files_of(RunFiles(run.reports), "clean", hashes, WAIT_S)

    assert [each.truth for each in found if each.role == "turns"] == [Truth.NO_LONGER]
    assert of_all(found) is Truth.NO_LONGER


def test_a_file_of_another_size_need_not_be_read(run: Files, hashes: FileHashes) -> None:
    with run.turns.open("ab") as stream:
        stream.write(b"x")

    (found,) = (each for each in files_of(RunFiles(run.reports), "clean", hashes, 0) if each.role == "turns")

    assert found.truth is Truth.NO_LONGER
    assert found.reason.startswith("it has changed since it was audited: it had ")


def test_what_lies_in_a_log_may_have_changed_it(run: Files, hashes: FileHashes) -> None:
    Path(f"{run.turns}-wal").write_bytes(b"x" * 100)

    assert truths(run, hashes)["turns"] is Truth.NOT_KNOWN


def test_a_file_that_is_gone_or_a_pipe_by_now_cannot_be_told(run: Files, hashes: FileHashes) -> None:
    run.turns.unlink()
    run.timeline.unlink()
    os.mkfifo(run.timeline)

    found = truths(run, hashes)

    assert found["turns"] is Truth.NOT_KNOWN
    assert found["timeline"] is Truth.NO_LONGER


def test_without_a_certificate_nothing_can_be_told(run: Files, hashes: FileHashes) -> None:
    (run.run("clean") / CERTIFICATE_FILE).write_text("{")

    (found,) = files_of(RunFiles(run.reports), "clean", hashes, WAIT_S)

    assert found.truth is Truth.NOT_KNOWN
    assert found.reason


def test_nobody_waits_longer_than_said(run: Files, hashes: FileHashes, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = file_hashes._take

    def slowly(path: Path, key: file_hashes.Key) -> str:
        time.sleep(1)
        return taken(path, key)

    monkeypatch.setattr(file_hashes, "_take", slowly)

    assert truths(run, hashes, 0.01)["turns"] is Truth.BEING_READ
    assert truths(run, hashes)["turns"] is Truth.STILL


def test_a_hash_is_taken_once(run: Files, hashes: FileHashes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert truths(run, hashes)["turns"] is Truth.STILL

    def never(path: Path, key: file_hashes.Key) -> str:
        raise AssertionError(path)

    monkeypatch.setattr(file_hashes, "_take", never)

    assert truths(run, hashes)["turns"] is Truth.STILL


def test_the_worst_is_said_of_all() -> None:
    assert of_all(()) is Truth.NOT_KNOWN
    assert next(iter(Truth)) is Truth.NO_LONGER
