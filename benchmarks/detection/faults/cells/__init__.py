"""Faults of single cells and rows."""
