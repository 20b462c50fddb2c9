"""A part of the checks: by suite, by name, and never by a name that nothing has."""

from __future__ import annotations

import pytest

from audit.checks.catalog import BrokenCheck, Catalog, load_catalog
from audit.errors import CheckFileError, UsageError
from audit.policy.selection import Selection, UnknownNameError, split_catalog

CATALOG = load_catalog()


def names(catalog: Catalog) -> set[str]:
    return {f"{check.suite}/{check.name}" for check in catalog.checks}


def test_without_names_everything_is_taken() -> None:
    assert split_catalog(CATALOG, Selection()) == (CATALOG, ())


def test_suites_and_checks_are_selected_and_excluded() -> None:
    selection = Selection(("defaults", "pointer_agrees", "schema/no_views"), ("no_placeholder",))
    taken, left_out = split_catalog(CATALOG, selection)
    wanted = {name for name in names(CATALOG) if name.startswith("defaults/")} - {"defaults/no_placeholder"}
    assert names(taken) == wanted | {"continuity/pointer_agrees", "schema/no_views"}
    assert len(left_out) == len(CATALOG.checks) - len(taken.checks)


def test_what_is_excluded_is_not_run_even_if_it_is_selected() -> None:
    taken, _ = split_catalog(CATALOG, Selection(("schema",), ("schema/no_views",)))
    assert "schema/no_views" not in names(taken)


@pytest.mark.parametrize(
    ("selection", "similar"),
    [
        (Selection(("pointer_agree",)), "pointer_agrees"),
        (Selection((), ("continuty",)), "continuity"),
        (Selection(("defaults/no_placeholders",)), "defaults/no_placeholder"),
    ],
)
def test_an_unknown_name_is_refused_with_a_similar_one(selection: Selection, similar: str) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean") as caught:
        split_catalog(CATALOG, selection)
    assert similar in caught.value.similar


def test_a_name_like_no_other_is_refused_with_the_command_that_lists_them() -> None:
    with pytest.raises(UnknownNameError, match="turntruth checks"):
        split_catalog(CATALOG, Selection(("qqq",)))


def test_a_selection_of_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="no check is left to run"):
        split_catalog(CATALOG, Selection(("schema",), ("schema",)))


def test_a_broken_file_can_be_left_out_by_its_name() -> None:
    broken = BrokenCheck("half", "custom", CheckFileError("custom/half.sql", 1, "no header"))
    taken, left_out = split_catalog(Catalog(CATALOG.checks, (broken,)), Selection((), ("half",)))
    assert (taken.broken, left_out) == ((), (broken,))
