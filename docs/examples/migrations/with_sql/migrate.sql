-- From version 1 to 2: each message says which runtime wrote it, tools may write some, and attachments get rows.

-- With enforced keys DROP TABLE deletes whatever refers to its rows; within a transaction this would do nothing.
PRAGMA foreign_keys = OFF;
BEGIN IMMEDIATE;

CREATE TABLE new_messages (
    id INTEGER PRIMARY KEY,
    conversation_id INTEGER NOT NULL REFERENCES conversations ON DELETE CASCADE,
    position INTEGER NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('user', 'assistant', 'tool')),
    body TEXT NOT NULL,
    details TEXT NOT NULL CHECK (json_valid(details)),
    runtime TEXT,
    UNIQUE (conversation_id, position)
);
INSERT INTO new_messages (id, conversation_id, position, role, body, details, runtime)
SELECT id, conversation_id, position, role, body, details, json_extract(details, '$.runtime') FROM messages;
DROP TABLE messages;
ALTER TABLE new_messages RENAME TO messages;
CREATE TRIGGER edits_are_kept AFTER UPDATE OF body ON messages
BEGIN INSERT INTO edits (message_id, body) VALUES (old.id, old.body); END;

CREATE TABLE attachments (
    message_id INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (message_id, position)
);
INSERT INTO attachments (message_id, position, name)
SELECT messages.id, each.key, each.value FROM messages, json_each(messages.details, '$.attachments') AS each;

PRAGMA user_version = 2;
COMMIT;
