"""A runtime: everything that answers a turn, in one object that never changes.

A conversation switches by taking another runtime object; whoever holds one keeps exactly what it saw. Key, engine and
fingerprint can therefore never be of different profiles.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import threading
from collections.abc import Mapping
from typing import Any

from store.chat.engine import Engine, EngineFactory, Tool
from store.chat.errors import UnknownEngineError
from store.chat.profiles import Profile, ProfileRegistry


@dataclasses.dataclass(frozen=True, slots=True)
class Runtime:
    """One composed runtime; ``fingerprint`` is equal exactly where registry, profile, version and settings are."""

    profile: Profile
    registry_slug: str
    fingerprint: str
    engine: Engine = dataclasses.field(repr=False, compare=False)
    tools: Mapping[str, Tool] = dataclasses.field(repr=False, compare=False)

    @property
    def runtime_key(self) -> str:
        """The name that turns carry: the slug of the profile."""
        return self.profile.slug

    def attribution(self) -> dict[str, Any]:
        """The value of the turn's canonical metadata key for the runtime, so that a payload alone tells its runtime."""
        value: dict[str, Any] = {
            "runtime_key": self.runtime_key,
            "runtime_fingerprint": self.fingerprint,
            "profile.slug": self.profile.slug,
            "profile.registry": self.registry_slug,
        }
        if self.profile.version > 0:  # readers of this key accept positive versions only
            value["profile.version"] = self.profile.version
        return value


class RuntimeComposer:
    """Makes the runtime of a profile, once for each."""

    def __init__(
        self,
        registry: ProfileRegistry,
        engines: Mapping[str, EngineFactory],
        tools: Mapping[str, Tool] | None = None,
    ) -> None:
        self.registry = registry
        self._engines = dict(engines)
        self._tools = dict(tools or {})
        self._composed: dict[str, Runtime] = {}
        self._lock = threading.Lock()

    def compose(self, slug: str, source: str = "request") -> Runtime:
        """The runtime of a profile; errors as `ProfileRegistry.get`, or UnknownEngineError."""
        profile = self.registry.get(slug, source)
        with self._lock:
            known = self._composed.get(slug)
        if known is not None:
            return known
        made = self._make(profile)  # outside the lock: an engine may take long to start
        with self._lock:
            return self._composed.setdefault(slug, made)

    def _make(self, profile: Profile) -> Runtime:
        settings = profile.runtime
        if settings.engine not in self._engines:
            raise UnknownEngineError(profile.slug, "engine", settings.engine, tuple(sorted(self._engines)))
        for name in settings.tools:
            if name not in self._tools:
                raise UnknownEngineError(profile.slug, "tool", name, tuple(sorted(self._tools)))
        return Runtime(
            profile=profile,
            registry_slug=self.registry.slug,
            fingerprint=fingerprint(profile, self.registry.slug),
            engine=self._engines[settings.engine](settings.settings),
            tools={name: self._tools[name] for name in settings.tools},
        )


def fingerprint(profile: Profile, registry_slug: str) -> str:
    """``sha256:`` and the hash over what makes a runtime what it is; names and descriptions for people do not."""
    described = {
        "registry_slug": registry_slug,
        "profile_slug": profile.slug,
        "profile_version": profile.version,
        "runtime": dataclasses.asdict(profile.runtime),
    }
    text = json.dumps(described, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
