"""What may be written where, and what a file is."""
