-- Fills what is empty from metadata that every JSON parser reads the same: printable ASCII without escapes, no key
-- twice. It takes a text, a map's runtime_key, or an alias. Turns with other metadata (escapes, other letters, a
-- profile instead of a runtime) are left to turntruth migrate.
/*each column*/
UPDATE turns
SET {column} = coalesce(
  CASE WHEN json_type(turn_metadata_json, '$."{canonical}"') = 'text'
    THEN nullif(trim(json_extract(turn_metadata_json, '$."{canonical}"')), '') END,
/*each direct member*/
  CASE WHEN json_type(turn_metadata_json, '$."{canonical}"."{member}"') = 'text'
    THEN nullif(trim(json_extract(turn_metadata_json, '$."{canonical}"."{member}"')), '') END,
/*end direct member*/
/*each alias*/
  CASE WHEN /*each key before*/json_type(turn_metadata_json, '$."{before}"') IS NULL
      AND /*end key before*/json_type(turn_metadata_json, '$."{alias}"') = 'text'
    THEN nullif(trim(json_extract(turn_metadata_json, '$."{alias}"')), '') END,
/*end alias*/
  '')
WHERE {column} = '' AND CASE
  WHEN typeof(turn_metadata_json) <> 'text' OR instr(turn_metadata_json, '\') THEN 0
  WHEN turn_metadata_json GLOB '*[^ -~]*' THEN 0
/*each key*/
  WHEN turn_metadata_json LIKE '%"{key}"%"{key}"%' THEN 0
/*end key*/
  ELSE json_valid(turn_metadata_json) END;
/*end column*/
UPDATE turns SET updated_at_ms = turn_created_at_ms
WHERE typeof(updated_at_ms) = 'integer' AND updated_at_ms <= 0
  AND typeof(turn_created_at_ms) = 'integer' AND turn_created_at_ms > 0;
