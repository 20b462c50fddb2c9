"""Values that are cut off or rounded."""

from __future__ import annotations

import struct
from functools import partial

from benchmarks.detection.foreign.fault import add
from benchmarks.detection.foreign.faults.types import Make, Test, change, is_real, number, of, stored
from benchmarks.detection.foreign.site import Site
from benchmarks.detection.foreign.values import Value, text, words_of

_FAMILY = "truncation"


def _longer(storage: str, length: int) -> Test:
    return lambda value: value[0] == storage and len(stored(value)) > length


def _single(value: Value) -> Value:
    return "real", struct.unpack("f", struct.pack("f", number(value)))[0]


_CHANGES: tuple[tuple[str, Test, Make], ...] = (
    ("a text without its last character", _longer("text", 0), lambda value: text(words_of(value)[:-1])),
    ("half of a text", _longer("text", 1), lambda value: text(words_of(value)[: len(words_of(value)) // 2])),
    ("nothing of a text", _longer("text", 0), lambda _: text("")),
    ("a BLOB without its last byte", _longer("blob", 0), lambda value: ("blob", stored(value)[:-1])),
    ("half of a BLOB", _longer("blob", 1), lambda value: ("blob", stored(value)[: len(stored(value)) // 2])),
    ("nothing of a BLOB", _longer("blob", 0), lambda _: ("blob", b"")),
    ("a whole number to 31 bits", lambda v: v[0] == "integer" and number(v) >= 2**31,
     lambda value: ("integer", int(number(value)) % 2**31)),
    ("a real number to single precision", lambda v: is_real(v) and _single(v) != v, _single),
    ("a real number to two digits", lambda v: is_real(v) and round(number(v), 2) != v[1],
     lambda value: ("real", round(number(value), 2))),
    ("a value to its first word", of("text"), lambda value: text(words_of(value).split(" ", maxsplit=1)[0])),
)  # fmt: skip


def _cut(length: int, value: Value) -> Value:
    return text(words_of(value)[:length])


for title, fits, make in _CHANGES:
    add(_FAMILY, title, partial(change, Site.write, fits, make))
for length in (10, 32, 100, 255):
    add(
        _FAMILY, f"a text to {length} characters",
        partial(change, Site.write, _longer("text", length), partial(_cut, length)),
    )  # fmt: skip
