"""Values that look right: blanks, letters, accents, invisible characters, types."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from html import escape
from urllib.parse import quote

from benchmarks.detection.fault import Fault, add, fault
from benchmarks.detection.faults.cells.values import INFERENCE, INVENTED, RUNTIME
from benchmarks.detection.files.site import NoPlaceError, Site

_Spoil = Callable[[str], str]
_PADDED = ("no_blank_padding", RUNTIME, INFERENCE)
_INVISIBLE = ("no_invisible_characters", RUNTIME, INFERENCE)
_OTHER = (RUNTIME, INFERENCE)


def _middle(text: str, inserted: str) -> str:
    return text[: len(text) // 2] + inserted + text[len(text) // 2 :]


_SPOILED: tuple[tuple[str, tuple[str, ...], _Spoil], ...] = (
    ("blank behind", _PADDED, lambda text: f"{text} "),
    ("blank before", _PADDED, lambda text: f" {text}"),
    ("line break behind", _PADDED, lambda text: f"{text}\n"),
    ("carriage return behind", _PADDED, lambda text: f"{text}\r"),
    ("tab before", _PADDED, lambda text: f"\t{text}"),
    ("no-break space behind", _PADDED, lambda text: f"{text}\u00a0"),
    ("narrow no-break space before", _PADDED, lambda text: f"\u202f{text}"),
    ("ideographic space behind", _PADDED, lambda text: f"{text}\u3000"),
    ("next line (U+0085) behind", _PADDED, lambda text: f"{text}\u0085"),
    ("zero-width space behind", _INVISIBLE, lambda text: f"{text}\u200b"),
    ("zero-width joiner inside", _INVISIBLE, lambda text: _middle(text, "\u200d")),
    ("byte order mark before", _INVISIBLE, lambda text: f"\ufeff{text}"),
    ("soft hyphen inside", _INVISIBLE, lambda text: _middle(text, "\u00ad")),
    ("word joiner inside", _INVISIBLE, lambda text: _middle(text, "\u2060")),
    ("right-to-left mark behind", _INVISIBLE, lambda text: f"{text}\u200f"),
    ("Mongolian vowel separator behind", _INVISIBLE, lambda text: f"{text}\u180e"),
    ("unit separator behind", _INVISIBLE, lambda text: f"{text}\x1f"),
    ("escape character before", _INVISIBLE, lambda text: f"\x1b{text}"),
    ("NUL inside", _INVISIBLE, lambda text: _middle(text, "\x00")),
    ("NUL behind", _INVISIBLE, lambda text: f"{text}\x00"),
    ("variation selector behind", _INVISIBLE, lambda text: f"{text}\ufe0f"),
    ("tag character behind", _INVISIBLE, lambda text: f"{text}\U000e0041"),
    ("upper case", _OTHER, str.upper),
    ("capitalised", _OTHER, lambda text: text[:1].upper() + text[1:] if text[:1].islower() else text.swapcase()),
    ("decomposed accents", _OTHER, lambda text: unicodedata.normalize("NFD", text)),
    ("compatibility forms", _OTHER, lambda text: text.replace("-", "\uff0d")),
    ("look-alike letter", _OTHER, lambda text: text.replace("a", "\u0430", 1)),
    ("other hyphen", _OTHER, lambda text: text.replace("-", "\u2010", 1)),
    ("last letter lost", _OTHER, lambda text: text[:-1]),
    ("first letter lost", _OTHER, lambda text: text[1:]),
    ("cut to five letters", _OTHER, lambda text: text[:5]),
    ("last letter doubled", _OTHER, lambda text: text + text[-1]),
    ("two letters exchanged", _OTHER, lambda text: text[:-2] + text[-1] + text[-2]),
    ("one letter changed", _OTHER, lambda text: f"{text[:-1]}{'0' if text[-1] != '0' else '1'}"),
    ("quotes kept", _OTHER, lambda text: f'"{text}"'),
    ("single quotes added", _OTHER, lambda text: f"'{text}'"),
    ("a prefix kept", _OTHER, lambda text: f"runtime:{text}"),
    ("a version added", _OTHER, lambda text: f"{text}@v1"),
    ("another version", _OTHER, lambda text: f"{text}-2"),
    ("percent-encoded", _OTHER, lambda text: quote(text, safe="").replace("-", "%2D")),
    ("HTML-escaped", _OTHER, lambda text: escape(text).replace("-", "&#45;")),
    ("UTF-8 read as Latin-1", _OTHER, lambda text: text.encode().decode("latin-1")),
    ("not ASCII replaced", _OTHER, lambda text: text.encode("ascii", "replace").decode()),
    ("hyphens lost", _OTHER, lambda text: text.replace("-", "")),
    ("both in one cell", _OTHER, lambda text: f"{text},{text}"),
    ("reversed", _OTHER, lambda text: text[::-1]),
    ("the word null", ("no_placeholder", *_OTHER), lambda _: "null"),
    ("the word NULL", ("no_placeholder", *_OTHER), lambda _: "NULL"),
    ("the word None", ("no_placeholder", *_OTHER), lambda _: "None"),
    ("the word undefined", ("no_placeholder", *_OTHER), lambda _: "undefined"),
    ("[object Object]", ("no_placeholder", *_OTHER), lambda _: "[object Object]"),
    ("n/a", ("no_placeholder", *_OTHER), lambda _: "N/A"),
)  # fmt: skip


def _spoil(number: int, title: str, checks: tuple[str, ...], change: _Spoil) -> None:
    def inject(site: Site) -> None:
        column = site.rng.choice(("runtime_key", "inference_id"))
        for name in (column, "runtime_key", "inference_id"):
            rows = [row for row in site.turns(f"t.{name} <> ''") if change(row[name]) not in {row[name], ""}]
            if rows:
                for row in site.pick(rows):
                    site.set_cell(row, name, change(row[name]))
                return
        raise NoPlaceError(f"a value that {title} would change")

    add(Fault(f"V{number}", title, checks, inject, worlds=("plain", "foreign")))


for _number, (_title, _checks, _change) in enumerate(_SPOILED, start=100):
    _spoil(_number, _title, _checks, _change)


def _placeholder(number: int, word: str) -> None:
    def inject(site: Site) -> None:
        column = site.rng.choice(("runtime_key", "inference_id"))
        for row in site.pick_turns(f"t.{column} = ''"):
            site.set_cell(row, column, word)

    add(
        Fault(
            f"V{number}",
            f"unknown written as {word!r}",
            ("no_placeholder", "no_blank_padding", "no_invisible_characters", *INVENTED),
            inject,
            worlds=("plain", "foreign"),
        )
    )


_WORDS = (
    "null",
    "NULL",
    "None",
    "undefined",
    "nil",
    "<nil>",
    "N/A",
    "(null)",
    " ",
    "\u00a0",
    "\u200b",
    "[object Object]",
)
for _number, _word in enumerate(_WORDS, start=170):
    _placeholder(_number, _word)


def _retype(number: int, title: str, expression: str, *checks: str) -> None:
    def inject(site: Site) -> None:
        column = site.rng.choice(("runtime_key", "inference_id"))
        for row in site.pick_turns(f"t.{column} <> ''"):
            site.set_sql(row, column, expression.format(column=column))

    add(Fault(f"V{number}", title, checks, inject, worlds=("plain", "foreign")))


_retype(185, "the value as a BLOB", "CAST({column} AS BLOB)", "stored_as_text")
_retype(186, "an empty BLOB", "x''", "stored_as_text", "runtime_complete", "inference_complete")
_retype(187, "a number in the text column", "42", *_OTHER)
_retype(188, "bytes that are no UTF-8", "CAST(x'706c616eff6e6572' AS TEXT)", *_OTHER)
_retype(189, "an encoded surrogate", "CAST({column} || x'eda0bd' AS TEXT)", *_OTHER)
_retype(190, "UTF-16 bytes as a BLOB", "x'700061006e00'", "stored_as_text")


# That it lost NOT NULL is told as "declared otherwise", and what made the NULL possible.
@fault("V191", "NULL in a column that lost NOT NULL", "no_null_value", "attribution_columns_exist")
def store_null(site: Site) -> None:
    column = site.rng.choice(("runtime_key", "inference_id"))
    for name in (f'"{column}"', column):
        try:
            site.rewrite_schema("turns", f"{name} TEXT NOT NULL", f"{name} TEXT")
            break
        except NoPlaceError:
            continue
    rows = site.pick_turns()
    for row in rows:
        site.set_sql(row, column, "NULL")


@fault("V192", "an empty BLOB where the value is unknown", "stored_as_text")
def empty_blob(site: Site) -> None:
    for row in site.pick_turns("t.runtime_key = ''"):
        site.set_sql(row, "runtime_key", "x''")
