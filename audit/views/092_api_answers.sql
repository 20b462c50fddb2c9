-- What the debug API should answer: one row a snapshot, and one with phase '' for a turn without blocks. Rows without a
-- conversation cannot be asked for; those with damaged cells in their keys are other checks' findings.
CREATE VIEW stored_snapshots AS
SELECT conv_id, session_id, turn_id, coalesce(s.phase, '') AS phase,
    CASE WHEN s.turn_ref IS NULL THEN t.updated_ms ELSE s.snapshot_ms END AS snapshot_ms
FROM turns t LEFT JOIN snapshots s ON s.turn_ref = t.turn_ref
WHERE conv_id <> '' AND (s.turn_ref IS NULL OR (s.phase IS NOT NULL AND s.snapshot_ms IS NOT NULL));

-- What it may answer: all that, and block lists whose turn is missing, which a conversation's list shows as well.
CREATE VIEW answerable_snapshots AS
SELECT turn_ref, phase, snapshot_ms FROM snapshots
UNION ALL
SELECT turn_ref, '', updated_ms FROM turns t WHERE NOT EXISTS (SELECT 1 FROM snapshots s WHERE s.turn_ref = t.turn_ref);

-- When the last thing happened that the file knows of; a later answer is of a writer that went on.
CREATE VIEW last_stored AS
SELECT coalesce((SELECT moved FROM api_facts), false) AS moved,
    greatest((SELECT max(updated_ms) FROM turns), (SELECT max(snapshot_ms) FROM snapshots)) AS last_ms;

-- One row a field of an answered turn that the file has otherwise; a value that was filled after the file was read is
-- none.
CREATE VIEW api_value_differences AS
SELECT DISTINCT t.conv_id, t.session_id, t.turn_id, field.name AS column_name, field.stored AS expected,
    coalesce(field.answered, '(missing)') AS found
FROM api_snapshots a
JOIN turns t ON t.conv_id = a.conv_id AND t.session_id = a.session_id AND t.turn_id = a.turn_id
CROSS JOIN last_stored
CROSS JOIN LATERAL (SELECT unnest([
    {'name': 'runtime_key', 'stored': t.runtime_key, 'answered': a.runtime_key},
    {'name': 'inference_id', 'stored': t.inference_id, 'answered': a.inference_id}]) AS field)
WHERE NOT a.damaged AND field.stored IS NOT NULL AND field.answered IS DISTINCT FROM field.stored
    AND NOT (moved AND field.stored = '' AND field.answered <> '');
