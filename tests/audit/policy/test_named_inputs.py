"""``[inputs]``: the files of a project by name, and everything that could be meant otherwise is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.policy.configuration import ConfigurationError, find_configuration
from audit.policy.named_inputs import AUTO, InputPaths, NamedInputs, UnknownTargetError

TEXT = """
[inputs]
turns = "data/turns.db"
timeline = "data/timeline.db"
baseline = "auto"

[inputs.prod]
turns = "/srv/turns.db"
registry = "profiles.yaml"
"""


def read(folder: Path, text: str) -> NamedInputs:
    (folder / "turntruth.toml").write_text(text, encoding="utf-8")
    return find_configuration(None, folder).inputs


def test_paths_count_from_where_the_file_lies(tmp_path: Path) -> None:
    inputs = read(tmp_path, TEXT)
    data = tmp_path / "data"
    assert inputs.select("") == InputPaths(data / "turns.db", data / "timeline.db", Path(AUTO))


def test_a_target_takes_nothing_from_the_table_above_it(tmp_path: Path) -> None:
    prod = read(tmp_path, TEXT).select("prod")
    assert prod == InputPaths(turns=Path("/srv/turns.db"), registry=tmp_path / "profiles.yaml")


def test_a_target_that_is_misspelt_is_told_with_the_one_that_is_meant(tmp_path: Path) -> None:
    with pytest.raises(UnknownTargetError, match="Did you mean prod"):
        read(tmp_path, TEXT).select("prdo")


def test_a_target_of_a_file_without_any_is_told() -> None:
    with pytest.raises(UnknownTargetError, match="it has none"):
        NamedInputs().select("prod")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[inputs]\nturn = "t.db"', "inputs.turn"),
        ("[inputs]\nturns = 1", "inputs.turns"),
        ('[inputs.prod]\npath = "t.db"', "inputs.prod.path"),
        ('inputs = "t.db"', "inputs"),
        ("[inputs.turns]\nturns = 't.db'", "inputs.turns"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_place(text: str, key: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as told:
        read(tmp_path, text)
    assert told.value.key == key


def test_options_go_before_what_a_target_names() -> None:
    named = InputPaths(turns=Path("a.db"), timeline=Path("t.db"))
    assert InputPaths(timeline=Path("other.db")).over(named) == InputPaths(Path("a.db"), Path("other.db"))


def test_a_file_that_is_called_auto_is_meant_by_its_absolute_path(tmp_path: Path) -> None:
    (tmp_path / "auto").touch()
    text = f"[inputs]\nturns = 'turns.db'\nbaseline = '{tmp_path / AUTO}'"
    assert read(tmp_path, text).plain.baseline == tmp_path / AUTO != Path(AUTO)
