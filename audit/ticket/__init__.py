"""Tickets kept as markdown beside the code: what is wrong with one, and closing it."""
