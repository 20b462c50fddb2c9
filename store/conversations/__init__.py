"""The conversation store, its records and rules."""
