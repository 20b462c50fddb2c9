"""Files of other formats: each is called what it is, by its first bytes, whatever its name says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.errors import NotADatabaseError
from store.files.file_kind import HEAD_BYTES, kind_of
from store.sqlite.database import open_database
from support.files.file_kinds import KINDS


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize("name", KINDS)
def test_a_file_of_another_format_is_called_what_it_is(tmp_path: Path, name: str, *, read_only: bool) -> None:
    make, word = KINDS[name]
    path = tmp_path / "turns.db"
    content = make(tmp_path)
    path.write_bytes(content)
    with pytest.raises(NotADatabaseError, match=f"turns.db: not a SQLite database: it is .*{word}") as refused:
        open_database(path, read_only=read_only)
    assert refused.value.remedy
    assert path.read_bytes() == content


@given(st.binary(min_size=1, max_size=HEAD_BYTES))
def test_whatever_the_bytes_are_they_are_called_something(head: bytes) -> None:
    assert all(kind_of(head))
