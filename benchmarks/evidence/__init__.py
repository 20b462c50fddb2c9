"""Runs what proves the boxes of the ticket, and writes the page that says how it ended."""
