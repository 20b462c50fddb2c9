"""The contract that two files suggest, as it is drafted and as a human who means everything would hand it on."""

from __future__ import annotations

import io
from pathlib import Path

from audit.comparison.drafting.contract_draft import draft_contract
from audit.comparison.pair.pair_comparison import Compared, compare_pair

REASON = "somebody means it"


def draft_of(before: Path, after: Path, *, redact: bool = False) -> str:
    """The text of the draft."""
    drafts: list[str] = []

    def look_back(compared: Compared) -> None:
        drafts.append(draft_contract(compared))

    compare_pair(before, after, io.BytesIO(), redact=redact, look_back=look_back)
    return drafts[0]


def filled_in(draft: str) -> str:
    """With a name, and a reason wherever one is asked for; what is a comment stays one."""
    return draft.replace('\nname = ""\n', f'\nname = "{REASON}"\n').replace('reason = ""', f'reason = "{REASON}"')
