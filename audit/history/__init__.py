"""Which runtime answered which turn: the history of a file, and the same as pandas frames."""
