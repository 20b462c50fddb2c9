"""Whose signatures count: lines as OpenSSH reads them, and no line that allows more than OpenSSH would."""

from __future__ import annotations

import os
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncssh
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.certificates.allowed_signers import AllowedSigners, Judgement, matches, read_allowed_signers
from audit.errors import InputFileError
from support.audits.ssh_keys import accepts, make_key, needs_ssh_keygen, public_line, signed

KEY = asyncssh.generate_private_key("ssh-ed25519")
OTHER = asyncssh.generate_private_key("ecdsa-sha2-nistp256")
NOW = datetime(2026, 2, 24, 10, 15, tzinfo=UTC)


def line_of(key: asyncssh.SSHKey) -> str:
    return " ".join(key.export_public_key().decode().split()[:2])


def allowed(folder: Path, *lines: str) -> AllowedSigners:
    path = folder / "signers"
    path.write_text("\n".join(lines))
    return read_allowed_signers(path)


def judge(folder: Path, *lines: str, identity: str = "") -> Judgement:
    return allowed(folder, *lines).judge(KEY, identity, NOW)


MINE, THEIRS = line_of(KEY), line_of(OTHER)


class TestWithoutIdentity:
    def test_the_key_tells_who_signed(self, tmp_path: Path) -> None:
        assert judge(tmp_path, f"bob {THEIRS}", f"ada@example.com {MINE} a comment") == Judgement("ada@example.com")

    def test_the_same_entry_twice_is_no_question(self, tmp_path: Path) -> None:
        assert judge(tmp_path, f"ada {MINE}", f"ada {MINE}") == Judgement("ada")

    def test_two_owners_of_a_key_are_a_question(self, tmp_path: Path) -> None:
        judgement = judge(tmp_path, f"ada {MINE}", f"bob {MINE}")
        assert judgement.is_ambiguous
        assert judgement.refusal.endswith("signers has the key for ada and bob; say which with --identity")

    def test_a_key_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        judgement = judge(tmp_path, f"bob {THEIRS}")
        assert (judgement.identity, judgement.is_ambiguous) == ("", False)
        assert judgement.refusal == f"the key is not in {tmp_path / 'signers'}"


class TestWithIdentity:
    def test_it_must_be_one_of_the_principals(self, tmp_path: Path) -> None:
        line = f"ada@example.com,*@example.org {MINE}"
        assert judge(tmp_path, line, identity="ada@example.com").identity == "ada@example.com"
        assert judge(tmp_path, line, identity="eve@example.org").identity == "eve@example.org"
        refusal = judge(tmp_path, line, identity="eve@example.com").refusal
        assert refusal == "line 1: it is that of ada@example.com,*@example.org, not of eve@example.com"

    def test_the_key_of_another_one_is_refused(self, tmp_path: Path) -> None:
        assert judge(tmp_path, f"ada {THEIRS}", f"bob {MINE}", identity="ada").refusal.startswith("line 2: it is that")


class TestOptions:
    @pytest.mark.parametrize(
        ("options", "refusal"),
        [
            ('namespaces="turntruth"', ""),
            ('namespaces="git,turn*"', ""),
            ('namespaces="git"', "it is for namespaces git, not for turntruth"),
            ('namespaces="*,!turntruth"', "it is for namespaces *,!turntruth, not for turntruth"),
            ('valid-after="20260224101500Z"', ""),
            ('valid-after="20260224101501Z"', "it is valid only after 2026-02-24 10:15:01 +0000"),
            ('valid-before="20260224101500Z"', ""),
            ('valid-before="20260224101459Z"', "it was valid before 2026-02-24 10:14:59 +0000"),
            ('valid-before="202602241014Z"', "it was valid before 2026-02-24 10:14:00 +0000"),
            ('VALID-BEFORE="20260224Z"', "it was valid before 2026-02-24 00:00:00 +0000"),
            ('valid-after="20250101Z",valid-before="20270101Z",namespaces="turntruth"', ""),
        ],
    )
    def test_namespace_and_time_must_fit(self, tmp_path: Path, options: str, refusal: str) -> None:
        judgement = judge(tmp_path, f"ada {options} {MINE}")
        assert judgement == (Judgement(refusal=f"line 1: {refusal}") if refusal else Judgement("ada"))

    def test_a_time_without_zone_is_local(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TZ", "XXX-05")
        time.tzset()
        try:
            assert judge(tmp_path, f'ada valid-before="20260224151500" {MINE}').identity == "ada"
            assert judge(tmp_path, f'ada valid-before="20260224151459" {MINE}').refusal
        finally:
            monkeypatch.undo()
            time.tzset()

    def test_an_authority_allows_nobody_and_that_is_said(self, tmp_path: Path) -> None:
        judgement = judge(tmp_path, f"* cert-authority {MINE}")
        assert judgement.identity == ""
        assert judgement.refusal.endswith("cert-authority in line 1 is not supported")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("ada", "wanted principals and a public key"),
        (f'"ada {MINE}', "a quotation mark without end"),
        (f"ada restricted {MINE}", "option restricted"),
        (f'ada namespaces="a",namespaces="turntruth" {MINE}', "option namespaces"),
        (f"ada namespaces {MINE}", "option namespaces"),
        (f'ada namespaces="" {MINE}', "an empty list of namespaces"),
        (f'ada cert-authority="x" {MINE}', "option cert-authority"),
        (f'ada namespaces="turntruth {MINE}', "wanted an option or a public key"),
        (f'ada valid-before="tomorrow" {MINE}', "wanted YYYYMMDD"),
        (f'ada valid-before="20261301Z" {MINE}', "wanted YYYYMMDD"),
        (f'ada valid-after="20260101Z",valid-before="20250101Z" {MINE}', "it is valid at no time"),
        ("ada ssh-ed25519 AAAA", "no public key that is supported|wanted an option"),
        (f"ada {MINE[:-8]}", "wanted an option or a public key|no public key"),
    ],
    # The key is another one in each process, and tests that run side by side must have the same names.
    ids=lambda text: re.sub(r"AAAA\S*", "KEY", text),
)
def test_a_line_that_cannot_be_read_allows_nobody_and_is_named(tmp_path: Path, line: str, problem: str) -> None:
    signers = allowed(tmp_path, "# comment", "", line, f"bob {THEIRS}")
    assert len(signers.signers) == 1
    assert len(signers.problems) == 1
    judgement = signers.judge(KEY, "", NOW)
    assert judgement.identity == ""
    with pytest.raises(AssertionError, match=problem):
        assert not judgement.refusal, judgement.refusal
    assert "line 3 cannot be read" in judgement.refusal


def test_a_line_that_cannot_be_read_does_not_stand_in_the_way_of_the_others(tmp_path: Path) -> None:
    assert judge(tmp_path, "nonsense", f"\t ada {MINE}\r").identity == "ada"


def test_principals_may_be_quoted(tmp_path: Path) -> None:
    assert judge(tmp_path, f'"Ada Lovelace,ada" {MINE}', identity="Ada Lovelace").identity == "Ada Lovelace"


@pytest.mark.parametrize(
    ("word", "patterns", "expected"),
    [
        ("ada", "ada", True),
        ("ada", "Ada", False),
        ("ada", "a?a", True),
        ("ada", "a*", True),
        ("ada", "[a]da", False),
        ("ada", "a.a", False),
        ("ada", "", False),
        ("ada", "!bob", False),
        ("ada", "!bob,*", True),
        ("ada", "*,!ada", False),
        ("ada\n", "ada", False),
    ],
)
def test_patterns_are_those_of_openssh(word: str, patterns: str, expected: bool) -> None:
    assert matches(word, patterns) is expected


@given(st.text(min_size=1).filter(lambda text: not set(text) & set(",*?!")))
def test_a_word_without_signs_matches_itself(word: str) -> None:
    assert matches(word, word)
    assert matches(word, f"x,{word[0]}*") or word[0] in ",*?!"
    assert not matches(word, f"*,!{word}")


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "signers"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputFileError, match="Name a file of allowed signers"):
        read_allowed_signers(path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "signers")
    with pytest.raises(InputFileError, match="it is a pipe"):
        read_allowed_signers(tmp_path / "signers")


@pytest.fixture(scope="module")
def signature(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("signed")
    (folder / "data").write_bytes(b"data")
    return signed(folder / "data", make_key(folder / "key"))


@needs_ssh_keygen
class TestBesideOpenSsh:
    """The same lines before ssh-keygen: both accept, or both refuse."""

    @pytest.mark.parametrize(
        ("prefix", "identity"),
        [
            ("ada", "ada"),
            ("ada", "bob"),
            ("ada,bob", "bob"),
            ("*@example.com", "ada@example.com"),
            ("*@example.com", "ada@example.org"),
            ("*,!ada", "ada"),
            ("*,!ada", "bob"),
            ('"ada l"', "ada l"),
            ("[a]da", "ada"),
            ("ADA", "ada"),
            ('ada namespaces="turntruth"', "ada"),
            ('ada namespaces="turn*,git"', "ada"),
            ('ada namespaces="git"', "ada"),
            ('ada Namespaces="git"', "ada"),
            ('ada valid-before="20200101"', "ada"),
            ('ada valid-before="20990101Z"', "ada"),
            ('ada valid-after="20990101"', "ada"),
            ('ada valid-after="20200101",valid-before="20990101"', "ada"),
            ('ada valid-after="20990101",valid-before="20200101"', "ada"),
            ("ada cert-authority", "ada"),
            ("ada unknown-option", "ada"),
            ('ada namespaces="turntruth",unknown="x"', "ada"),
            ('ada namespaces="turntruth",namespaces="git"', "ada"),
            ("ada namespaces=turntruth", "ada"),
            ("#ada", "#ada"),
        ],
    )
    def test_both_say_the_same(self, signature: Path, tmp_path: Path, prefix: str, identity: str) -> None:
        data, key = signature.with_name("data"), signature.with_name("key")
        signers = tmp_path / "signers"
        signers.write_text(f"{prefix} {public_line(key)}\n")
        ours = read_allowed_signers(signers).judge(asyncssh.read_public_key(f"{key}.pub"), identity, datetime.now(UTC))
        assert (not ours.refusal) == accepts(data, signature, signers, identity)

    def test_a_time_is_in_the_zone_of_both(self, signature: Path, tmp_path: Path) -> None:
        data, key = signature.with_name("data"), signature.with_name("key")
        signers = tmp_path / "signers"
        for hours, expected in ((-1, False), (1, True)):
            before = datetime.now().astimezone() + timedelta(hours=hours)
            signers.write_text(f'ada valid-before="{before:%Y%m%d%H%M%S}" {public_line(key)}\n')
            judged = read_allowed_signers(signers).judge(
                asyncssh.read_public_key(f"{key}.pub"), "ada", datetime.now(UTC)
            )
            assert (not judged.refusal) is expected
            assert accepts(data, signature, signers, "ada") is expected
