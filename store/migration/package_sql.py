"""The SQL files that lie beside this package's modules."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def package_sql(name: str) -> str:
    """The text of ``store/migration/<name>.sql``."""
    return (resources.files("store.migration") / f"{name}.sql").read_text(encoding="utf-8")
