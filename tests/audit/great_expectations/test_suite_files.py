"""The suites kept beside the check files say what those say, to the byte, and Great Expectations can read them."""

from __future__ import annotations

import json
from pathlib import Path

import great_expectations
import pytest

from audit.checks.catalog import Catalog, load_catalog
from audit.errors import CheckFileError
from audit.great_expectations import validation
from audit.great_expectations.suite_files import NoFolderError, outdated, suite_texts, write_suites


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture(scope="module")
def texts(catalog: Catalog) -> dict[str, str]:
    return dict(suite_texts(catalog))


@pytest.fixture
def folder(tmp_path: Path, catalog: Catalog) -> Path:
    """Folders of checks, without suites."""
    for suite in {check.suite for check in catalog.checks}:
        (tmp_path / suite).mkdir()
    return tmp_path


def test_the_kept_suites_are_what_the_check_files_give(repository: Path, catalog: Catalog) -> None:
    assert outdated(catalog, repository / "expectations") == [], "run `make docs`: suites are not as their checks"


def test_a_suite_built_again_has_the_same_bytes(texts: dict[str, str], catalog: Catalog) -> None:
    assert dict(suite_texts(catalog)) == texts


def test_every_check_is_one_expectation_of_its_suite(texts: dict[str, str], catalog: Catalog) -> None:
    found = [
        (name, each["meta"]["check"], each["severity"], each["description"], each["meta"]["sql_sha256"])
        for name, text in texts.items()
        for each in json.loads(text)["expectations"]
    ]
    assert found == [(each.suite, each.name, each.severity, each.title, each.sql_sha256) for each in catalog.checks]


def test_no_two_of_them_have_the_same_id(texts: dict[str, str], catalog: Catalog) -> None:
    suites = [json.loads(text) for text in texts.values()]
    ids = [suite["id"] for suite in suites] + [each["id"] for suite in suites for each in suite["expectations"]]
    assert len(set(ids)) == len(suites) + len(catalog.checks)


def test_great_expectations_reads_back_what_it_wrote(texts: dict[str, str]) -> None:
    for name, text in texts.items():
        document = json.loads(text)
        read = great_expectations.ExpectationSuite(**document)
        assert {type(each).__name__ for each in read.expectations} == {
            validation.class_name(each["meta"]["check"]) for each in document["expectations"]
        }
        assert read.to_json_dict() == document, name


def test_what_is_missing_changed_or_left_over_is_out_of_date(folder: Path, catalog: Catalog) -> None:
    written = write_suites(catalog, folder)
    assert outdated(catalog, folder) == []
    missing, changed = written[0], written[1]
    missing.unlink()
    changed.write_text(changed.read_text().replace("critical", "warning", 1))
    (folder / "retired").mkdir()
    left_over = folder / "retired" / "suite.json"
    left_over.write_text("{}")
    assert outdated(catalog, folder) == sorted([missing, changed, left_over])
    write_suites(catalog, folder)
    assert outdated(catalog, folder) == []
    assert not left_over.exists()


def test_a_folder_without_the_folders_of_checks_is_refused_and_left_alone(tmp_path: Path, catalog: Catalog) -> None:
    with pytest.raises(NoFolderError, match="no such folder"):
        write_suites(catalog, tmp_path / "nowhere")
    with pytest.raises(NoFolderError, match="it has no folder 'backfill'"):
        write_suites(catalog, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_broken_check_file_makes_no_suite(tmp_path: Path) -> None:
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema" / "half_done.sql").write_text("-- title: Half done\nSELECT 1\n")
    with pytest.raises(CheckFileError, match="half_done"):
        write_suites(load_catalog(tmp_path), tmp_path)
    assert not (tmp_path / "schema" / "suite.json").exists()
