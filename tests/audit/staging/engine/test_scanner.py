"""The extension is loaded once its signature is verified, which takes long and is done once a process and file."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from audit.errors import ExtensionError
from audit.staging.engine import scanner
from audit.staging.engine.scanner import extension_path, has_scanner, load_scanner, scanner_configuration


@pytest.fixture
def nothing_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanner, "_verified", set())


def _open() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config=dict(scanner_configuration()))


@pytest.mark.usefixtures("nothing_verified")
def test_a_signature_is_verified_the_first_time_only() -> None:
    assert scanner_configuration() == {}
    with closing(_open()) as connection:
        load_scanner(connection)
        assert has_scanner(connection)
    assert scanner_configuration() == {"allow_unsigned_extensions": "true"}
    with closing(_open()) as connection:
        load_scanner(connection)
        assert has_scanner(connection)


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The extension in a place where it can be changed."""
    copy = tmp_path / extension_path().name
    copy.write_bytes(extension_path().read_bytes())
    monkeypatch.setattr(scanner, "extension_path", lambda: copy)
    return copy


@pytest.mark.usefixtures("nothing_verified")
def test_a_file_that_was_changed_is_verified_anew_and_refused(copied: Path) -> None:
    with closing(_open()) as connection:
        load_scanner(connection)
    before = copied.stat()
    # A new file: what the other process has mapped must not be changed below it.
    changed = copied.with_name("changed")
    content = bytearray(copied.read_bytes())
    content[len(content) // 2] ^= 1
    changed.write_bytes(content)
    changed.replace(copied)
    os.utime(copied, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert scanner_configuration() == {}
    with closing(_open()) as connection, pytest.raises(ExtensionError, match="signature"):
        load_scanner(connection)


@pytest.mark.usefixtures("nothing_verified")
def test_an_instance_that_takes_any_extension_is_given_none_that_was_not_verified(copied: Path) -> None:
    with closing(duckdb.connect(config={"allow_unsigned_extensions": "true"})) as connection:
        with pytest.raises(ExtensionError, match="was changed a moment ago"):
            load_scanner(connection)
        assert not has_scanner(connection)
