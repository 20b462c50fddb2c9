"""``turntruth.toml``: what it says is read, and whatever is not understood is refused with its place."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from audit.errors import UsageError
from audit.policy.configuration import Configuration, ConfigurationError, find_configuration
from audit.policy.verdict import Gate

WHOLE = """
[gates]
fail_on = "warning"
require = ["timeline", "baseline"]

[gates.coverage]
runtime = "95 %"

[gates.coverage.by_month]
inference = "75.5 %"

[checks]
folders = ["ours"]
select = ["continuity"]
exclude = ["pointer_agrees"]

[output]
out = "audits"
format = "markdown"
write = ["junit:audit.xml"]

[thresholds.no_placeholder]
warning_if = "> 0"
critical_if = "> 0.1 %"

[[accepted]]
check = "no_placeholder"
conv_id = "c1"
found = ""
reason = " imported by hand "
by = "Ada"
until = 2026-12-31

[[accepted]]
check = "metadata_readable"
reason = "three damaged rows of 2024"
by = "Ada"
until = "2027-01-31"
"""


def written(folder: Path, text: str, name: str = "turntruth.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_everything_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, WHOLE)
    found = find_configuration(None, tmp_path)
    assert (found.path, found.fail_on, found.require) == (path, Gate.WARNING, ("timeline", "baseline"))
    assert (found.select, found.exclude) == (("continuity",), ("pointer_agrees",))
    assert (found.checks, found.out) == ((tmp_path / "ours",), tmp_path / "audits")
    assert (found.output_format, found.write) == ("markdown", (f"junit:{tmp_path / 'audit.xml'}",))
    assert str(found.policy.thresholds["no_placeholder"]) == "critical_if > 0.1 %, warning_if > 0"
    assert {name: each.text for name, each in found.policy.coverage.items()} == {"runtime": "95 %"}
    assert {name: each.text for name, each in found.policy.coverage_by_month.items()} == {"inference": "75.5 %"}
    first, second = found.policy.acceptances
    assert (first.reason, first.where, first.until) == (
        "imported by hand",
        {"conv_id": "c1", "found": ""},
        date(2026, 12, 31),
    )
    assert (second.where, second.until) == ({}, date(2027, 1, 31))


def test_without_a_file_nothing_is_set(tmp_path: Path) -> None:
    assert find_configuration(None, tmp_path) == Configuration()


def test_an_empty_file_sets_nothing_but_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, "")
    assert find_configuration(None, tmp_path) == Configuration(path=path)


def test_a_named_file_is_taken_instead_of_the_one_in_the_folder(tmp_path: Path) -> None:
    written(tmp_path, "broken [")
    other = written(tmp_path, '[gates]\nfail_on = "never"\n', "other.toml")
    assert find_configuration(other, tmp_path).fail_on is Gate.NEVER


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"missing\.toml: cannot be read: No such file"):
        find_configuration(tmp_path / "missing.toml")


def test_a_pipe_in_its_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "turntruth.toml")
    with pytest.raises(ConfigurationError, match="cannot be read: it is a pipe, no regular file"):
        find_configuration(None, tmp_path)


ACCEPTED = '[[accepted]]\ncheck = "x"\nreason = "r"\nby = "b"\nuntil = 2026-12-31\n'


@pytest.mark.parametrize(
    ("text", "key", "problem"),
    [
        ("gate = 1", "gate", "unknown key. Did you mean gates?"),
        ('[gates]\nfail-on = "info"', "gates.fail-on", "unknown key. Did you mean fail_on?"),
        ('[gates]\nfail_on = "sometimes"', "gates.fail_on", "wanted one of critical, warning, info, never"),
        ("[gates]\nfail_on = 1", "gates.fail_on", "wanted a text, found 1"),
        ('[gates]\nrequire = "baseline"', "gates.require", "wanted a list of texts"),
        ("[gates]\nrequire = [1]", "gates.require", "wanted a list of texts"),
        ("gates = 1", "gates", "wanted a table"),
        ('[gates.coverage]\nturns = "5 %"', "gates.coverage.turns", "known are runtime, inference, conversations"),
        ('[gates.coverage]\nby_year = "5 %"', "gates.coverage.by_year", "conversations, by_month"),
        ('[gates.coverage]\nby_month = "5 %"', "gates.coverage.by_month", "wanted a table"),
        ("[gates.coverage.by_month]\nruntime = 90", "gates.coverage.by_month.runtime", "wanted a text"),
        ('[gates.coverage.by_month]\nruntime = "most"', "gates.coverage.by_month.runtime", "0 to 100 %"),
        (
            '[gates.coverage.by_month]\nconversations = "5 %"',
            "gates.coverage.by_month.conversations",
            "known are runtime, inference",
        ),
        ('[gates.coverage]\nruntime = "most"', "gates.coverage.runtime", "0 to 100 %"),
        ('[thresholds.x]\nerror_if = "> 1"', "thresholds.x.error_if", "unknown key"),
        ('[thresholds.x]\nwarning_if = "10"', "thresholds.x.warning_if", "wanted a number of findings such as '> 10'"),
        ("[thresholds.x]", "thresholds.x", "wanted warning_if, critical_if or both"),
        ("[accepted]", "accepted", "each one under [[accepted]]"),
        (f"{ACCEPTED}turn = 't'", "accepted[1].turn", "unknown key"),
        (f"{ACCEPTED}turn_id = 5", "accepted[1].turn_id", "wanted a text, found 5"),
        (ACCEPTED.replace('by = "b"', ""), "accepted[1].by", "is missing"),
        (ACCEPTED.replace('"r"', '"  "'), "accepted[1].reason", "is empty"),
        (ACCEPTED.replace("until = 2026-12-31", ""), "accepted[1].until", "wanted a day such as 2026-12-31"),
        (ACCEPTED + ACCEPTED.replace("2026-12-31", '"soon"'), "accepted[2].until", "found 'soon'"),
        (ACCEPTED.replace("2026-12-31", "2026-12-31T10:00:00Z"), "accepted[1].until", "wanted a day"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_place(tmp_path: Path, text: str, key: str, problem: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        find_configuration(path)
    assert caught.value.key == key
    assert problem in str(caught.value)
    assert str(path) in str(caught.value)
    assert isinstance(caught.value, UsageError)


def test_a_fault_of_syntax_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"not TOML: .*line 2"):
        find_configuration(written(tmp_path, "[gates]\nfail_on = \n"))


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "turntruth.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="saved as UTF-16"):
        find_configuration(path)
