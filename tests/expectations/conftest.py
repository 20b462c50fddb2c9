"""The clean files that the tests of the checks break."""

from __future__ import annotations

import shutil

import pytest

from audit.checks.catalog import Catalog, load_catalog
from audit.demo.corpus import write_corpus
from store.migration import migrate
from support.audits.check_laboratory import SHAPE, SUITES, Laboratory, Outcome


@pytest.fixture(scope="session")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Laboratory:
    folder = tmp_path_factory.mktemp("clean")
    files = write_corpus(folder, SHAPE)
    shutil.copy(files.turns, folder / "baseline.db")
    migrate(files.turns)
    whole = load_catalog()
    catalog = Catalog(tuple(check for check in whole.checks if check.suite in SUITES), whole.broken)
    return Laboratory(folder, tmp_path_factory.mktemp("broken"), catalog)


@pytest.fixture(scope="session")
def clean_outcome(laboratory: Laboratory) -> Outcome:
    return laboratory.audit(
        laboratory.clean, given=("timeline", "baseline", "registry", "against", "api"), count_scanned=True
    )
