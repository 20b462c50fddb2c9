"""Times in another unit or of another clock."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from benchmarks.detection.foreign.fault import add
from benchmarks.detection.foreign.faults.types import Make, Test, number
from benchmarks.detection.foreign.site import NoTargetError, Site, Spot
from benchmarks.detection.foreign.values import Value, text, words_of

_SECONDS = range(10**9, 10**10)
_MILLISECONDS = range(10**12, 10**13)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d([ T])\d\d:\d\d:\d\d")
_SHORT = "%Y-%m-%d %H:%M:%S"


def _in(span: range) -> Test:
    return lambda value: value[0] in {"integer", "real"} and span[0] <= number(value) <= span[-1]


def _times(factor: float) -> Make:
    return lambda value: (value[0], type(number(value))(number(value) * factor))


def _plus(seconds: int) -> Make:
    return lambda value: (value[0], number(value) + seconds)


def _is_instant(value: Value) -> bool:
    return value[0] == "text" and bool(_INSTANT.match(words_of(value)))


def _at(value: Value) -> datetime:
    return datetime.fromisoformat(words_of(value)[:19].replace("T", " ")).replace(tzinfo=UTC)


def _shifted(hours: int) -> Make:
    return lambda value: text((_at(value) + timedelta(hours=hours)).strftime(_SHORT) + words_of(value)[19:])


def _other_separator(value: Value) -> Value:
    words = words_of(value)
    return text(words[:10] + ("T" if words[10] == " " else " ") + words[11:])


_CHANGES: tuple[tuple[str, Test, Make], ...] = (
    ("seconds as milliseconds", _in(_SECONDS), _times(1000)),
    ("milliseconds as seconds", _in(_MILLISECONDS), _times(1 / 1000)),
    ("seconds of a clock an hour ahead", _in(_SECONDS), _plus(3600)),
    ("milliseconds of a clock an hour ahead", _in(_MILLISECONDS), _plus(3_600_000)),
    ("an instant of a clock an hour ahead", _is_instant, _shifted(1)),
    ("an instant without its fraction", lambda v: _is_instant(v) and len(words_of(v)) > 19,
     lambda v: text(words_of(v)[:19])),
    ("an instant, its day alone", _is_instant, lambda v: text(words_of(v)[:10])),
    ("an instant with the other separator", _is_instant, _other_separator),
    ("an instant with a zone behind it", _is_instant, lambda v: text(words_of(v) + "+00:00")),
    ("an instant as seconds since 1970", _is_instant, lambda v: ("integer", int(_at(v).timestamp()))),
    ("a time as the first of 1970", lambda v: _in(_SECONDS)(v) or _in(_MILLISECONDS)(v), lambda v: (v[0], 0)),
)  # fmt: skip


def _change(how_many: Callable[[int], int], fits: Test, make: Make, site: Site) -> None:
    """Change values of one column: as many of those that fit as ``how_many`` says."""
    for table, column in site.places(keys=False):
        rows = [row for row in table.rows if fits(row.values[column])]
        chosen = site.rng.sample(rows, how_many(len(rows))) if rows else []
        for row in chosen:
            site.store(Spot(table, row, column), make(row.values[column]))
        if site.want_changed(table, (column,), chosen):
            return
    raise NoTargetError


def _one(_: int) -> int:
    return 1


def _half(count: int) -> int:
    return -(-count // 2)


def _every(count: int) -> int:
    return count


for title, fits, make in _CHANGES:
    for extent, how_many in (("", _one), (", half of a column", _half), (", a whole column", _every)):
        add(__name__.rpartition(".")[2], title + extent, partial(_change, how_many, fits, make))
