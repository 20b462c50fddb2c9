"""``[rows.TABLE]`` of a draft: the lines, and what they need elsewhere in the contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from audit.comparison.claims.names import column_of, contract_name
from audit.comparison.drafting.column_claims import ColumnClaims
from audit.comparison.drafting.toml_text import commented, toml_key, toml_text
from audit.contract.contract import Meaning


@dataclass(frozen=True, slots=True)
class RowsSection:
    """The lines for one table, none where there is nothing to say.

    ``is_claim`` says that something is claimed, ``same`` is by TABLE.COLUMN what belongs to ``[changes.same]``.
    """

    lines: Sequence[str] = ()
    is_claim: bool = False
    same: dict[str, Meaning] = field(default_factory=dict)

    @classmethod
    def of(cls, table: str, head: Sequence[str], claims: ColumnClaims, *, is_claim: bool) -> RowsSection:
        """With the columns below the head; a table of which nothing is claimed is a comment as a whole."""
        name = toml_key(table)
        title = f"[rows.{name}.columns]"
        lines = [*head, *(commented([title]) if not (is_claim or claims.claimed) else [title]), *claims.columns]
        if claims.unknown:
            lines.append(f"[rows.{name}.unknown]")
            for column, values in claims.unknown.items():
                listed = (toml_text(value) if isinstance(value, str) else str(value) for value in values)
                lines.append(f"{toml_key(column)} = [{', '.join(listed)}]")
        same = {contract_name(column_of(table, column)): meaning for column, meaning in claims.same.items()}
        return cls(lines, is_claim or bool(claims.claimed), same)
