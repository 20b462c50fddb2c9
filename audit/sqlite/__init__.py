"""What a SQLite file declares: the columns that metadata fills, objects beside the tables, words of definitions."""
