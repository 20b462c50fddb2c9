-- The metadata of every turn that is a JSON object.
SELECT rowid AS turn_ref, CAST(turn_metadata_json AS TEXT) AS object
FROM main.turns
WHERE is_json_object(turn_metadata_json)
