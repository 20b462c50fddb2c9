"""What a SQLite file declares beside the tables of a turn store: its objects, and the words of their definitions."""
