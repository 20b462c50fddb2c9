-- The conversation index: one record a conversation (its runtime_key is the latest pointer, not history) and the
-- entities of its timeline. Tables, columns, defaults and index names are a contract with other programs.
CREATE TABLE IF NOT EXISTS timeline_versions (
  conv_id TEXT PRIMARY KEY,
  version INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS timeline_entities (
  conv_id TEXT NOT NULL,
  entity_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL,
  version INTEGER NOT NULL,
  entity_json TEXT NOT NULL,
  PRIMARY KEY (conv_id, entity_id)
);

CREATE TABLE IF NOT EXISTS timeline_conversations (
  conv_id TEXT PRIMARY KEY,
  session_id TEXT NOT NULL,
  runtime_key TEXT NOT NULL DEFAULT '',
  created_at_ms INTEGER NOT NULL,
  last_activity_ms INTEGER NOT NULL,
  last_seen_version INTEGER NOT NULL DEFAULT 0,
  has_timeline INTEGER NOT NULL DEFAULT 1,
  status TEXT NOT NULL DEFAULT 'active',
  last_error TEXT NOT NULL DEFAULT ''
);

CREATE INDEX IF NOT EXISTS timeline_entities_by_version ON timeline_entities(conv_id, version);
CREATE INDEX IF NOT EXISTS timeline_entities_by_created ON timeline_entities(conv_id, created_at_ms);
CREATE INDEX IF NOT EXISTS timeline_conversations_by_last_activity
  ON timeline_conversations(last_activity_ms DESC, conv_id ASC);
CREATE INDEX IF NOT EXISTS timeline_conversations_by_session ON timeline_conversations(session_id);
