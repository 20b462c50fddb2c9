"""Whether and how a run was redacted, and which runs can be compared."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated


class RedactionMethod(StrEnum):
    """What stands for ids."""

    NONE = ""
    NUMBERS = "numbers"
    KEYED = "keyed"


@dataclass(frozen=True, slots=True)
class Redaction:
    """What was done so that a run says neither who nor what was audited."""

    method: Annotated[
        RedactionMethod,
        "'' if nothing was; numbers in the order in which ids appear; keyed: an HMAC with a secret key.",
    ] = RedactionMethod.NONE
    key_id: Annotated[str, "Tells the keys of keyed runs apart, and says nothing of them."] = ""

    @property
    def sentence(self) -> str:
        """What a reader must know of it; '' where nothing was redacted."""
        if self.method is RedactionMethod.NONE:
            return ""
        how = (
            "numbers in the order in which they appear"
            if self.method is RedactionMethod.NUMBERS
            else f"pseudonyms made with the key {self.key_id}"
        )
        return (
            f"redacted: conversations, sessions, turns, inferences, blocks, files and values are {how}; commands that"
            " are named here need the original files and ids"
        )


def why_not_comparable(one: Redaction, other: Redaction) -> str:
    """Why findings of two runs cannot be held against each other, '' if they can.

    Examples
    --------
    >>> why_not_comparable(Redaction(), Redaction())
    ''
    >>> why_not_comparable(Redaction(RedactionMethod.NUMBERS), Redaction(RedactionMethod.NUMBERS))
    'both runs are redacted by numbers, which mean something else in each. Compare the original runs'
    """
    if one.method is RedactionMethod.NONE and other.method is RedactionMethod.NONE:
        return ""
    if RedactionMethod.NONE in {one.method, other.method}:
        return "one of the runs is redacted and the other is not. Compare the original runs"
    if RedactionMethod.NUMBERS in {one.method, other.method}:
        if one.method is other.method:
            return "both runs are redacted by numbers, which mean something else in each. Compare the original runs"
        return "one of the runs is redacted by numbers, the other with a key. Compare the original runs"
    if one.key_id != other.key_id:
        return (
            f"the runs are redacted with different keys, {one.key_id} and {other.key_id}."
            " Compare the original runs, or redact both with the same key"
        )
    return ""
