"""What the checks of a run read, through all the views between: of the rest, nothing need be staged or computed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from audit.staging.demand.view_texts import load_views

UNREADABLE = "unreadable_tables"
"""Tells what staging could not read: only an attempt at everything fills it."""

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Demand:
    """Names of tables, views and columns that somebody reads; None for all there are.

    Attributes
    ----------
    every_table
        All tables are to be staged, read or not.
    """

    names: frozenset[str] | None = None
    every_table: bool = False

    def reads(self, *names: str) -> bool:
        """Whether any of these is read."""
        return self.names is None or not self.names.isdisjoint(names)

    def wants_table(self, *tables: str) -> bool:
        """Whether any of these native tables is to be staged."""
        return self.every_table or self.reads(*tables)


EVERYTHING = Demand()


def demand_of(texts: Iterable[str]) -> Demand:
    """What queries read, given as their texts, or as the names of what they read.

    Every word of a query counts as a name, and so does every word of a view that it names, comments included: rather
    one too many.
    """
    views = {name: view.query for name, view in load_views().items()}
    found: set[str] = set()
    waiting = _words(texts)
    while waiting:
        found |= waiting
        waiting = _words(views[name] for name in waiting & views.keys()) - found
    return Demand(frozenset(found), every_table=UNREADABLE in found)


def _words(texts: Iterable[str]) -> set[str]:
    return {word.lower() for text in texts for word in _WORD.findall(text)}
