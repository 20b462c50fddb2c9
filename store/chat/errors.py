"""What can go wrong while chatting; a failed engine is a failed turn (a value), none of these."""

from __future__ import annotations

from store.errors import StoreError


class ChatError(StoreError):
    """Base of the errors of this package."""


class ProfileFileError(ChatError):
    """A profile registry cannot be read; `source` is its file, `problem` says where and what."""

    def __init__(self, source: str, problem: str) -> None:
        self.source = source
        self.problem = problem
        super().__init__(f"profiles of {source}: {problem}")


class InvalidProfileError(ChatError):
    """What was given as the name of a profile can be none."""

    def __init__(self, slug: str, source: str) -> None:
        self.slug = slug
        self.source = source
        super().__init__(
            f"invalid profile {slug[:80]!r} ({source}): wanted lower-case letters, digits and . _ - inside, "
            "at most 128 characters"
        )


class UnknownProfileError(ChatError):
    """No profile of this name is registered."""

    def __init__(self, slug: str, source: str, known: tuple[str, ...]) -> None:
        self.slug = slug
        self.source = source
        self.known = known
        super().__init__(f"profile not found: {slug} ({source}); known are: {', '.join(known)}")


class UnknownEngineError(ChatError):
    """A profile asks for an engine or a tool that this program does not have."""

    def __init__(self, profile: str, kind: str, name: str, known: tuple[str, ...]) -> None:
        self.profile = profile
        self.kind = kind
        self.name = name
        self.known = known
        super().__init__(
            f"profile {profile}: {kind} {name!r} is not available; known are: {', '.join(known) or 'none'}"
        )


class UnknownConversationError(ChatError):
    """No conversation of this id is live or stored."""

    def __init__(self, conv_id: str) -> None:
        self.conv_id = conv_id
        super().__init__(f"conversation not found: {conv_id[:200]!r}")


class InvalidPromptError(ChatError):
    """A prompt cannot be accepted as it is; `field` names the part."""

    def __init__(self, field: str, wanted: str) -> None:
        self.field = field
        self.wanted = wanted
        super().__init__(f"{field}: wanted {wanted}")


class QueueFullError(ChatError):
    """Too many prompts wait in one conversation already."""

    def __init__(self, conv_id: str, depth: int) -> None:
        self.conv_id = conv_id
        self.depth = depth
        super().__init__(
            f"conversation {conv_id[:200]!r} has {depth} prompts waiting. Try again when some are answered."
        )


class ManagerClosedError(ChatError):
    """The conversation manager was closed; nothing is accepted any more."""

    def __init__(self) -> None:
        super().__init__("the conversation manager is closed. Start a new one.")
