from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pytest

from audit.redaction.key_file import RedactionKey, RedactionKeyError, read_redaction_key


@pytest.mark.parametrize("length", [16, 63, 64, 65, 200])
def test_the_pads_make_an_hmac(length: int) -> None:
    key = RedactionKey(bytes(range(length)))
    inner, outer = key.pads

    made = hashlib.sha256(outer + hashlib.sha256(inner + b"turn:t").digest()).hexdigest()

    assert made == hmac.new(key.secret, b"turn:t", hashlib.sha256).hexdigest()
    assert key.digest("turn", "t") == made[:16]


def test_the_line_break_at_the_end_is_no_part_of_the_secret(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"0123456789abcdef\r\n")

    assert read_redaction_key(path).secret == b"0123456789abcdef"


def test_a_secret_is_not_shown(tmp_path: Path) -> None:
    key = RedactionKey(b"0123456789abcdef")

    assert "0123" not in repr(key)
    assert len(key.key_id) == 12


@pytest.mark.parametrize(("content", "problem"), [(None, "No such file"), (b"short\n", "a secret of 5 bytes")])
def test_what_is_no_secret(content: bytes | None, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(RedactionKeyError, match=problem):
        read_redaction_key(path)
