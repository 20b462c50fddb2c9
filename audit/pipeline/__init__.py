"""One audit from start to end."""
