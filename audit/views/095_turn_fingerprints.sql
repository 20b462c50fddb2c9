-- One row a turn: what a later audit has to find again.
CREATE VIEW turn_fingerprints AS SELECT conv_id, session_id, turn_id, runtime_key, inference_id, created_ms FROM turns;
