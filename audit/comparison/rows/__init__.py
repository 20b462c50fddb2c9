"""Rows before and after: paired by number, by key, or counted."""
