-- One row a turn whose turn_data_json is no JSON object.
CREATE VIEW damaged_turn_data AS SELECT conv_id, session_id, turn_id FROM turns WHERE NOT data_valid;
