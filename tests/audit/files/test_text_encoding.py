"""Files that people write: what an editor of Windows saves is read, and another encoding is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.checks.catalog import load_catalog
from audit.errors import InputFileError
from audit.files.text_encoding import TextEncodingError, decode_text
from audit.policy.configuration import ConfigurationError, find_configuration
from audit.policy.verdict import Gate
from audit.staging.registry import read_registry

SETTINGS = '# für alle\n[gates]\nfail_on = "never"\n'
PROFILES = "# für alle\n- planner\n"
CHECK = """\
-- title: Für alle
-- severity: info
-- needs: turns
-- identity: conv_id, session_id, turn_id
-- scans: turns
-- remedy: None.
-- breaks: turns: UPDATE turns SET runtime_key = ''
SELECT conv_id, session_id, turn_id FROM turns WHERE false
"""
OTHERS = {"utf-16": "it is saved as UTF-16. Save it as UTF-8", "latin-1": "line 1 has the byte 0xfc, which is no UTF-8"}


@given(st.text(st.characters(exclude_categories=["Cs"])).filter(lambda text: not text.startswith("\ufeff")))
def test_a_text_is_read_with_and_without_the_mark(text: str) -> None:
    assert decode_text(text.encode("utf-8-sig")) == text
    assert decode_text(text.encode()) == text


@given(st.binary())
def test_any_bytes_are_a_text_or_refused(content: bytes) -> None:
    try:
        text = decode_text(content)
    except TextEncodingError:
        with pytest.raises(UnicodeDecodeError):
            content.decode("utf-8-sig")
    else:
        assert text.encode() in content


def test_settings_with_a_mark_are_read(tmp_path: Path) -> None:
    (tmp_path / "turntruth.toml").write_text(SETTINGS, encoding="utf-8-sig")
    assert find_configuration(None, tmp_path).fail_on is Gate.NEVER


@pytest.mark.parametrize(("encoding", "problem"), OTHERS.items())
def test_settings_in_another_encoding_are_told(tmp_path: Path, encoding: str, problem: str) -> None:
    path = tmp_path / "turntruth.toml"
    path.write_text(SETTINGS, encoding=encoding)
    with pytest.raises(ConfigurationError, match=f"turntruth.toml: {problem}"):
        find_configuration(None, tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_registry_is_read_in_every_encoding_of_yaml(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "profiles.yaml"
    path.write_text(PROFILES, encoding=encoding)
    assert read_registry(path) == ("planner",)


def test_a_registry_in_another_encoding_is_told(tmp_path: Path) -> None:
    path = tmp_path / "profiles.yaml"
    path.write_text(PROFILES, encoding="latin-1")
    with pytest.raises(InputFileError, match=r"profiles.yaml: line 1 has the byte 0xfc, which is no UTF-8"):
        read_registry(path)


def test_a_check_with_a_mark_is_read_and_one_in_another_encoding_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "marked.sql").write_text(CHECK, encoding="utf-8-sig")
    (folder / "wide.sql").write_text(CHECK, encoding="utf-16")
    catalog = load_catalog(tmp_path)
    assert [check.title for check in catalog.checks] == ["Für alle"]
    (broken,) = catalog.broken
    assert "wide.sql: cannot be read: it is saved as UTF-16" in str(broken.error)
