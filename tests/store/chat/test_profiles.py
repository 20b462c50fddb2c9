"""Profiles: read strictly, chosen by one precedence, never replaced by another."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.chat.errors import InvalidProfileError, ProfileFileError, UnknownProfileError
from store.chat.profiles import Profile, ProfileNames, ProfileRegistry, RuntimeSettings

REGISTRY = """
slug: warehouse
default_profile_slug: inventory
profiles:
  planner:
    display_name: Planner
    version: 2
    runtime:
      system_prompt: You plan warehouse work.
      engine: scripted
      tools: [stock]
      settings: {rounds: [[{say: later}]]}
  inventory:
"""


def read(tmp_path: Path, text: str) -> ProfileRegistry:
    path = tmp_path / "profiles.yaml"
    path.write_text(text, encoding="utf-8")
    return ProfileRegistry.from_yaml(path)


def test_a_file_gives_profiles_sorted_by_slug(tmp_path: Path) -> None:
    registry = read(tmp_path, REGISTRY)
    assert (registry.slug, registry.slugs, registry.default_slug) == (
        "warehouse", ("inventory", "planner"), "inventory",
    )  # fmt: skip
    assert registry.get("planner") == Profile(
        "planner",
        display_name="Planner",
        version=2,
        runtime=RuntimeSettings("You plan warehouse work.", "scripted", ("stock",), {"rounds": [[{"say": "later"}]]}),
    )
    assert registry.get("inventory") == Profile("inventory")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("profiles: {a: {}, a: {}}", "duplicate key a"),
        ("profiles: {a: {colour: red}}", "unknown key 'colour'"),
        ("profiles: {a: {version: two}}", "version: wanted a number"),
        ("profiles: {a: {version: true}}", "version: wanted a number"),
        ("profiles: {a: {version: -1}}", "version: wanted a number"),
        ("profiles: {a: {runtime: {tools: stock}}}", "tools: wanted a list"),
        ("profiles: {a: {display_name: 5}}", "display_name: wanted a text"),
        ("profiles: {}", "holds no profile"),
        ("profiles: [a, b]", "profiles: wanted a mapping"),
        ("- a", "the document: wanted a mapping"),
        ("profiles: {a: {}}\ndefault_profile_slug: b", "default_profile_slug 'b'"),
        ("profiles: {a: [}", "while parsing"),
        ("profiles: {a: {runtime: {settings: [1]}}}", "settings: wanted a mapping"),
    ],
)
def test_a_file_that_is_none_says_what_is_wrong_and_where(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ProfileFileError, match=problem) as raised:
        read(tmp_path, text)
    assert "\n" not in str(raised.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProfileFileError, match=r"missing\.yaml: No such file"):
        ProfileRegistry.from_yaml(tmp_path / "missing.yaml")


def test_a_profile_that_is_there_twice_is_refused() -> None:
    with pytest.raises(ProfileFileError, match="there twice"):
        ProfileRegistry([Profile("a"), Profile("a", version=1)])


@pytest.mark.parametrize("slug", ["", " ", "Planner", "a b", "-a", "a-", ".", "a@v1", "a/b", "ä", "a" * 129])
def test_what_cannot_be_a_slug_is_invalid_rather_than_unknown(slug: str) -> None:
    with pytest.raises(InvalidProfileError):
        ProfileRegistry([Profile("a")]).get(slug)


@given(st.from_regex(r"[a-z0-9](?:[a-z0-9._-]{0,126}[a-z0-9])?", fullmatch=True))
def test_every_slug_can_be_a_profile_and_an_unknown_one_is_never_replaced(slug: str) -> None:
    assert ProfileRegistry([Profile(slug)]).get(slug).slug == slug
    with pytest.raises(UnknownProfileError, match="known are: other"):
        ProfileRegistry([Profile("other")]).get(slug if slug != "other" else "another")


NAMES = ("path", "body", "query_profile", "query_runtime", "cookie")


@pytest.mark.parametrize("given_names", [names for size in range(6) for names in itertools.combinations(NAMES, size)])
def test_the_first_place_that_names_a_profile_counts(given_names: tuple[str, ...]) -> None:
    names = ProfileNames(**{name: f"from-{name}" for name in given_names})
    expected = (f"from-{given_names[0]}", given_names[0].replace("_", " ")) if given_names else ("", "")
    assert names.first() == expected


def test_a_blank_name_is_none() -> None:
    assert ProfileNames(path="  ", body="", cookie="planner").first() == ("planner", "cookie")
