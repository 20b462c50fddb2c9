"""The folders of a team's own checks: those that were given, else those that turntruth.toml names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audit.checks.catalog import Catalog


def own_folders(given: Sequence[Path] | None) -> tuple[Path, ...]:
    """The given folders, else those of the turntruth.toml that lies here, () without one."""
    from audit.policy.configuration import find_configuration

    return tuple(given) if given else find_configuration(None).checks


def catalog_with_own(given: Sequence[Path] | None) -> Catalog:
    """All checks that an audit started here would know."""
    from audit.checks.catalog import load_catalog

    return load_catalog(own=own_folders(given))
