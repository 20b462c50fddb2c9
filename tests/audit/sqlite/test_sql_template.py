"""What stands between two marks is written once a thing; the rest of the text stays as it is, byte for byte."""

from __future__ import annotations

import pytest

from audit.sqlite.sql_template import Scope, fill_in

TURN: Scope = {"column": [{"name": "a"}, {"name": "b"}], "nothing": []}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("SELECT 1/*each column*/, {name}/*end column*/\nFROM t", "SELECT 1, a, b\nFROM t"),
        ("IN (/*each column by \", \"*/'{name}'/*end column*/)", "IN ('a', 'b')"),
        ("x\n  /*each column*/\n  {name},\n  /*end column*/\ny\n", "x\n  a,\n  b,\ny\n"),
        ('/*each column by "\\nUNION ALL\\n"*/\nFROM {name}\n/*end column*/\n;', "FROM a\nUNION ALL\nFROM b\n;"),
        ('x\n/*each nothing by ","*/\n{name}\n/*end nothing*/\ny', "x\ny"),
        ("x/*each nothing*/, {name}/*end nothing*/ y", "x y"),
        ("{'name': x}, {other} /* each column */", "{'name': x}, {other} /* each column */"),
    ],
    ids=["inline", "between", "own lines", "lines between", "no lines", "nothing", "no marks"],
)
def test_a_text_is_filled_in(text: str, wanted: str) -> None:
    assert fill_in(text, TURN) == wanted


def test_what_stands_within_knows_what_is_around_it() -> None:
    scope: Scope = {"column": [{"name": "a", "key": [{"key": "k"}, {"key": "l"}]}, {"name": "b", "key": []}]}

    assert fill_in('/*each column*/[/*each key by " "*/{name}.{key}/*end key*/]/*end column*/', scope) == "[a.k a.l][]"


def test_an_unknown_mark_is_refused() -> None:
    with pytest.raises(KeyError, match="colum"):
        fill_in("/*each colum*/{name}/*end colum*/", TURN)
