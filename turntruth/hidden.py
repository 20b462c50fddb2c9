"""Whether the packages that would be imported are ours: a file or folder of the same name comes before them."""

from __future__ import annotations

import importlib.machinery
import os
import sys
from typing import NoReturn

PACKAGES = ("store", "audit", "expectations")
"""Our packages beside this one. Their names are plain words, which others use too."""


class HiddenPackageError(ImportError):
    """Something else of the same name would be imported in place of one of our packages.

    Attributes
    ----------
    package
        Its name.
    found
        The file or folder that hides it; '' where there is nothing of that name.

    Examples
    --------
    >>> print(HiddenPackageError("audit", "/elsewhere/audit.py", "/site-packages/audit"))
    `import audit` would import /elsewhere/audit.py instead of turntruth's own /site-packages/audit. Rename ...
    """

    def __init__(self, package: str, found: str, ours: str) -> None:
        self.package = package
        self.found = found
        if found:
            remedy = f"Rename {found}, or start Python in another folder"
            said = f"`import {package}` would import {found} instead of turntruth's own {ours}. {remedy}"
        else:
            said = f"turntruth's own package {ours} is missing. Install turntruth anew"
        super().__init__(said, name=package, path=found or None)


def is_command() -> bool:
    """Whether this is imported for the command line: ``turntruth`` or ``python -m turntruth``."""
    program = sys.argv[0] if getattr(sys, "argv", None) else ""
    if program == "-m":  # as long as Python looks for the module
        given = sys.orig_argv
        return any(word == "-mturntruth" or given[at : at + 2] == ["-m", "turntruth"] for at, word in enumerate(given))
    return os.path.basename(program) == "turntruth"


def end_command(error: HiddenPackageError) -> NoReturn:
    """End the command as its other errors end it: in one line, after the traceback where that is asked for."""
    if "--debug" in sys.argv[1:]:
        import traceback  # noqa: PLC0415  hardly ever needed

        traceback.print_exception(error)
    sys.stderr.write(f"turntruth: {error}\n")
    raise SystemExit(2)


def require_own_packages() -> None:
    """Look where our packages would be imported from, without importing them.

    Raises
    ------
    HiddenPackageError
        One of them is hidden, or missing.
    """
    beside = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    for package in PACKAGES:
        ours = os.path.join(beside, package)
        found = _place(package)
        if not found or os.path.realpath(found) != ours:
            raise HiddenPackageError(package, found, ours)


def _place(package: str) -> str:
    """The file of a module, or the folder of a package, that has been imported or would be; '' if there is none."""
    loaded = sys.modules.get(package)
    spec = loaded.__spec__ if loaded else importlib.machinery.PathFinder.find_spec(package)
    if spec is None:
        return ""
    if spec.origin and os.path.basename(spec.origin) == "__init__.py":
        return os.path.dirname(spec.origin)
    return spec.origin or next(iter(spec.submodule_search_locations or ()), "")
