"""Faults of what a file declares, and of the file itself."""
