"""A redacted run says what was found, and not in whom or what."""

from __future__ import annotations

import base64
import csv
import hashlib
import html
import io
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from audit.certificates.certificate import read_certificate
from audit.certificates.verification.run_verification import Demand, outcome_of, verify_folder, verify_run
from audit.redaction.key_file import RedactionKey
from audit.redaction.redacted_result import NO_FINDING
from audit.redaction.redacted_run import AlreadyRedactedError, UnsoundOriginalError, redact_run
from audit.redaction.vocabulary import plain_text, plain_text_with_numbers
from audit.report.outputs import OUTPUTS
from audit.report.run_folder import RunExistsError, load_run
from audit.results.findings_csv import read_findings
from audit.results.records import AcceptanceState, Finding, Status, Verdict
from support.audits.report_examples import a_check, an_acceptance
from support.audits.written_runs import Turn, write_certified_run

PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
"""An example takes a second: shrinking one takes minutes."""

KEY = RedactionKey(b"a secret of more than sixteen bytes")
OWN_WORDS = [
    "turn",
    "turns",
    "row",
    "conversation",
    "conversation 1",
    "missing",
    "NULL",
    "a",
    "1",
    "value 1",
    "session",
]
ANY_ID = st.one_of(
    st.text(min_size=1, max_size=30),
    st.sampled_from(OWN_WORDS),
    st.sampled_from(["conv", "conv-1", "conv-12", "conv-1-conv-12", "v-1"]),
    st.text(min_size=1, max_size=3).map(lambda text: text * 1000),
)
TELLING_ID = st.text(min_size=6, max_size=40).filter(
    lambda text: re.search(r"[^\W\d_]{2}.*[0-9]", text, re.DOTALL) is not None and text == text.strip()
)
PSEUDONYM = (
    r"(conversation|session|turn|inference|block|content|entity|migration|runtime|row|value|name|file)"
    r" ([0-9]+|[0-9a-f]{16})"
)


def is_told(text: str) -> bool:
    """Whether a text is a pseudonym, or consists of words of ours, which are no secret whatever they stand for."""
    return bool(re.fullmatch(PSEUDONYM, text) or re.fullmatch(plain_text_with_numbers(), text))


def findings_of(ids: Sequence[str]) -> list[Finding]:
    """Findings in which each id stands wherever an id, a value or a name can stand."""
    found = []
    for number, one in enumerate(ids):
        other = ids[(number + 1) % len(ids)]
        found += [
            Finding("runtime_complete", "critical", one, other, one, "turns", "", "runtime_key", other, one),
            Finding("inference_complete", "critical", one, other, other, "turns", "", "inference_id", one, ""),
            Finding("turns_not_copied", "critical", one, one, one, "turns", "", "", f"no other turn like {other}", one),
            Finding(
                "columns_not_swapped", "critical", one, "", other, "turns", "", "", f"{one}, {other}", f"{other}, "
            ),
            Finding(
                "blocks_unchanged", "critical", "", "", "", "blocks", json.dumps({"block_id": one}), one, other, one
            ),
            Finding("turn_in_one_session", "critical", one, "", one, "turns", "", "session_id", "one session", other),
            Finding(
                "no_leftover_tables", "critical", "", "", "", "", json.dumps({"name": one}), "", "no such table", one
            ),
            Finding(
                "own", "critical", one, one, one, one, json.dumps({"anything": one}), one, f"say {one}", f"({one})"
            ),
        ]
    return found


def turns_of(ids: Sequence[str]) -> list[Turn]:
    return [(one, one, one, one, one, number) for number, one in enumerate(ids)]


def texts_in(folder: Path) -> Iterator[tuple[str, str]]:
    """Everything that the files of a run say, by file, with what is packed or encoded in them."""
    for path in folder.iterdir():
        if path.suffix == ".parquet":
            with duckdb.connect() as connection:
                rows = connection.execute(f"SELECT * FROM read_parquet('{path}')").fetchall()
            yield path.name, "\n".join(str(cell) for row in rows for cell in row)
        else:
            yield path.name, path.read_text(encoding="utf-8")
    page = (folder / "index.html").read_text(encoding="utf-8")
    yield "text of the page", html.unescape(page)
    for encoded in re.findall(r"base64,([A-Za-z0-9+/=]+)", page):
        yield "download", base64.b64decode(encoded).decode()
    for name, output in OUTPUTS.items():
        text = output.render(load_run(folder), read_findings(folder / "findings.csv"))
        yield f"report {name}", text
    yield "results", str(json.loads((folder / "results.json").read_text(encoding="utf-8")))


@given(st.lists(ANY_ID, min_size=1, max_size=4, unique=True), st.sampled_from([None, KEY]))
@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow], deadline=None, phases=PHASES)
def test_every_cell_is_a_pseudonym_or_words_of_ours(ids: list[str], key: RedactionKey | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        original = write_certified_run(Path(folder) / "reports", findings_of(ids), turns_of(ids))
        redacted = redact_run(original, Path(folder) / "redacted", key)

        for finding in read_findings(redacted / "findings.csv"):
            for kind, text in (
                ("conversation", finding.conv_id),
                ("session", finding.session_id),
                ("turn", finding.turn_id),
            ):
                assert not text or re.fullmatch(rf"{kind} ([0-9]+|[0-9a-f]{{16}})", text)
            if finding.key:
                assert all(is_told(text) for text in json.loads(finding.key).values())
            for text in (finding.expected, finding.found):
                for part in text.split(", "):
                    assert is_told(part)
        with duckdb.connect() as connection:
            rows = connection.execute(
                f"SELECT * EXCLUDE (created_ms) FROM '{redacted}/fingerprints.parquet'"
            ).fetchall()
        assert all(is_told(cell) for row in rows for cell in row)
        labels = [each.label for each in load_run(redacted).coverage.by_conversation]
        assert all(re.fullmatch(PSEUDONYM, label) for label in labels)
        assert_tells_the_same(original, redacted)


@given(st.lists(TELLING_ID, min_size=1, max_size=4, unique=True), st.sampled_from([None, KEY]))
@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow], deadline=None, phases=PHASES)
def test_no_id_of_a_finding_is_in_any_file_or_report(ids: list[str], key: RedactionKey | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        original = write_certified_run(Path(folder) / "reports", findings_of(ids), turns_of(ids))
        redacted = redact_run(original, Path(folder) / "redacted", key)

        for name, text in texts_in(redacted):
            for one in ids:
                for spelled in {one, json.dumps(one)[1:-1], html.escape(one), html.escape(one, quote=False)}:
                    assert spelled not in text, name


@given(st.lists(TELLING_ID, min_size=2, max_size=4, unique=True))
@settings(max_examples=4, suppress_health_check=[HealthCheck.too_slow], deadline=None, phases=PHASES)
def test_nothing_depends_on_what_the_ids_are_but_their_order(ids: list[str]) -> None:
    ids = sorted(ids)
    others = [f"other-{number:04d}" for number in range(len(ids))]
    with tempfile.TemporaryDirectory() as folder:
        files = [
            {
                entry.name: entry.read_bytes()
                for entry in redact_run(original, Path(folder) / f"{place}-redacted").iterdir()
            }
            for place, names in (("one", ids), ("other", others))
            for original in [write_certified_run(Path(folder) / place, some_findings(names), turns_of(names))]
        ]

    assert files[0] == files[1]


def some_findings(ids: Sequence[str]) -> list[Finding]:
    """As above without texts that sort by what follows an id."""
    return [each for each in findings_of(ids) if each.check in {"runtime_complete", "inference_complete", "turns_kept"}]


def assert_tells_the_same(original: Path, redacted: Path) -> None:
    before, after = load_run(original), load_run(redacted)
    assert after.verdict == before.verdict
    assert after.causes == before.causes
    assert after.extent == before.extent
    for one, other in zip(before.checks, after.checks, strict=True):
        kept = ("check", "suite", "severity", "status", "findings", "scanned", "accepted")
        assert [getattr(one, name) for name in kept] == [getattr(other, name) for name in kept]
        assert len(one.sample) == len(other.sample)
    assert outcome_of(verify_folder(redacted)) == "same"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with something of everything that is not a finding, to be left as it is."""
    accepted = an_acceptance("turns_kept", where={"turn_id": "turn-2"}, reason="as agreed for turn-2", findings=1)
    unused = an_acceptance("turns_kept", where={"conv_id": "conv-9"}, state=AcceptanceState.UNUSED, findings=0)
    findings = [
        Finding("turns_kept", "critical", "conv-2", "s", "turn-1", "turns", "", "", "the row", "missing"),
        Finding("turns_kept", "critical", "conv-1", "s", "turn-2", "turns", "", "", "the row", "missing"),
        Finding("turn_times_plausible", "critical", "conv-1", "s", "turn-2", "turns", "", "", "0 to 5", "17, 12"),
        Finding(
            "other_tables_unchanged", "critical", "", "", "", "notes", '{"id":7}', "body", "4111111111111111", "hi you"
        ),
    ]
    turns: list[Turn] = [("conv-1", "s", f"turn-{number}", "planner", "", number) for number in range(3)]
    return write_certified_run(
        tmp_path_factory.mktemp("kept"),
        findings,
        turns,
        acceptances=(accepted, unused),
        notes=("data/turns.db was written to during the audit",),
        not_looked_at=("turns.db has a table that needs a module",),
        configuration="/data/ada/acme/turntruth.toml",
    )


@pytest.fixture
def original(kept: Path, tmp_path: Path) -> Path:
    """The same run in a folder of the test's own."""
    return Path(shutil.copytree(kept, tmp_path / "reports" / kept.name))


@pytest.fixture(scope="module")
def redacted(kept: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What becomes of it, to be left as it is."""
    return redact_run(kept, tmp_path_factory.mktemp("redacted"))


class TestWhatStays:
    def test_numbers_follow_the_order_of_the_findings(self, redacted: Path) -> None:
        rows = list(csv.reader(io.StringIO((redacted / "findings.csv").read_text(encoding="utf-8"))))
        assert [row[2:5] for row in rows if row[0] == "turns_kept"] == [
            ["conversation 1", "session 1", "turn 1"],
            ["conversation 2", "session 1", "turn 2"],
        ]

    def test_times_and_words_of_ours_are_shown_and_values_are_not(self, redacted: Path) -> None:
        told = {each.check: (each.expected, each.found) for each in read_findings(redacted / "findings.csv")}
        assert told == {
            "turns_kept": ("the row", "missing"),
            "turn_times_plausible": ("0 to 5", "17, 12"),
            "other_tables_unchanged": ("value 1", "value 2"),
        }

    def test_runtimes_of_several_turns_are_shown(self, redacted: Path) -> None:
        with duckdb.connect() as connection:
            rows = connection.execute(f"SELECT DISTINCT runtime_key FROM '{redacted}/fingerprints.parquet'").fetchall()
        assert rows == [("planner",)]

    def test_hashes_and_sizes_stay_and_paths_go(self, kept: Path, redacted: Path) -> None:
        before, after = read_certificate(kept), read_certificate(redacted)
        assert [(each.role, each.sha256, each.schema_sha256) for each in after.files] == [
            (each.role, each.sha256, each.schema_sha256) for each in before.files
        ]
        assert [each.path for each in after.files] == ["file 1", "file 2"]
        result = load_run(redacted)
        assert result.configuration == "file 3"
        assert result.notes[1] == "file 1 was written to during the audit"
        assert result.not_looked_at == ("file 1 has a table that needs a module",)
        assert not [name for name, text in texts_in(redacted) if re.search(r"acme|ada/|data/turns|before\.db", text)]

    def test_what_was_accepted_is_accepted_still(self, redacted: Path) -> None:
        accepted, unused = load_run(redacted).acceptances
        assert accepted.where == {"turn_id": "turn 1"}
        assert accepted.reason == "as agreed for turn 1"
        assert unused.where == {"conv_id": NO_FINDING}

    def test_it_is_said_at_first_sight_in_every_output(self, redacted: Path) -> None:
        assert load_run(redacted).redaction.method == "numbers"
        for name in ("html", "text", "markdown", "github", "json", "sarif"):
            text = OUTPUTS[name].render(load_run(redacted), read_findings(redacted / "findings.csv"))
            assert "redacted" in text, name
        assert "<h1" in (page := (redacted / "index.html").read_text(encoding="utf-8"))
        assert re.search(r"<h1[^>]*>[^<]*\(redacted\)</h1>", page)
        assert "need the original files and ids" in page

    def test_errors_are_left_out(self, tmp_path: Path) -> None:
        errored = a_check("judged", status=Status.ERRORED, error="Could not convert string 'hello you' to INT32")
        original = write_certified_run(tmp_path / "reports", [], [], checks=(errored,), verdict=Verdict.ERRORED)

        redacted = redact_run(original, tmp_path / "out")

        assert not [name for name, text in texts_in(redacted) if "hello" in text]

    def test_the_query_of_a_team_names_no_id(self, tmp_path: Path) -> None:
        finding = Finding("own", "critical", "conv-x-1", "", "", "", "", "", "", "")
        sql = "SELECT conv_id FROM turns WHERE conv_id = 'conv-x-1' -- 'turns'"
        original = write_certified_run(tmp_path / "reports", [finding], [])
        (check,) = load_run(original).checks
        changed = replace(check, title="conv-x-1 must not be", remedy="Ask the owner of conv-x-1", sql=sql)
        changed = replace(changed, sql_sha256=hashlib.sha256(sql.encode()).hexdigest())
        original = write_certified_run(tmp_path / "changed", [finding], [], checks=(changed,))

        redacted = redact_run(original, tmp_path / "out")

        assert not [name for name, text in texts_in(redacted) if "conv-x" in text]
        assert "WHERE conv_id = 'conversation 1' -- 'turns'" in load_run(redacted).checks[0].sql
        assert outcome_of(verify_folder(redacted)) == "same"


class TestSameBytes:
    @pytest.mark.parametrize("key", [None, KEY])
    def test_the_same_run_gives_the_same_bytes(self, key: RedactionKey | None, original: Path, tmp_path: Path) -> None:
        one, other = (redact_run(original, tmp_path / name, key) for name in ("one", "other"))

        assert {each.name: each.read_bytes() for each in one.iterdir()} == {
            each.name: each.read_bytes() for each in other.iterdir()
        }

    def test_another_key_gives_other_pseudonyms(self, original: Path, tmp_path: Path) -> None:
        one = redact_run(original, tmp_path / "one", KEY)
        other = redact_run(original, tmp_path / "other", RedactionKey(KEY.secret + b"!"))

        assert (one / "findings.csv").read_bytes() != (other / "findings.csv").read_bytes()
        assert load_run(one).redaction.key_id != load_run(other).redaction.key_id

    def test_pseudonyms_are_an_hmac(self, original: Path, tmp_path: Path) -> None:
        redacted = redact_run(original, tmp_path / "one", KEY)

        named = {each.conv_id for each in read_findings(redacted / "findings.csv") if each.conv_id}
        assert named == {f"conversation {KEY.digest('conversation', text)}" for text in ("conv-1", "conv-2")}


class TestVerified:
    def test_without_its_files_it_cannot_be_told_and_they_can_be_left_out(self, redacted: Path) -> None:
        verification = verify_run(redacted)
        assert verification.outcome == "unknown"
        assert "the run is redacted, so where it lay is not said" in " ".join(
            each.problem for each in verification.comparisons
        )
        assert verify_run(redacted, {}, Demand(frozenset({"turns", "baseline"}))).outcome == "same"


class TestRefused:
    def test_a_run_that_is_not_as_certified(self, original: Path, tmp_path: Path) -> None:
        (original / "index.html").write_text("other")

        with pytest.raises(UnsoundOriginalError):
            redact_run(original, tmp_path / "out")

        assert not (tmp_path / "out").exists()

    def test_a_run_that_is_redacted_already(self, redacted: Path, tmp_path: Path) -> None:
        with pytest.raises(AlreadyRedactedError):
            redact_run(redacted, tmp_path / "again")

    def test_a_name_that_is_taken(self, original: Path, tmp_path: Path) -> None:
        with pytest.raises(RunExistsError):
            redact_run(original, original.parent)


def test_the_vocabulary_has_our_words_and_no_others() -> None:
    assert re.fullmatch(plain_text(), "no such row")
    assert not re.fullmatch(plain_text(), "no such person")
    assert not re.fullmatch(plain_text(), "the row 4111")
    assert re.fullmatch(plain_text_with_numbers(), "3 blocks at 1700000000000")
