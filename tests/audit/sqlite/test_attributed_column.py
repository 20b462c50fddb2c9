"""One declaration a column; whatever reads metadata says for each column what its declaration says."""

from __future__ import annotations

from typing import Any

import pytest

from audit.sqlite.attributed_column import ATTRIBUTED, AttributedColumn, render, render_words
from store.turns.attributed_column import ATTRIBUTED as FILLED_BY_THE_STORE

AGENT = AttributedColumn("agent_key", "agent", keys=("agent@v1",), index="turns_by_conv_agent_updated")
TEAM = AttributedColumn("team", "team", keys=("team@v1", "team"), index="turns_by_team", members=("name", "id"))


def test_the_rule_of_evidence_is_declared() -> None:
    runtime, inference = ATTRIBUTED

    assert (runtime.name, runtime.keys) == ("runtime_key", ("geppetto.runtime@v1", "runtime", "runtime_key"))
    assert runtime.members[:3] == ("runtime_key", "key", "slug")
    assert (inference.name, inference.keys) == ("inference_id", ("geppetto.inference_id@v1", "inference_id"))
    assert inference.members == ()


def test_what_fills_and_what_audits_declare_the_same_each_for_itself() -> None:
    def told(columns: Any) -> list[tuple[object, ...]]:
        return [(column.name, column.keys, column.index, column.members) for column in columns]

    assert told(ATTRIBUTED) == told(FILLED_BY_THE_STORE)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "agent key"},
        {"word": "agent's"},
        {"index": "x; DROP TABLE turns"},
        {"keys": ()},
        {"keys": ("a'b",)},
        {"keys": ('a"b',)},
        {"members": ("a b",)},
        {"keys": tuple("abcdefghij")},
        {"members": tuple("abcdefghij")},
    ],
    ids=str,
)
def test_what_could_not_stand_in_sql_as_it_is_is_refused(wrong: dict[str, Any]) -> None:
    right = {"name": "agent_key", "word": "agent", "keys": ("agent",), "index": "agents"}

    with pytest.raises(ValueError, match=r"cannot be declared like this.*Wanted: plain names, 1 to 9 keys"):
        AttributedColumn(**(right | wrong))


class TestRendering:
    def test_a_key_has_its_place_among_all_and_its_rank_among_its_columns_own(self) -> None:
        text = "/*each column*//*each key*/{word} {key} {place} {rank} {kind}; /*end key*//*end column*/"

        assert render(text, [TEAM, AGENT]) == ("team team@v1 1 1 text; team team 2 2 alias; agent agent@v1 3 1 text; ")

    def test_what_only_maps_have_is_left_out_of_the_others(self) -> None:
        text = (
            "/*each column*/{word}/*each map*/ /*each profile*/{member}{rank}/*end profile*//*end map*/;/*end column*/"
        )

        assert render(text, [AGENT, TEAM]) == "agent;team id2;"
        assert render("/*each map column*/{column}/*end map column*/", [AGENT, TEAM]) == "team"

    def test_earlier_and_later_keys_are_never_none(self) -> None:
        text = (
            '/*each column*/<{word}/*each earlier key by " "*/ -{rank}/*end earlier key*/'
            "/*each later key*/ +{rank}{kind}/*end later key*//*each alias*/ {key}/*end alias*/>/*end column*/"
        )

        assert render(text, [AGENT, TEAM]) == "<agent -1 +1text><team -1 +2alias team>"

    def test_only_the_first_query_of_a_union_names_its_columns(self) -> None:
        text = "/*each column by \"|\"*/'{column}'/*each naming*/ AS name/*end naming*//*end column*/"

        assert render(text, [AGENT, TEAM]) == "'agent_key' AS name|'team'"

    def test_short_names_differ_from_each_other_and_from_the_tables_beside_them(self) -> None:
        text = '/*each column by " "*/{short}/*end column*/'

        assert render(text, [AGENT, TEAM]) == "a te"
        assert render(text, ATTRIBUTED) == "r i"

    def test_words_are_read_from_maps_only_where_the_column_has_members(self) -> None:
        assert dict(render_words("map {column}", "text {column}")) == {
            "runtime_words": "map runtime_key",
            "inference_words": "text inference_id",
        }
