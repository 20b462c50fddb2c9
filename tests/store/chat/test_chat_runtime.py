"""Runtimes: one object for each profile, and an attribution that tells them apart."""

from __future__ import annotations

import dataclasses

import pytest

from store.chat.errors import UnknownEngineError
from store.chat.profiles import Profile, ProfileRegistry, RuntimeSettings
from store.chat.runtime import RuntimeComposer, fingerprint
from store.chat.scripted import ScriptedEngine
from store.turns.metadata import runtime_evidence
from support.services.chat_service import composer

BASE = Profile("planner", version=1, runtime=RuntimeSettings("You plan."))


def test_a_profile_is_composed_once() -> None:
    made = composer()
    assert made.compose("planner") is made.compose("planner")


def test_a_runtime_cannot_be_changed() -> None:
    runtime = composer().compose("planner")
    with pytest.raises(dataclasses.FrozenInstanceError):
        runtime.fingerprint = "other"  # type: ignore[misc]  # that is the point


def test_the_attribution_names_the_runtime_by_the_one_rule() -> None:
    value = composer().compose("planner").attribution()
    evidence = runtime_evidence({"geppetto.runtime@v1": value})
    assert (evidence.value, evidence.kind) == ("planner", "map")
    assert value["profile.version"] == 3


def test_a_version_that_is_none_is_left_out_of_the_attribution() -> None:
    runtimes = RuntimeComposer(ProfileRegistry([Profile("a")]), {"scripted": ScriptedEngine.from_settings})
    assert "profile.version" not in runtimes.compose("a").attribution()


@pytest.mark.parametrize(
    "other",
    [
        dataclasses.replace(BASE, version=2),
        dataclasses.replace(BASE, slug="other"),
        dataclasses.replace(BASE, runtime=RuntimeSettings("You guess.")),
        dataclasses.replace(BASE, runtime=RuntimeSettings("You plan.", tools=("stock",))),
        dataclasses.replace(BASE, runtime=RuntimeSettings("You plan.", settings={"rounds": []})),
    ],
)
def test_the_fingerprint_changes_with_everything_that_answers(other: Profile) -> None:
    assert fingerprint(BASE, "default") != fingerprint(other, "default")


def test_the_fingerprint_stays_where_only_words_for_people_change() -> None:
    assert fingerprint(BASE, "default") == fingerprint(dataclasses.replace(BASE, display_name="P"), "default")
    assert fingerprint(BASE, "default") != fingerprint(BASE, "another")


@pytest.mark.parametrize(
    ("settings", "kind"), [(RuntimeSettings(engine="none"), "engine"), (RuntimeSettings(tools=("none",)), "tool")]
)
def test_what_the_program_does_not_have_is_named(settings: RuntimeSettings, kind: str) -> None:
    runtimes = RuntimeComposer(
        ProfileRegistry([Profile("a", runtime=settings)]), {"scripted": ScriptedEngine.from_settings}
    )
    with pytest.raises(UnknownEngineError, match=f"profile a: {kind} 'none'"):
        runtimes.compose("a")
