"""Definitions of tables: taken apart, written otherwise, and given to a table with rows."""
