"""``turntruth checks new``: a check file that runs, and nothing that is overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.checks.catalog import load_catalog
from audit.trial.new_check import NewCheckError, require_one_folder, write_new_check


def test_the_file_is_a_check_of_that_suite_and_name(tmp_path: Path) -> None:
    path = write_new_check("billing/quota_left", tmp_path / "ours")

    assert path == tmp_path / "ours" / "billing" / "quota_left.sql"
    catalog = load_catalog(own=[tmp_path / "ours"])
    assert catalog.broken == ()
    check = next(check for check in catalog.checks if check.path == str(path))
    assert (check.suite, check.name, check.untested) == ("billing", "quota_left", False)


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    path = write_new_check("billing/quota_left", tmp_path)
    path.write_text("mine")
    with pytest.raises(NewCheckError, match="there is a file already") as caught:
        write_new_check("billing/quota_left", tmp_path)
    assert caught.value.exit_code == 2
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    "name", ["", "quota", "billing/", "/quota", "Billing/quota", "billing/a/b", "../x/y", "a/b.sql"]
)
def test_a_name_is_a_suite_and_a_check(tmp_path: Path, name: str) -> None:
    with pytest.raises(NewCheckError, match="wanted SUITE/NAME"):
        write_new_check(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_name_of_a_check_of_the_package_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NewCheckError, match=r"a check of that name is expectations/integrity/phases_known\.sql"):
        write_new_check("billing/phases_known", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_one_folder_is_written_to() -> None:
    assert require_one_folder([Path("ours")]) == Path("ours")
    with pytest.raises(NewCheckError, match=r"no folder of own checks is known\. Name one with --checks, or"):
        require_one_folder([])
    with pytest.raises(NewCheckError, match=r"several folders of own checks \(one, two\)"):
        require_one_folder([Path("one"), Path("two")])
