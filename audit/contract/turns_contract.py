"""The contract of turn stores, which is built in, and the part of any contract that fits two schemas."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TypeVar

from audit.contract.contract import Changes, Contract, RowsClaim
from audit.contract.contract_file import read_contract
from audit.contract.shipped_contracts import shipped_contracts
from audit.sqlite.attributed_column import ATTRIBUTED

NAME = "turns"
_OWN, _INDEX = "turntruth_", "index "
_Value = TypeVar("_Value")


@cache
def turns_contract() -> Contract:
    """The shipped file, with every column that metadata fills in place of the names in braces.

    Examples
    --------
    >>> turns_contract().rows[0].filled
    ('runtime_key', 'inference_id')
    """
    written = read_contract(shipped_contracts()[NAME])
    changes = written.changes
    return replace(
        written,
        rows=tuple(replace(claim, filled=_all(claim.filled), unknown=_each(claim.unknown)) for claim in written.rows),
        changes=replace(changes, new=_all(changes.new)),
        defaults=_each(written.defaults),
    )


def contract_at(path: Path) -> Contract:
    """The contract that lies there, as files are judged by it: that of turns is one for every column there is.

    Raises
    ------
    ContractError
        It cannot be read, or is of no good form.
    """
    return turns_contract() if is_of_turns(path) else read_contract(path)


def is_of_turns(path: Path) -> bool:
    """Whether the shipped contract of turns lies there."""
    shipped = shipped_contracts().get(NAME)
    return shipped is not None and path.exists() and path.samefile(shipped)


def declared_tables() -> frozenset[str]:
    """The tables of the target schema; older files gain what they lack of them."""
    return frozenset(name for name in turns_contract().changes.appended if not name.startswith(_OWN))


def declared_indexes() -> frozenset[str]:
    """The indexes of the target schema."""
    names = turns_contract().changes.new
    return frozenset(name.removeprefix(_INDEX) for name in names if name.startswith(_INDEX))


def filled_columns() -> tuple[str, ...]:
    """The columns of ``turns`` that may go from not known to a value."""
    return next(claim.filled for claim in turns_contract().rows if claim.table == "turns")


def fitting(contract: Contract, was: Callable[[str], bool], is_now: Callable[[str], bool]) -> Contract:
    """The part of the turns' contract that says something of two files: older shapes lack some of what it names.

    Parameters
    ----------
    was, is_now
        Whether the file before, or after, has a table, a column (TABLE.COLUMN) or an object of that name.
    """
    changes = contract.changes
    return replace(
        contract,
        rows=tuple(_fitting(claim, was, is_now) for claim in contract.rows if _is_claimed(claim, was, is_now)),
        changes=Changes(
            tuple(name for name in changes.new if "*" in name or was(name) or is_now(name)),
            tuple(name for name in changes.appended if is_now(name)),
        ),
        defaults={name: text for name, text in contract.defaults.items() if is_now(name)},
    )


def _is_claimed(claim: RowsClaim, was: Callable[[str], bool], is_now: Callable[[str], bool]) -> bool:
    """Rows of payload texts are another table that has the same name: what becomes of them is not said here."""
    is_of_texts = was(f"{claim.table}.payload")
    return was(claim.table) and is_now(claim.table) and not is_of_texts


def _fitting(claim: RowsClaim, was: Callable[[str], bool], is_now: Callable[[str], bool]) -> RowsClaim:
    # Where no column came, no migration lies between: what it would have repaired may be as it was.
    lies_between = any(is_now(f"{claim.table}.{name}") and not was(f"{claim.table}.{name}") for name in claim.filled)
    places = {name: f"{claim.table}.{name}" for name in (*claim.columns, *claim.filled)}
    columns = {
        name: text
        for name, text in claim.columns.items()
        if lies_between and was(places[name]) and is_now(places[name])
    }
    filled = tuple(name for name in claim.filled if is_now(places[name]))
    known = {*columns, *filled}
    unknown = {name: values for name, values in claim.unknown.items() if name in known}
    return replace(claim, columns=columns, filled=filled, unknown=unknown)


def _all(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(made for text in texts for made in _made(text))


def _each(values: Mapping[str, _Value]) -> dict[str, _Value]:
    return {made: value for text, value in values.items() for made in _made(text)}


def _made(text: str) -> list[str]:
    if "{" not in text:
        return [text]
    return [text.format(name=column.name, index=column.index) for column in ATTRIBUTED]
