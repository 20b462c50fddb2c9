"""What the claims of a contract are called wherever each is judged by itself."""

from __future__ import annotations

import re

ROWS = "rows"
NOT_ADMITTED = "not_admitted"
"""What stands in the place of a table where something differs that is neither claimed nor admitted."""

_PLAIN = re.compile(r"[^\W\d]\w*")


def claim_name(table: str, claim: str) -> str:
    """The name of a claim: ``table.claim``, in which no other table and claim can be meant.

    >>> claim_name("chat", "lower(role)"), claim_name("odd.name", "rows"), rows_name("chat")
    ('chat.lower(role)', '"odd.name"."rows"', 'chat.rows')
    """
    is_plain = _PLAIN.fullmatch(table) is not None and table != NOT_ADMITTED
    return f"{table if is_plain else _quoted(table)}.{_quoted(claim) if claim == ROWS else claim}"


def rows_name(table: str) -> str:
    """The name of the claim that all rows came, and no other ones; a column of that name is put in quotes."""
    return claim_name(table, "").removesuffix(".") + f".{ROWS}"


def default_name(table_and_column: str) -> str:
    """The name of the claim that a column has the DEFAULT which is claimed."""
    return f"{table_and_column} DEFAULT"


def beside_name(change: str) -> str:
    """The name of what is judged beside all claims: that nothing else is lost, changed or new."""
    return f"{NOT_ADMITTED}.{change}"


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
