from __future__ import annotations

import pytest

from audit.report.formats.places import input_of
from support.audits.report_examples import a_result


@pytest.mark.parametrize(("table", "place"), [("turns", 0), ("blocks", 0), ("", 0), ("timeline_conversations", None)])
def test_a_finding_lies_in_the_file_that_has_its_table(table: str, place: int | None) -> None:
    assert input_of(table, a_result().inputs) == place
