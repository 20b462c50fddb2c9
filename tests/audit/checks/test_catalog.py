"""A check file says what it is in its header; whatever breaks that contract is told with file and line."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.checks.catalog import load_catalog
from audit.checks.check import Severity
from audit.checks.check_file import NEEDS, REQUIRED_KEYS, parse_check
from audit.errors import CheckFileError

GOOD = """\
-- title: Every turn has a name
-- severity: warning
-- needs: turns, baseline
-- identity: conv_id, session_id, turn_id
-- scans: turn_evidence
-- remedy: Name it.
-- breaks: turns: UPDATE turns SET turn_id = ''
SELECT conv_id, session_id, turn_id -- a comment
FROM turn_evidence
WHERE turn_id = '';
"""


def parse(text: str, name: str = "turn_named") -> object:
    return parse_check(text, suite="schema", name=name, path="expectations/schema/turn_named.sql")


def refusal(text: str, name: str = "turn_named") -> CheckFileError:
    with pytest.raises(CheckFileError) as caught:
        parse(text, name)
    return caught.value


def test_a_good_file_becomes_a_check() -> None:
    check = parse_check(GOOD, suite="schema", name="turn_named", path="p.sql")
    assert check.title == "Every turn has a name"
    assert check.severity is Severity.WARNING
    assert check.needs == ("turns", "baseline")
    assert check.identity == ("conv_id", "session_id", "turn_id")
    assert check.scans == "turn_evidence"
    assert check.breaks == (("turns", "UPDATE turns SET turn_id = ''"),)
    assert check.consequence_of == ()
    assert check.also_fails == ()
    assert check.sql.startswith("SELECT conv_id")
    assert check.sql.endswith("= '';")


def test_breaks_may_repeat_and_other_lines_may_continue() -> None:
    text = GOOD.replace(
        "-- breaks: turns: UPDATE turns SET turn_id = ''",
        "-- breaks: turns: UPDATE turns\n--   SET turn_id = ''\n"
        "-- breaks: baseline: DELETE FROM turns\n"
        "-- consequence_of: one,\n--   two\n-- also_fails: three",
    )
    check = parse_check(text, suite="schema", name="turn_named", path="p.sql")
    assert check.breaks == (("turns", "UPDATE turns SET turn_id = ''"), ("baseline", "DELETE FROM turns"))
    assert check.consequence_of == ("one", "two")
    assert check.also_fails == ("three",)


def test_a_value_may_hold_colons_and_dashes() -> None:
    check = parse_check(GOOD.replace("Name it.", "See: a -- b: c"), suite="s", name="n", path="p")
    assert check.remedy == "See: a -- b: c"


def test_windows_line_ends_are_no_obstacle() -> None:
    assert parse(GOOD.replace("\n", "\r\n")) == parse(GOOD)


@pytest.mark.parametrize("key", REQUIRED_KEYS)
def test_a_missing_key_is_named(key: str) -> None:
    lines = [line for line in GOOD.splitlines() if not line.startswith(f"-- {key}:")]
    error = refusal("\n".join(lines))
    assert repr(key) in error.problem
    assert error.line == 7, "the line at which the header ends"


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("-- title: Every", "-- tilte: Every", 1, "unknown header key 'tilte'"),
        ("-- remedy: Name it.", "-- remedy: Name it.\n-- remedy: Again.", 7, "'remedy' is given twice"),
        ("severity: warning", "severity: error", 2, "unknown severity 'error'; known are critical, warning, info"),
        ("severity: warning", "severity:", 2, "has no value"),
        ("turns, baseline", "turns, basline", 3, "unknown word 'basline' in 'needs'"),
        ("turns, baseline", "turns, turns", 3, "'turns' stands twice"),
        ("turns, baseline", " , ", 3, "has no value"),
        ("identity: conv_id,", "identity: conv id,", 4, "'identity' takes plain names, not 'conv id'"),
        ("scans: turn_evidence", "scans: turn_evidence, turns", 5, "names one view"),
        ("breaks: turns: UPDATE", "breaks: UPDATE", 7, "'breaks' is `<turns|timeline|baseline>"),
        ("breaks: turns: UPDATE turns SET turn_id = ''", "breaks: turns:", 7, "'breaks' is"),
        ("breaks: turns:", "breaks: registry:", 7, "'breaks' is"),
        ("-- remedy: Name it.", "-- Name it.", 6, "expected `-- key: value`"),
        ("-- breaks:", "-- consequence_of:\n-- breaks:", 7, "'consequence_of' has no value"),
        ("-- breaks:", "-- consequence_of: a b\n-- breaks:", 7, "'consequence_of' takes plain names, not 'a b'"),
        ("-- breaks:", "-- consequence_of: one, one\n-- breaks:", 7, "'one' stands twice in 'consequence_of'"),
        ("-- breaks:", "-- consequence_of: turn_named\n-- breaks:", 7, "names other checks, not 'turn_named' itself"),
    ],
)
def test_a_broken_header_is_told_with_its_line(old: str, new: str, line: int, message: str) -> None:
    assert old in GOOD
    error = refusal(GOOD.replace(old, new))
    assert message in error.problem
    assert error.line == line
    assert str(error).startswith(f"expectations/schema/turn_named.sql:{line}: ")


@pytest.mark.parametrize("query", ["", "\n\n", ";", "-- only a comment\n", "  ;  ;\n"])
def test_an_empty_query_is_refused(query: str) -> None:
    header = GOOD[: GOOD.index("SELECT")]
    assert "query is empty" in refusal(header + "\n" + query).problem


@pytest.mark.parametrize("text", ["", "SELECT 1", "\n-- title: late\nSELECT 1"])
def test_a_file_without_header_is_refused(text: str) -> None:
    assert "missing header key" in refusal(text).problem


@pytest.mark.parametrize("name", ["Upper", "1st", "with-dash", "with space", "..", "", "ünï"])
def test_a_name_is_small_letters_digits_and_underscores(name: str) -> None:
    assert "must match" in refusal(GOOD, name).problem


@given(st.text())
def test_no_text_breaks_the_parser(text: str) -> None:
    with suppress(CheckFileError):
        parse(text)


@given(st.permutations(GOOD.splitlines()[:7]))
def test_the_order_of_keys_does_not_matter(header: list[str]) -> None:
    assert parse("\n".join([*header, *GOOD.splitlines()[7:]])) == parse(GOOD)


def write(root: Path, suite: str, name: str, text: str | bytes = GOOD) -> None:
    folder = root / suite
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.sql").write_bytes(text if isinstance(text, bytes) else text.encode())


def test_the_catalogue_is_sorted_by_suite_and_name(tmp_path: Path) -> None:
    for suite, name in (("schema", "b"), ("backfill", "z"), ("schema", "a")):
        write(tmp_path, suite, name)
    catalog = load_catalog(tmp_path)
    assert [(check.suite, check.name) for check in catalog.checks] == [
        ("backfill", "z"),
        ("schema", "a"),
        ("schema", "b"),
    ]
    assert catalog.broken == ()


def test_a_broken_file_does_not_hide_the_others(tmp_path: Path) -> None:
    write(tmp_path, "schema", "good")
    write(tmp_path, "schema", "headless", "SELECT 1")
    write(tmp_path, "schema", "no_utf8", b"-- title: \xff\n")
    catalog = load_catalog(tmp_path)
    assert [check.name for check in catalog.checks] == ["good"]
    assert [broken.name for broken in catalog.broken] == ["headless", "no_utf8"]
    assert "cannot be read" in catalog.broken[1].error.problem


def test_a_name_is_unique_over_all_suites(tmp_path: Path) -> None:
    write(tmp_path, "backfill", "same")
    write(tmp_path, "schema", "same")
    catalog = load_catalog(tmp_path)
    assert [check.suite for check in catalog.checks] == ["backfill"]
    assert "already taken by expectations/backfill/same.sql" in str(catalog.broken[0].error)


def test_other_files_are_no_checks(tmp_path: Path) -> None:
    write(tmp_path, "schema", "good")
    (tmp_path / "schema" / "README.md").write_text("text")
    (tmp_path / "__init__.py").write_text("")
    assert len(load_catalog(tmp_path).checks) == 1


def test_every_check_of_the_package_is_sound() -> None:
    catalog = load_catalog()
    assert catalog.broken == ()
    assert len(catalog.checks) >= 15
    by_name = {check.name: check for check in catalog.checks}
    names = set(by_name)
    for check in catalog.checks:
        assert set(check.needs) <= set(NEEDS)
        assert set(check.consequence_of) <= names - {check.name}, check.path
        assert set(check.also_fails) <= names - {check.name}, check.path
        told_twice = {other for other in check.also_fails if check.name in by_name[other].consequence_of}
        assert told_twice == set(), f"{check.path}: say it in one of the two files"


def linked(line: str) -> str:
    return GOOD.replace("-- breaks:", f"{line}\n-- breaks:")


def test_an_answering_check_says_of_whose_fault_its_findings_can_be_the_consequence(tmp_path: Path) -> None:
    write(tmp_path, "schema", "fault")
    write(tmp_path, "schema", "z_answer", linked("-- consequence_of: fault"))
    write(tmp_path, "backfill", "answer", linked("-- consequence_of: z_answer, fault"))
    catalog = load_catalog(tmp_path)
    assert catalog.broken == ()
    assert catalog.consequences("fault") == ("answer", "z_answer")
    assert catalog.consequences("z_answer") == ("answer",)
    assert catalog.consequences("answer") == (), "only what is declared, and only in one direction"


def test_also_fails_says_the_same_of_checks_that_are_somebody_elses(tmp_path: Path) -> None:
    write(tmp_path, "custom", "mine", linked("-- also_fails: turns_have_blocks, of_another_version"))
    catalog = load_catalog(own=[tmp_path])
    assert catalog.broken == ()
    assert catalog.consequences("mine") == ("turns_have_blocks",)


def without_breaks() -> str:
    return "".join(line for line in GOOD.splitlines(keepends=True) if not line.startswith("-- breaks:"))


def test_own_checks_may_leave_breaks_out_and_are_untested(tmp_path: Path) -> None:
    write(tmp_path, "custom", "mine", without_breaks())
    write(tmp_path, "custom", "tested")
    catalog = load_catalog(own=[tmp_path])
    assert catalog.broken == ()
    assert [check.name for check in catalog.checks if check.untested] == ["mine"]


def test_checks_of_the_package_say_what_breaks_them(tmp_path: Path) -> None:
    write(tmp_path, "schema", "untested", without_breaks())
    (broken,) = load_catalog(tmp_path).broken
    assert "missing header key 'breaks'" in broken.error.problem


def test_what_own_checks_may_leave_out_is_breaks_alone(tmp_path: Path) -> None:
    write(tmp_path, "custom", "mine", without_breaks().replace("-- remedy: Name it.\n", ""))
    (broken,) = load_catalog(own=[tmp_path]).broken
    assert broken.error.problem == "missing header key 'remedy'"
