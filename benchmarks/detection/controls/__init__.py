"""Harmless changes that no check may accuse."""
