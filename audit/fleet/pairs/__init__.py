"""Rows of a fleet that are compared with what they were before, under a contract."""
