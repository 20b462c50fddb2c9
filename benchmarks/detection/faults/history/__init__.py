"""Faults of which only the order of turns tells."""
