"""Fixtures of all rooms."""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

REPOSITORY = Path(__file__).resolve().parent.parent

# Great Expectations loads jsonschema by way of altair, and with Jupyter installed that builds a grammar of IRIs, for a
# format that no schema has here. It takes a third of all loading; where the package is missing, they do without.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # so that importing it is an ImportError

# Collecting imports hundreds of modules and all libraries, hardly anything of which is garbage. To look for it there
# would take a quarter of collecting, and longer than many tests do whenever these leave some.
gc.disable()


def pytest_collection_finish() -> None:
    """Look for garbage from here on, and only in what the tests make."""
    gc.freeze()
    gc.enable()


# Each property is tried on so many examples that the whole suite stays short; `make test-properties` tries ten times as
# many. How long one of them takes says how busy the machine is, and nothing of the code.
settings.register_profile(
    "suite",
    max_examples=int(os.environ.get("TURNTRUTH_TEST_EXAMPLES", "50")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("suite")


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """A shell starts what runs in its background deaf to Ctrl-C, and nohup what it starts to the end of the terminal.

    So would be the commands that tests send these signals to.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session", autouse=True)
def _temporary_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A folder of our own for temporary files: elsewhere commands would tell of what others have left there."""
    with pytest.MonkeyPatch.context() as patch:
        folder = str(tmp_path_factory.mktemp("temporary"))
        patch.setenv("TMPDIR", folder)
        patch.setattr("tempfile.tempdir", folder)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_cache_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What tests keep is in a folder of theirs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of sample databases written by the original programs; read-only: copy before use."""
    named = os.environ.get("TURNTRUTH_SAMPLES", "")
    if not named:
        pytest.skip("the sample databases are not here: set TURNTRUTH_SAMPLES to their folder")
    folder = Path(named)
    if not (folder / "pre_small_turns.db").is_file():
        pytest.skip(f"TURNTRUTH_SAMPLES={named} holds no sample databases")
    return folder


@pytest.fixture(scope="session")
def pairs(samples: Path) -> Path:
    """The folder of the pairs that programs of other people wrote; read-only, as the samples beside them."""
    folder = samples / "pairs"
    if not folder.is_dir():
        pytest.skip(f"TURNTRUTH_SAMPLES={samples} holds no pairs")
    return folder


@pytest.fixture(scope="session")
def sarif_schema() -> dict[str, object]:
    """The JSON Schema of SARIF 2.1.0, as OASIS publishes it."""
    named = os.environ.get("TURNTRUTH_FORMATS", "")
    if not named:
        pytest.skip("the schema of SARIF is not here: set TURNTRUTH_FORMATS to the folder of sarif-schema-2.1.0.json")
    path = Path(named) / "sarif-schema-2.1.0.json"
    if not path.is_file():
        pytest.skip(f"TURNTRUTH_FORMATS={named} holds no sarif-schema-2.1.0.json")
    schema: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return schema


@pytest.fixture
def sample_copy(samples: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Copy a sample into the test's own folder and return the copy's path."""

    def copy(name: str) -> Path:
        target = tmp_path / name
        shutil.copyfile(samples / name, target)
        return target

    return copy


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium browser."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    pytest.skip("no chromium on this machine: install Debian's package chromium")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """That browser, to open pages in."""
    from benchmarks.pages.browser import open_chromium  # noqa: PLC0415  most tests open no page, and do without playwright

    with open_chromium(chromium) as opened:
        yield opened
