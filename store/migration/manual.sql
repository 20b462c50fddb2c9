-- Fills what is empty from metadata that every JSON parser reads the same: printable ASCII without escapes, no key twice.
-- It takes a text, a map's runtime_key, or an alias. Turns with other metadata (escapes, other letters, a profile instead
-- of a runtime) are left to turntruth migrate.
UPDATE turns
SET runtime_key = coalesce(
  CASE WHEN json_type(turn_metadata_json, '$."geppetto.runtime@v1"') = 'text'
    THEN nullif(trim(json_extract(turn_metadata_json, '$."geppetto.runtime@v1"')), '') END,
  CASE WHEN json_type(turn_metadata_json, '$."geppetto.runtime@v1"."runtime_key"') = 'text'
    THEN nullif(trim(json_extract(turn_metadata_json, '$."geppetto.runtime@v1"."runtime_key"')), '') END,
  CASE WHEN json_type(turn_metadata_json, '$."geppetto.runtime@v1"') IS NULL
      AND json_type(turn_metadata_json, '$."runtime"') = 'text'
    THEN nullif(trim(json_extract(turn_metadata_json, '$."runtime"')), '') END,
  CASE WHEN json_type(turn_metadata_json, '$."geppetto.runtime@v1"') IS NULL
      AND json_type(turn_metadata_json, '$."runtime"') IS NULL
      AND json_type(turn_metadata_json, '$."runtime_key"') = 'text'
    THEN nullif(trim(json_extract(turn_metadata_json, '$."runtime_key"')), '') END,
  '')
WHERE runtime_key = '' AND CASE
  WHEN typeof(turn_metadata_json) <> 'text' OR instr(turn_metadata_json, '\') THEN 0
  WHEN turn_metadata_json GLOB '*[^ -~]*' THEN 0
  WHEN turn_metadata_json LIKE '%"geppetto.runtime@v1"%"geppetto.runtime@v1"%' THEN 0
  WHEN turn_metadata_json LIKE '%"runtime"%"runtime"%' THEN 0
  WHEN turn_metadata_json LIKE '%"runtime_key"%"runtime_key"%' THEN 0
  ELSE json_valid(turn_metadata_json) END;
UPDATE turns
SET inference_id = coalesce(
  CASE WHEN json_type(turn_metadata_json, '$."geppetto.inference_id@v1"') = 'text'
    THEN nullif(trim(json_extract(turn_metadata_json, '$."geppetto.inference_id@v1"')), '') END,
  CASE WHEN json_type(turn_metadata_json, '$."inference_id"') = 'text'
    THEN nullif(trim(json_extract(turn_metadata_json, '$."inference_id"')), '') END,
  '')
WHERE inference_id = '' AND CASE
  WHEN typeof(turn_metadata_json) <> 'text' OR instr(turn_metadata_json, '\') THEN 0
  WHEN turn_metadata_json GLOB '*[^ -~]*' THEN 0
  WHEN turn_metadata_json LIKE '%"geppetto.inference_id@v1"%"geppetto.inference_id@v1"%' THEN 0
  WHEN turn_metadata_json LIKE '%"inference_id"%"inference_id"%' THEN 0
  ELSE json_valid(turn_metadata_json) END;
UPDATE turns SET updated_at_ms = turn_created_at_ms
WHERE typeof(updated_at_ms) = 'integer' AND updated_at_ms <= 0
  AND typeof(turn_created_at_ms) = 'integer' AND turn_created_at_ms > 0;
