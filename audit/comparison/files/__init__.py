"""The two files: opening them without a trace, their tables, and what in them SQLite here does not know."""
