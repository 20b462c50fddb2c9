"""The clean files that the tests of the checks break."""

from __future__ import annotations

import pytest

from audit.checks.catalog import Catalog, load_catalog
from audit.trial.sample import write_sample
from support.audits.check_laboratory import SUITES, Laboratory, Outcome


@pytest.fixture(scope="session")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Laboratory:
    folder = tmp_path_factory.mktemp("clean")
    write_sample(folder)
    whole = load_catalog()
    catalog = Catalog(tuple(check for check in whole.checks if check.suite in SUITES), whole.broken)
    return Laboratory(folder, tmp_path_factory.mktemp("broken"), catalog)


@pytest.fixture(scope="session")
def clean_outcome(laboratory: Laboratory) -> Outcome:
    return laboratory.audit(
        laboratory.clean, given=("timeline", "baseline", "registry", "against", "api"), count_scanned=True
    )
