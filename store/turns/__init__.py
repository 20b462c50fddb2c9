"""The turn store, its records, and what a turn is attributed to."""
