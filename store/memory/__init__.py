"""Both stores in memory, for tests and short-lived programs; the same conformance suites hold them."""
