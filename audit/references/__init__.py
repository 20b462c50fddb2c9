"""What others say of the same turns: the file from before, an earlier audit, the debug API."""
