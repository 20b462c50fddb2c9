"""Opening SQLite files and sharing their connections among threads."""
