"""One declaration a column; SQL says for each column what its declaration says."""

from __future__ import annotations

import pytest

from store.turns.attributed_column import ATTRIBUTED, INFERENCE, RUNTIME, AttributedColumn, render

AGENT = AttributedColumn("agent_key", keys=("agent@v1", "agent"), index="turns_by_conv_agent_updated")


def test_the_rule_of_evidence_is_declared() -> None:
    assert [(column.name, column.keys, column.members[:1]) for column in ATTRIBUTED] == [
        ("runtime_key", ("geppetto.runtime@v1", "runtime", "runtime_key"), ("runtime_key",)),
        ("inference_id", ("geppetto.inference_id@v1", "inference_id"), ()),
    ]


@pytest.mark.parametrize(
    ("name", "keys", "index"),
    [
        ("agent key", ("agent",), "agents"),
        ("agent", (), "agents"),
        ("agent", ("a'b",), "agents"),
        ("agent", ('a"b',), "agents"),
        ("agent", ("agent",), "x; DROP TABLE turns"),
    ],
)
def test_what_could_not_stand_in_sql_as_it_is_is_refused(name: str, keys: tuple[str, ...], index: str) -> None:
    with pytest.raises(ValueError, match=r"no declaration of a column.*Give plain names"):
        AttributedColumn(name, keys, index)


class TestRendering:
    def test_marks_on_lines_of_their_own_leave_no_lines(self) -> None:
        text = "a\n  /*each column*/\n  {column},\n  /*end column*/\nb\n"

        assert render(text, [RUNTIME, AGENT]) == "a\n  runtime_key,\n  agent_key,\nb\n"

    def test_marks_within_a_line_leave_the_line_as_it_is(self) -> None:
        assert render("SELECT 1/*each column*/, {column}/*end column*/\nFROM t", [RUNTIME, AGENT]) == (
            "SELECT 1, runtime_key, agent_key\nFROM t"
        )

    def test_an_alias_stands_behind_earlier_keys_only_where_a_map_may_count(self) -> None:
        text = (
            "/*each column*/{column}:/*each alias*/ {alias}/*each key before*/<{before}/*end key before*/"
            "/*end alias*/; /*end column*/"
        )

        assert render(text, [RUNTIME, AGENT]) == (
            "runtime_key: runtime<geppetto.runtime@v1 runtime_key<geppetto.runtime@v1<runtime; agent_key: agent; "
        )

    def test_columns_with_and_without_members_are_told_apart(self) -> None:
        text = (
            "/*each map column*/{column}.{member} /*end map column*/|/*each text column*/ {column}/*end text column*/"
        )

        assert render(text, [RUNTIME, INFERENCE, AGENT]) == "runtime_key.runtime_key | inference_id agent_key"

    def test_every_key_has_one_of_the_hints_in_it_and_no_hint_another(self) -> None:
        hints = render("/*each hint*/{hint} /*end hint*/", [RUNTIME, INFERENCE, AGENT]).split()

        assert hints == ["runtime", "inference_id", "agent"]
        assert all(any(hint in key for hint in hints) for column in (*ATTRIBUTED, AGENT) for key in column.keys)

    def test_a_column_that_a_file_lacks_reads_as_nothing(self) -> None:
        text = "/*each column*/{stored} AS {column} /*end column*/"

        assert render(text, [RUNTIME, AGENT], {"agent_key"}) == "runtime_key AS runtime_key '' AS agent_key "
