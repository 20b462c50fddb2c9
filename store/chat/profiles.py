"""Profiles: what a user chooses; each describes one runtime. The registry that holds them never changes."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from store.chat.errors import InvalidProfileError, ProfileFileError, UnknownProfileError

DEFAULT_SLUG = "default"
DEFAULT_SYSTEM_PROMPT = "You are an assistant"
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,126}[a-z0-9])?")


@dataclasses.dataclass(frozen=True, slots=True)
class RuntimeSettings:
    """What a profile says about its runtime.

    ``engine`` and ``tools`` are names that the program which runs the chat resolves; ``settings`` are the engine's own.
    """

    system_prompt: str = DEFAULT_SYSTEM_PROMPT
    engine: str = "scripted"
    tools: tuple[str, ...] = ()
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Profile:
    """One choice of a user; its ``slug`` is the runtime key of the turns that it answers."""

    slug: str
    display_name: str = ""
    description: str = ""
    version: int = 0
    runtime: RuntimeSettings = RuntimeSettings()

    def __post_init__(self) -> None:
        check_slug(self.slug, "profile")


@dataclasses.dataclass(frozen=True, slots=True)
class ProfileNames:
    """The places where a request can name a profile, in the order of precedence; blank ones do not count."""

    path: str = ""
    body: str = ""
    query_profile: str = ""
    query_runtime: str = ""
    cookie: str = ""

    def first(self) -> tuple[str, str]:
        """The slug that counts and the place it came from, both ``""`` if the request names none."""
        for field in dataclasses.fields(self):
            slug = getattr(self, field.name).strip()
            if slug:
                return slug, field.name.replace("_", " ")
        return "", ""


class ProfileRegistry:
    """The profiles of one program, sorted by slug; immutable, so that a reader needs no lock."""

    def __init__(self, profiles: Iterable[Profile], *, slug: str = DEFAULT_SLUG, default_slug: str = "") -> None:
        self.slug = check_slug(slug, "registry")
        by_slug: dict[str, Profile] = {}
        for profile in profiles:
            if by_slug.setdefault(profile.slug, profile) is not profile:
                raise ProfileFileError(slug, f"the profile {profile.slug} is there twice")
        if not by_slug:
            raise ProfileFileError(slug, "it holds no profile")
        self._by_slug = MappingProxyType(dict(sorted(by_slug.items())))
        self._default_slug = default_slug or DEFAULT_SLUG
        if default_slug and default_slug not in self._by_slug:
            raise ProfileFileError(slug, f"default_profile_slug {default_slug!r} is none of its profiles")

    @classmethod
    def from_yaml(cls, path: Path) -> ProfileRegistry:
        """Read a registry file: ``slug``, ``default_profile_slug`` and ``profiles`` by slug; other keys are refused."""
        try:
            document = yaml.load(path.read_bytes(), Loader=_StrictLoader)  # noqa: S506  a SafeLoader
        except yaml.reader.ReaderError as error:
            problem = f"it is no text in UTF-8: save it as UTF-8 ({' '.join(str(error).split())})"
            raise ProfileFileError(str(path), problem) from error
        except yaml.YAMLError as error:
            raise ProfileFileError(str(path), " ".join(str(error).split())) from error
        except OSError as error:
            raise ProfileFileError(str(path), error.strerror or str(error)) from error
        try:
            return _registry_of(document)
        except _ShapeError as error:
            raise ProfileFileError(str(path), str(error)) from error

    def __iter__(self) -> Iterator[Profile]:
        return iter(self._by_slug.values())

    def __contains__(self, slug: object) -> bool:
        return slug in self._by_slug

    @property
    def slugs(self) -> tuple[str, ...]:
        """The names of all profiles, sorted."""
        return tuple(self._by_slug)

    @property
    def default_slug(self) -> str:
        """The slug of a request that names none and continues nothing; it may be missing from the registry."""
        return self._default_slug

    def get(self, slug: str, source: str = "request") -> Profile:
        """The profile of that name.

        Raises
        ------
        InvalidProfileError
            The text cannot be the name of a profile.
        UnknownProfileError
            It could be, but there is none; another one is never taken in its place.
        """
        check_slug(slug, source)
        if slug not in self._by_slug:
            raise UnknownProfileError(slug, source, self.slugs)
        return self._by_slug[slug]


def check_slug(slug: str, source: str) -> str:
    """The slug itself, if it can be one."""
    if not _SLUG.fullmatch(slug):
        raise InvalidProfileError(slug, source)
    return slug


class _ShapeError(Exception):
    """A part of a registry document is not what it should be."""


class _StrictLoader(yaml.SafeLoader):
    """Refuses duplicate keys, which YAML would let overwrite each other without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            if key_node.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"duplicate key {key_node.value}", key_node.start_mark
                )
            seen.add(key_node.value)
        return super().construct_mapping(node, deep)


def _registry_of(document: object) -> ProfileRegistry:
    top = _mapping(document, "the document", {"slug", "default_profile_slug", "profiles"})
    profiles = _mapping(top.get("profiles"), "profiles", None)
    return ProfileRegistry(
        [_profile_of(slug, value) for slug, value in profiles.items()],
        slug=_text(top, "slug", "the document") or DEFAULT_SLUG,
        default_slug=_text(top, "default_profile_slug", "the document"),
    )


def _profile_of(slug: str, value: object) -> Profile:
    where = f"profile {slug}"
    given = _mapping(value if value is not None else {}, where, {"display_name", "description", "version", "runtime"})
    version = given.get("version", 0)
    if not isinstance(version, int) or isinstance(version, bool) or version < 0:
        raise _ShapeError(f"{where}: version: wanted a number from 0 on, got {version!r}")
    return Profile(
        slug,
        display_name=_text(given, "display_name", where),
        description=_text(given, "description", where),
        version=version,
        runtime=_runtime_of(given.get("runtime"), where),
    )


def _runtime_of(value: object, where: str) -> RuntimeSettings:
    given = _mapping(value if value is not None else {}, f"{where}: runtime", _RUNTIME_KEYS)
    tools = given.get("tools") or []
    if not isinstance(tools, list) or not all(isinstance(name, str) for name in tools):
        raise _ShapeError(f"{where}: tools: wanted a list of names, got {tools!r}")
    return RuntimeSettings(
        system_prompt=_text(given, "system_prompt", where) or DEFAULT_SYSTEM_PROMPT,
        engine=_text(given, "engine", where) or "scripted",
        tools=tuple(tools),
        settings=_mapping(given.get("settings") or {}, f"{where}: settings", None),
    )


_RUNTIME_KEYS = {"system_prompt", "engine", "tools", "settings"}


def _mapping(value: object, where: str, known: set[str] | None) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise _ShapeError(f"{where}: wanted a mapping with text keys, got {value!r:.80}")
    if known is not None and (unknown := sorted(set(value) - known)):
        raise _ShapeError(f"{where}: unknown key {unknown[0]!r}; known are {', '.join(sorted(known))}")
    return value


def _text(given: Mapping[str, Any], key: str, where: str) -> str:
    value = given.get(key, "")
    if not isinstance(value, str):
        raise _ShapeError(f"{where}: {key}: wanted a text, got {value!r}")
    return value
