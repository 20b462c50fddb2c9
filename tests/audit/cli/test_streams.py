"""Output on terminals of every encoding: nothing ends in an error, JSON stays JSON, and what is lost is escaped."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from audit.cli.streams import prepare_streams, write_document
from store.turns.records import Turn, TurnSaveOptions
from store.turns.turn_store import SqliteTurnStore

SURROUNDINGS = {
    "C locale": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "Latin-1": {"PYTHONIOENCODING": "latin-1"},
    "strict UTF-8": {"PYTHONIOENCODING": "utf-8:strict"},
}
STRANGE = "café-\U0001f600"


@contextlib.contextmanager
def terminal(encoding: str) -> Iterator[io.BytesIO]:
    """Standard output and error of an encoding, made ready; gives what they got as bytes.

    No fixture: between a fixture and its test pytest puts streams of its own in their place.
    """
    written = io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        wrappers = [io.TextIOWrapper(written, encoding=encoding, write_through=True) for _ in range(2)]
        patch.setattr(sys, "stdout", wrappers[0])
        patch.setattr(sys, "stderr", wrappers[1])
        prepare_streams()
        yield written


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "é 😀 \\udcff".encode()),
        ("ascii", rb"\u00e9 \ud83d\ude00 \udcff"),
        ("latin-1", rb"\u00e9 \ud83d\ude00 \udcff"),
        ("cp1252", rb"\u00e9 \ud83d\ude00 \udcff"),
    ],
)
def test_what_cannot_be_written_is_escaped(encoding: str, shown: bytes) -> None:
    text = "é 😀 \udcff"
    with terminal(encoding) as written:
        typer.echo(text)
        typer.echo(text, err=True)
        sys.stdout.write(text)
        assert written.getvalue() == shown + b"\n" + shown + b"\n" + shown


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_json_says_the_same_on_every_terminal(encoding: str) -> None:
    @given(st.text())
    def holds(text: str) -> None:
        with terminal(encoding) as written:
            write_document(json.dumps([text], ensure_ascii=False), "json")
            read = json.loads(written.getvalue().decode("utf-8"))[0]
        # A pair of lone surrogates is what JSON calls one character: the same text once both are decoded.
        assert read.encode("utf-16", "surrogatepass") == text.encode("utf-16", "surrogatepass")

    holds()


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
@pytest.mark.parametrize("form", ["html", "junit", "markdown", "github"])
def test_a_document_that_names_its_encoding_is_in_it(encoding: str, form: str) -> None:
    with terminal(encoding) as written:
        write_document("<p>é 😀 \udcff</p>", form)
        assert written.getvalue() == "<p>é 😀 ?</p>".encode()


def test_streams_of_another_kind_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setattr(sys, "stderr", None)
    prepare_streams()
    write_document("é", "html")
    assert isinstance(sys.stdout, io.StringIO)
    assert sys.stdout.getvalue() == "é"


@pytest.fixture(scope="module")
def turns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("streams") / "turns.db"
    with SqliteTurnStore(path, create=True) as store:
        store.save(STRANGE, "s", "t", "final", Turn("t"), created_at_ms=5, options=TurnSaveOptions(STRANGE, "i"))
    return path


def run(repository: Path, surroundings: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LC_", "LANG"))}
    command = [sys.executable, "-c", "from audit.cli import main; main()", *arguments]
    return subprocess.run(
        command, cwd=repository, env=environment | SURROUNDINGS[surroundings], capture_output=True, check=False
    )


def test_a_command_says_its_answer_and_its_error_on_an_ascii_terminal(turns: Path, repository: Path) -> None:
    asked = run(repository, "C locale", "history", str(turns))
    assert (asked.returncode, asked.stderr) == (0, b"")
    assert rb"caf\u00e9-\ud83d\ude00" in asked.stdout
    refused = run(repository, "C locale", "doctor", str(turns.with_name("none-café.db")))
    assert refused.returncode == 2
    assert rb"none-caf\udcc3\udca9.db: the path is no UTF-8" in refused.stderr
    assert b"set PYTHONUTF8=1" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_what_a_program_reads_is_valid_json_on_a_latin_1_terminal(turns: Path, repository: Path) -> None:
    answered = run(repository, "Latin-1", "doctor", str(turns), "--format", "json")
    assert answered.returncode == 0
    assert json.loads(answered.stdout)["path"] == str(turns)
    answered = run(repository, "strict UTF-8", "history", str(turns), "--format", "json")
    assert json.loads(answered.stdout)["runtimes"][0]["runtime_key"] == STRANGE
