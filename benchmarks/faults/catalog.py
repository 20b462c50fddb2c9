"""The sections that there are: whatever module lies in ``sections/``."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from benchmarks.faults.section import Section

FOLDER = Path(__file__).resolve().parent / "sections"


def load_sections() -> dict[str, Section]:
    """All sections by name, in the order of their names."""
    names = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
    return {name: load_section(name) for name in names}


def load_section(name: str) -> Section:
    """The section of a module; TypeError if it has none or one of another name."""
    section = getattr(import_module(f"benchmarks.faults.sections.{name}"), "SECTION", None)
    if not isinstance(section, Section) or section.name != name:
        raise TypeError(f"benchmarks/faults/sections/{name}.py needs SECTION, a Section whose name is {name!r}")
    return section
