"""What a file says of itself."""

from __future__ import annotations

import json

from benchmarks.detection.foreign.fault import fault
from benchmarks.detection.foreign.site import Site
from benchmarks.detection.foreign.wanted import Place


def _change(site: Site, pragma: str) -> None:
    site.after.pragma(pragma, site.rng.randrange(1, 2**31 - 1))
    site.wanted.add(Place("changed", "pragma", key=json.dumps({"pragma": pragma})))


@fault("another user_version")
def _(site: Site) -> None:
    _change(site, "user_version")


@fault("another application_id")
def _(site: Site) -> None:
    _change(site, "application_id")


@fault("both, and a row is lost")
def _(site: Site) -> None:
    _change(site, "user_version")
    _change(site, "application_id")
    table, (row,) = site.rows(1, 1)
    site.delete(table, row)
    site.tell_rows(table, [row], [])
