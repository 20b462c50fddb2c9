"""Checks and migrations with a mistake each: what finds them is needed."""
