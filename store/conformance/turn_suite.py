"""What every turn store must do."""

from __future__ import annotations

from store.conformance.turn_attribution_suite import TurnAttributionSuite
from store.conformance.turn_content_suite import TurnContentSuite
from store.conformance.turn_list_suite import TurnListSuite
from store.conformance.turn_threads_suite import TurnThreadsSuite


class TurnStoreConformance(TurnContentSuite, TurnAttributionSuite, TurnListSuite, TurnThreadsSuite):
    """Subclass it and say how an empty store is made."""
