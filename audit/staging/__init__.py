"""Reaches database files without touching them and copies what the checks look at into native tables of DuckDB."""
