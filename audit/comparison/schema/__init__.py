"""Definitions before and after: tables, constraints, indexes, search tables."""
