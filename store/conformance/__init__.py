"""What every turn store and every conversation store must do, as tests that anybody can run on an own store.

With pytest, subclass a suite and say how a store is made::

    class TestMyStore(TurnStoreConformance):
        def make_store(self, *, empty_runtime="reject"):
            return MyStore(...)

Without it, `run_suite(suite)` runs every test of an instance and returns the failures. Nothing here needs pytest.
"""

from __future__ import annotations

from store.conformance.conversation_suite import ConversationStoreConformance
from store.conformance.running import Failure, raises, run_suite
from store.conformance.turn_suite import TurnStoreConformance

__all__ = ["ConversationStoreConformance", "Failure", "TurnStoreConformance", "raises", "run_suite"]
