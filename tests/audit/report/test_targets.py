from __future__ import annotations

from pathlib import Path

import pytest

from audit.report.outputs import OUTPUTS
from audit.report.targets import Target, TargetError, TargetWriteError, parse_target, write_target
from support.audits.report_examples import a_busy_result, a_finding


@pytest.mark.parametrize("name", OUTPUTS)
def test_every_output_is_written_by_its_name(name: str, tmp_path: Path) -> None:
    findings = [a_finding("rows_named")]
    target = parse_target(f"{name}:{tmp_path / 'out'}")

    write_target(target, a_busy_result(), iter(findings))

    assert (tmp_path / "out").read_text(encoding="utf-8") == OUTPUTS[name].render(a_busy_result(), iter(findings))
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_path_may_hold_a_colon(tmp_path: Path) -> None:
    assert parse_target(f"junit:{tmp_path}/a:b.xml") == Target("junit", tmp_path / "a:b.xml")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "there is no format ''"),
        ("pdf:x", "there is no format 'pdf'"),
        ("junit", "no path is given"),
        ("junit:", "no path is given"),
        ("junit:/no/such/folder/x.xml", "/no/such/folder is no folder"),
        ("junit:/", "is a folder"),
    ],
)
def test_a_target_that_cannot_be_written_is_refused_before_the_work(text: str, problem: str) -> None:
    with pytest.raises(TargetError, match=problem) as caught:
        parse_target(text)

    assert caught.value.exit_code == 2


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    with pytest.raises(TargetWriteError) as caught:
        write_target(Target("json", Path("/proc/turntruth.json")), a_busy_result(), [])

    assert caught.value.exit_code == 3
