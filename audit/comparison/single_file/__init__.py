"""What of a contract one file alone can answer: statements that any SQLite runs on the file after."""
