"""The files in which faults are made."""
