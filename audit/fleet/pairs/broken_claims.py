"""What is said of claims that do not hold in a fleet, where each is a check."""

from __future__ import annotations

from audit.contract.claim_names import NOT_ADMITTED
from audit.report.shares import counted


def told_of_many(name: str, findings: int) -> str:
    """What is wrong with several tenants, whose findings may be of several kinds."""
    if name.startswith(f"{NOT_ADMITTED}."):
        change = name.removeprefix(f"{NOT_ADMITTED}.")
        return f"{change}, and no contract admits it: {counted(findings, 'finding')}"
    return f"{name}: {counted(findings, 'finding')} against the contract"
