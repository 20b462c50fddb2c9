"""Filling the two columns from the evidence in the metadata."""
