"""A kind of run is made by the command itself, and pictures of its page are taken with what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.report.run_folder import load_run
from audit.report.summary import headline
from benchmarks.pages import __main__ as main
from benchmarks.pages import kinds
from benchmarks.pages.__main__ import MOST_SHEETS, take_pictures
from benchmarks.pages.browser import VIEWS, open_chromium
from benchmarks.pages.kinds import KINDS, KindError, make_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run("hostile", tmp_path_factory.mktemp("kinds"))


def test_a_run_is_of_its_kind(run: Path) -> None:
    assert headline(load_run(run)) == KINDS["hostile"].headline
    assert (run.parent / "index.html").is_file()


def test_a_run_that_ends_otherwise_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = kinds.Kind("GO", words=("turns.db", "--no-such-option"), shape=kinds.NONE)
    monkeypatch.setattr(kinds, "KINDS", {"wrong": wrong})

    with pytest.raises(KindError, match="wanted exit code 0, got 2"):
        make_run("wrong", tmp_path)


@pytest.mark.browser
def test_pictures_are_taken_of_a_view_and_nothing_is_wrong(
    run: Path, tmp_path: Path, chromium: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main, "VIEWS", {"phone": VIEWS["phone"]})  # make pictures takes all of them
    with open_chromium(chromium) as browser:
        pictures = take_pictures(browser, run / "index.html", "hostile", tmp_path)

    assert (pictures.headline, pictures.faults) == ("NO-GO", [])
    assert pictures.sheets <= MOST_SHEETS
    wanted = {f"hostile-phone{part}.png" for part in ("", "-whole")}
    assert wanted | {"hostile-print-whole.png", "hostile-print.pdf"} == {path.name for path in tmp_path.iterdir()}


@pytest.mark.browser
def test_what_is_wrong_with_a_page_is_told(tmp_path: Path, chromium: str) -> None:
    page = tmp_path / "index.html"
    wide = "<p style='width: 999px; height: 9000px'>a word</b></p>"
    page.write_text(f"<!doctype html><html lang=en><title>t</title><main><h1>t</h1>{wide}<img src='data:,'></main>")

    with open_chromium(chromium) as browser:
        faults = "\n".join(take_pictures(browser, page, "bad", tmp_path).faults)

    for told in ("HTML 1:", "phone: 1", "image-alt", "print: "):
        assert told in faults
