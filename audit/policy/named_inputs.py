"""``[inputs]`` of turntruth.toml: which files an audit is about, so that nobody has to type them."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from audit.errors import UsageError

AUTO = "auto"
"""A baseline that is to be the backup which the ledger names."""
ROLES = ("turns", "timeline", "baseline", "registry")


class UnknownTargetError(UsageError):
    """The configuration names no such inputs."""

    def __init__(self, target: str, known: tuple[str, ...]) -> None:
        self.target = target
        self.known = known
        similar = difflib.get_close_matches(target, known, n=1)
        named = f"it has {', '.join(known)}" if known else "it has none"
        advice = f"Did you mean {similar[0]}?" if similar else f"Known are [inputs.NAME] of turntruth.toml: {named}"
        super().__init__(f"no inputs are called {target!r}. {advice}")


class NoInputsError(UsageError):
    """Neither the command line nor the configuration says what to audit."""

    def __init__(self) -> None:
        super().__init__(
            "nothing to audit: give the path of a turns database, or name it in turntruth.toml as `turns` of [inputs]"
        )


@dataclass(frozen=True, slots=True)
class InputPaths:
    """The files of one table; None where it names none. ``baseline`` may be `AUTO`."""

    turns: Path | None = None
    timeline: Path | None = None
    baseline: Path | None = None
    registry: Path | None = None

    @classmethod
    def of(cls, folder: Path, texts: Mapping[str, str]) -> InputPaths:
        """Paths as they are seen from where the configuration lies."""
        paths = {role: folder / text for role, text in texts.items() if text}
        if texts.get("baseline") == AUTO:
            paths["baseline"] = Path(AUTO)
        return cls(**paths)

    def over(self, others: InputPaths) -> InputPaths:
        """These, and the others' where these name none."""
        return InputPaths(**{role: getattr(self, role) or getattr(others, role) for role in ROLES})


@dataclass(frozen=True, slots=True)
class NamedInputs:
    """The table ``[inputs]``, and the tables below it by name.

    Examples
    --------
    >>> from pathlib import Path
    >>> inputs = NamedInputs(InputPaths(turns=Path("turns.db")), {"prod": InputPaths(turns=Path("prod.db"))})
    >>> str(inputs.select("prod").turns), str(inputs.select("").turns)
    ('prod.db', 'turns.db')
    """

    plain: InputPaths = InputPaths()
    by_name: Mapping[str, InputPaths] = field(default_factory=dict)

    def select(self, target: str) -> InputPaths:
        """The inputs of that name, those without one for ''. Raises `UnknownTargetError`."""
        if not target:
            return self.plain
        if target not in self.by_name:
            raise UnknownTargetError(target, tuple(sorted(self.by_name)))
        return self.by_name[target]
