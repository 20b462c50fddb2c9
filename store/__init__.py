"""The system under audit: writes chat turns and conversations to SQLite."""
