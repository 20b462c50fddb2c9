"""Values of another type, or the next one of the same type."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from benchmarks.detection.foreign.fault import add
from benchmarks.detection.foreign.site import NoTargetError, Site, Spot
from benchmarks.detection.foreign.values import NULL, Value, text, words_of

Test = Callable[[Value], bool]
Make = Callable[[Value], Value]


def of(*storages: str) -> Test:
    """Values of these storage classes."""
    return lambda value: value[0] in storages


def number(value: Value) -> int | float:
    """The number that a value is."""
    assert isinstance(value[1], int | float)
    return value[1]


def stored(value: Value) -> bytes:
    """The bytes that a value is."""
    assert isinstance(value[1], bytes)
    return value[1]


def change(write: Callable[[Site, Spot, Value], bool], fits: Test, make: Make, site: Site) -> None:
    """Change one cell that fits."""
    for spot in site.spots(fits):
        if write(site, spot, make(spot.value)):
            return
    raise NoTargetError


def one_bit(site: Site) -> None:
    """One bit of a BLOB."""
    for spot in site.spots(lambda value: value[0] == "blob" and bool(value[1])):
        content = bytearray(stored(spot.value))
        at = site.rng.randrange(len(content) * 8)
        content[at // 8] ^= 1 << at % 8
        if site.write(spot, ("blob", bytes(content))):
            return
    raise NoTargetError


def is_real(value: Value) -> bool:
    """A real number that is no infinity."""
    return value[0] == "real" and math.isfinite(number(value))


def is_whole(value: Value) -> bool:
    """A real number that is a whole one."""
    return is_real(value) and abs(number(value)) < 2**53 and number(value) == int(number(value))


def is_numeral(value: Value) -> bool:
    """A text that is a whole number."""
    return value[0] == "text" and words_of(value).isdigit()


_CHANGES: tuple[tuple[str, Test, Make], ...] = (
    ("a whole number one higher", of("integer"), lambda value: ("integer", number(value) + 1)),
    ("a whole number with its sign changed", of("integer"), lambda value: ("integer", -number(value))),
    ("5 as 5.0", of("integer"), lambda value: ("real", float(number(value)))),
    ("5 as '5'", of("integer"), lambda value: text(str(number(value)))),
    (
        "5.0 as 5",
        lambda v: is_real(v) and abs(number(v)) < 2**53 and number(v) == int(number(v)),
        lambda value: ("integer", int(number(value))),
    ),
    ("'5' as 5", is_numeral, lambda value: ("integer", int(words_of(value)))),
    ("5 as 5.5", of("integer"), lambda value: ("real", number(value) + 0.5)),
    ("5 as x'35'", of("integer"), lambda value: ("blob", str(number(value)).encode())),
    ("a real number, the next one that there is", is_real, lambda v: ("real", math.nextafter(number(v), math.inf))),
    ("a real number as infinity", is_real, lambda _: ("real", math.inf)),
    ("infinity as minus infinity", lambda v: v == ("real", math.inf), lambda _: ("real", -math.inf)),
    ("NaN, which SQLite stores as NULL", of("real"), lambda _: ("real", math.nan)),
    ("a value as NULL", of("integer", "real", "text", "blob"), lambda _: NULL),
    ("NULL as ''", of("null"), lambda _: text("")),
    ("NULL as 0", of("null"), lambda _: ("integer", 0)),
    ("NULL as the word NULL", of("null"), lambda _: text("NULL")),
    ("'' as NULL", lambda value: value == text(""), lambda _: NULL),
    ("a text as the same bytes in a BLOB", of("text"), lambda value: ("blob", value[1])),
    ("a BLOB as the same bytes in a text", of("blob"), lambda value: ("text", value[1])),
    ("'5' as '05'", is_numeral, lambda value: text(f"0{words_of(value)}")),
)
_UNTYPED: tuple[tuple[str, Test, Make], ...] = (
    ("5 as '5', past the type of its column", of("integer"), lambda value: text(str(number(value)))),
    ("5 as 5.0, past the type of its column", of("integer"), lambda value: ("real", float(number(value)))),
    ("'5' as 5, past the type of its column", is_numeral, lambda value: ("integer", int(words_of(value)))),
)
for title, fits, make in _CHANGES:
    add(__name__.rpartition(".")[2], title, partial(change, Site.write, fits, make))
for title, fits, make in _UNTYPED:
    add(__name__.rpartition(".")[2], title, partial(change, Site.write_untyped, fits, make))
add(__name__.rpartition(".")[2], "one bit of a BLOB", one_bit)
