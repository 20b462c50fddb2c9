"""The renderer is another one as soon as anything that makes the page is."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from audit.report import renderer
from audit.report.renderer import renderer_version


def test_it_is_the_same_every_time() -> None:
    first = renderer_version()
    renderer_version.cache_clear()
    assert renderer_version() == first
    assert re.fullmatch("[0-9a-f]{12}", first)


def test_it_is_over_code_templates_and_styles() -> None:
    names = {name for name, _ in renderer._sources()}
    assert {
        "results/records.py",
        "report/html.py",
        "report/templates/report.html.j2",
        "report/templates/report.css",
    } <= names
    kept = {entry.name for entry in (resources.files("audit") / "report" / "templates").iterdir()}
    assert {f"report/templates/{name}" for name in kept} <= names


@pytest.mark.parametrize("place", [0, -1])
def test_another_source_is_another_renderer(monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    before = renderer_version()
    sources = sorted(renderer._sources())
    name, text = sources[place]
    sources[place] = (name, text + b" ")
    monkeypatch.setattr(renderer, "_sources", lambda: iter(sources))
    renderer_version.cache_clear()
    try:
        assert renderer_version() != before
    finally:
        renderer_version.cache_clear()


def test_another_template_engine_is_another_renderer(monkeypatch: pytest.MonkeyPatch) -> None:
    before = renderer_version()
    monkeypatch.setattr(renderer, "version", lambda _: "0.0")
    renderer_version.cache_clear()
    try:
        assert renderer_version() != before
    finally:
        renderer_version.cache_clear()
