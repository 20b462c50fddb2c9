-- Version 1: conversations, their messages, and what these said before they were edited.
CREATE TABLE conversations (id INTEGER PRIMARY KEY, title TEXT NOT NULL, runtime TEXT);
CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    conversation_id INTEGER NOT NULL REFERENCES conversations ON DELETE CASCADE,
    position INTEGER NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
    body TEXT NOT NULL,
    details TEXT NOT NULL CHECK (json_valid(details)),
    UNIQUE (conversation_id, position)
);
CREATE TABLE edits (
    id INTEGER PRIMARY KEY,
    message_id INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE,
    body TEXT NOT NULL
);
CREATE TRIGGER edits_are_kept AFTER UPDATE OF body ON messages
BEGIN INSERT INTO edits (message_id, body) VALUES (old.id, old.body); END;
PRAGMA user_version = 1;
