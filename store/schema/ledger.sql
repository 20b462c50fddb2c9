-- What the migration did to this file, step by step; each row is written in the transaction whose work it records.
-- The row whose step is 'migration' stands for the whole run.
CREATE TABLE IF NOT EXISTS turntruth_migrations (
  migration_id TEXT NOT NULL,
  step TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('running', 'completed', 'completed_with_residue', 'failed')),
  shape TEXT NOT NULL,
  evidence TEXT NOT NULL CHECK (evidence IN ('all', 'direct')),
  started_at_ms INTEGER NOT NULL,
  finished_at_ms INTEGER NOT NULL DEFAULT 0,
  counts_json TEXT NOT NULL DEFAULT '{}',
  columns_added TEXT NOT NULL DEFAULT '',
  high_rowid INTEGER NOT NULL DEFAULT 0,
  turntruth_version TEXT NOT NULL,
  sqlite_version TEXT NOT NULL,
  PRIMARY KEY (migration_id, step)
);

-- Snapshots whose payload text is no turn, as they were found, with the reason.
CREATE TABLE IF NOT EXISTS turntruth_quarantine (
  source_table TEXT NOT NULL,
  source_rowid INTEGER NOT NULL,
  conv_id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  turn_id TEXT NOT NULL,
  phase TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  payload TEXT NOT NULL,
  reason TEXT NOT NULL,
  quarantined_at_ms INTEGER NOT NULL,
  PRIMARY KEY (source_table, source_rowid)
);
