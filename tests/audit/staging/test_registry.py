"""A profile registry is read in the forms people write it; anything else is refused with what was wanted."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.errors import InputFileError
from audit.staging.registry import read_registry


def write(folder: Path, text: str) -> Path:
    path = folder / "registry.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [
        "[inventory, planner]",
        "- inventory\n- planner\n",
        "- slug: inventory\n- slug: planner\n  title: The planner\n",
        "inventory: {model: x}\nplanner: {}\n",
        "profiles: [inventory, planner]",
        "profiles:\n  inventory: {}\n  planner: {}\n",
        "profiles:\n- {slug: inventory}\n- planner\n",
        '["inventory", "planner"]',
    ],
)
def test_all_usual_forms_give_the_slugs(tmp_path: Path, text: str) -> None:
    assert read_registry(write(tmp_path, text)) == ("inventory", "planner")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "NoneType"),
        ("just text", "str"),
        ("[]", "names no profile"),
        ("[a, b, a]", "slug a is named twice"),
        ("[a, 5]", "5 has no slug"),
        ("- {title: nameless}", "has no slug"),
        ("['']", "has no slug"),
        ("[a, b", "not YAML"),
        ("!!python/object/apply:os.system ['true']", "not YAML"),
    ],
)
def test_other_content_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputFileError, match=message):
        read_registry(write(tmp_path, text))


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "registry.yaml"
    path.write_bytes(b"\xff\xfe\x00\x01\x02")
    with pytest.raises(InputFileError):
        read_registry(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no such file"):
        read_registry(tmp_path / "none.yaml")
    with pytest.raises(InputFileError, match="it is a folder, no regular file"):
        read_registry(tmp_path)
