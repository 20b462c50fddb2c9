"""Under which keys metadata names a value is said once a side: everything else follows the two declarations."""

from __future__ import annotations

from pathlib import Path

from audit.checks.catalog import load_catalog
from store.turns.attributed_column import ATTRIBUTED

DECLARATIONS = {"audit/sqlite/attributed_column.py", "store/turns/attributed_column.py"}
EXAMPLES = ("audit/demo/", "store/conformance/")
"""What writes turns to show or to try something, as programs of others do."""

KEYS = [key for column in ATTRIBUTED for key in column.keys if "@" in key]
"""Aliases are common words, and some are names of columns as well: only these keys can be looked for."""


def _files_with_a_key(repository: Path, packages: tuple[str, ...]) -> set[str]:
    return {
        str(path.relative_to(repository))
        for package in packages
        for path in (repository / package).rglob("*")
        if path.suffix in {".py", ".sql", ".toml", ".j2"}
        and any(key in path.read_text(encoding="utf-8") for key in KEYS)
    }


def test_no_code_has_a_key_but_the_declarations_and_what_writes_examples(repository: Path) -> None:
    found = _files_with_a_key(repository, ("turntruth", "store", "audit"))

    assert len(KEYS) >= len(ATTRIBUTED)
    assert {name for name in found if not name.startswith(EXAMPLES)} == DECLARATIONS


def test_of_a_check_only_what_breaks_it_has_a_key() -> None:
    checks = load_catalog().checks
    texts = {check.name: f"{check.title} {check.remedy} {check.sql}" for check in checks}
    breaks = [statement for check in checks for _, statement in check.breaks]

    assert any(key in statement for key in KEYS for statement in breaks), "no check is broken so: look for them anew"
    assert [name for name, text in texts.items() if any(key in text for key in KEYS)] == []


def test_kept_suites_have_no_key(repository: Path) -> None:
    kept = list((repository / "expectations").rglob("suite.json"))

    assert len(kept) > 5
    assert [path.parent.name for path in kept if any(key in path.read_text(encoding="utf-8") for key in KEYS)] == []
