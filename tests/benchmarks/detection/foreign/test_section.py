"""Figures about pairs of other programs have a section of their own, which the drill of our files leaves alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from benchmarks.detection.campaign import DrillResult
from benchmarks.detection.foreign.campaign import ForeignResult, ForeignScale
from benchmarks.detection.foreign.fault import load_faults
from benchmarks.detection.foreign.section import HEADING, section_of, write_section
from benchmarks.detection.foreign.trial import ForeignOutcome, ForeignTrial
from benchmarks.detection.page.document import write_document
from benchmarks.detection.plan import Scale

FAULTS = load_faults()
EXACT = ForeignOutcome(ForeignTrial("llm", "rows: one row is lost", "s"), 1, 1, 0, 0, (), 0.1)
MISSED = replace(EXACT, named=0, problems=("not named: lost row t",))
CALM = replace(EXACT, trial=ForeignTrial("llm", "harmless: VACUUM", "s"), wanted=0, named=0)


def result(*outcomes: ForeignOutcome) -> ForeignResult:
    return ForeignResult(ForeignScale(), FAULTS, list(outcomes))


def written(folder: Path, *outcomes: ForeignOutcome) -> str:
    page = folder / "detection.md"
    if not page.exists():
        write_document(DrillResult(Scale(), {}), page)
    write_section(result(*outcomes), page)
    return page.read_text(encoding="utf-8")


def test_the_section_stands_once_and_before_what_other_tools_find(tmp_path: Path) -> None:
    written(tmp_path, EXACT)
    text = written(tmp_path, EXACT, CALM)
    assert text.count(HEADING) == 1
    assert text.startswith("# What the audit detects")


def test_the_other_drill_leaves_the_section_as_it_is(tmp_path: Path) -> None:
    section = section_of(written(tmp_path, EXACT, CALM))
    write_document(DrillResult(Scale(), {}), tmp_path / "detection.md")
    text = (tmp_path / "detection.md").read_text(encoding="utf-8")
    assert section_of(text) == section
    assert section.splitlines()[2] == HEADING


def test_a_page_without_the_section_is_as_the_other_drill_writes_it(tmp_path: Path) -> None:
    write_document(DrillResult(Scale(), {}), tmp_path / "detection.md")
    assert section_of((tmp_path / "detection.md").read_text(encoding="utf-8")) == ""


def test_what_was_missed_is_told_where_everybody_looks(tmp_path: Path) -> None:
    text = written(tmp_path, *[EXACT] * 2_000, MISSED)
    assert "| faults of which nothing was named | 0 | 1 | 2,001 trials |" in text
    assert "| trials in which all was named, and nothing else | 100 % | > 99.9% | 2,001 trials |" in text
    assert "| rows: one row is lost | llm | 1 | not named: lost row t |" in text
    assert "**2000 of 2001**" in text


def test_nothing_missed_is_said_and_how_sure_that_is(tmp_path: Path) -> None:
    text = written(tmp_path, *[EXACT] * 300, CALM)
    assert "Nothing was missed, and nothing was named that is no difference." in text
    assert "300 trials; not exact at most (95 %): 1.00% |" in text
    assert "| harmless changes of which anything was named | 0 | 0 | 1 trials |" in text
