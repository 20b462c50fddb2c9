"""Pairs that other people's programs wrote: exactly what their migrations did is found."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from support.files.pair_files import compare_files

pytestmark = pytest.mark.samples

_OBJECTS = ("object", "column")


def _counts(pairs: Path, before: str, after: str) -> tuple[Counter[tuple[str, ...]], tuple[tuple[str, ...], ...]]:
    """How often each change of a kind of thing, objects and columns that are new counted together, and the asides."""
    findings, summary = compare_files(pairs / f"{before}.before.db", pairs / f"{after}.after.db")
    assert summary.errors == {}
    counted: Counter[tuple[str, ...]] = Counter()
    for each in findings:
        if each["change"] == "new" and each["kind"] in _OBJECTS:
            counted["new", "objects and columns"] += 1
        else:
            counted[each["change"], each["kind"], each["table"]] += 1
    asides = tuple((a.name, str(a.rows_lost), str(a.cells_changed), str(a.rows_new)) for a in summary.asides)
    return counted, asides


def test_llm(pairs: Path) -> None:
    counted, asides = _counts(pairs, "llm-0.12", "llm-0.36")

    # The 46th is a table named ``turns``, which is no turn store's.
    assert counted == {
        ("changed", "constraint", "responses"): 1,
        ("new", "row", "_llm_migrations"): 17,
        ("new", "objects and columns"): 46,
    }
    assert asides == (("responses_fts", "25", "7", "5"), ("turn_search_fts", "0", "0", "3"))


def test_mlflow(pairs: Path) -> None:
    counted, asides = _counts(pairs, "mlflow-2.3.2", "mlflow-3.17.2")

    declared = {key[2]: count for key, count in counted.items() if key[:2] == ("changed", "declaration")}
    assert sum(declared.values()) == 14
    assert {key: count for key, count in counted.items() if key[:2] != ("changed", "declaration")} == {
        ("lost", "constraint", "experiments"): 1,
        ("lost", "constraint", "registered_models"): 1,
        ("changed", "cell", "alembic_version"): 1,
        ("changed", "constraint", "registered_model_tags"): 1,
        ("changed", "constraint", "model_version_tags"): 1,
        ("changed", "constraint", "model_versions"): 1,
        ("changed", "constraint", "registered_model_aliases"): 1,
        ("new", "objects and columns"): 140,
        ("new", "row", "workspaces"): 1,
    }
    assert asides == ()


def test_open_webui(pairs: Path) -> None:
    counted, asides = _counts(pairs, "openwebui-374d2f66af06", "openwebui-0.8.5-head")

    lost = ("channel", "file", "knowledge", "model", "note", "prompt", "tool")
    wanted: dict[tuple[str, ...], int] = {("lost", "column", table): 1 for table in lost}
    assert counted == wanted | {
        ("changed", "cell", "alembic_version"): 1,
        ("new", "objects and columns"): 15,
        ("new", "row", "chat_message"): 316,
    }
    assert asides == ()


def test_langgraph(pairs: Path) -> None:
    counted, asides = _counts(pairs, "langgraph-sqlite-1.0.3", "langgraph-sqlite-3.1.2")

    assert counted == {
        ("new", "row", "checkpoints"): 61,
        ("new", "row", "writes"): 61,
        ("new", "objects and columns"): 1,
    }
    assert asides == ()


def test_django(pairs: Path) -> None:
    counted, asides = _counts(pairs, "django-0001", "django-0002-pointer-guess")

    assert counted == {
        ("changed", "declaration", "chat_message"): 1,
        ("changed", "order", "chat_message"): 1,
        ("new", "row", "django_migrations"): 1,
        ("new", "objects and columns"): 1,
    }
    assert [name for name, *_ in asides] == ["sqlite_sequence"]
