"""Trying a check: on a clean sample, and on the same sample after the damage that it says it finds."""
