"""What must be true of the files: one folder a suite, one file a check."""
