-- One row per turn of the window: what its columns hold, and which runtime and inference its metadata names.
-- SQLite decides only where every JSON parser reads the same: printable text without escapes, numbers in range, each
-- key once. Anything else gets the kind '?' and is decided by the one rule in store/metadata.py.
-- Two properties make string search sound here: without a backslash a key can be spelled in one way only, and a key that
-- occurs once cannot be a duplicate (of duplicate keys SQLite takes the first, where the last is meant).
-- :after, :through  the window, rowids;  :everything  1 = also read the metadata of turns that have both values
INSERT INTO temp.turn_evidence
  (turn_rowid, runtime_before, inference_before, runtime_value, runtime_kind, inference_value, inference_kind)
WITH
turn AS MATERIALIZED (
  SELECT
    rowid AS turn_rowid,
    {runtime_column} AS runtime_before,
    {inference_column} AS inference_before,
    turn_metadata_json AS metadata,
    CASE
      WHEN NOT :everything AND {runtime_column} <> '' AND {inference_column} <> '' THEN 'skip'
      WHEN typeof(turn_metadata_json) <> 'text' THEN 'doubt'
      WHEN instr(turn_metadata_json, '\') THEN 'doubt'
      WHEN length(turn_metadata_json) <> octet_length(turn_metadata_json) THEN 'doubt'
      WHEN NOT json_valid(turn_metadata_json) THEN 'doubt'
      WHEN json_type(turn_metadata_json) <> 'object' THEN 'doubt'
      -- A number that overflows is no JSON for the programs that write these files.
      WHEN EXISTS (
        SELECT 1 FROM json_tree(turn_metadata_json) WHERE type = 'real' AND abs(atom) > 1.7976931348623157e308
      ) THEN 'doubt'
      ELSE 'plain'
    END AS reading
  FROM turns
  WHERE rowid > :after AND rowid <= :through
),
located AS MATERIALIZED (
  SELECT
    turn_rowid, runtime_before, inference_before, metadata, reading,
    CASE
      WHEN reading <> 'plain' THEN reading
      WHEN instr(metadata, '"geppetto.runtime@v1"') THEN
        CASE
          WHEN instr(substr(metadata, instr(metadata, '"geppetto.runtime@v1"') + 1), '"geppetto.runtime@v1"') THEN 'doubt'
          WHEN json_type(metadata, '$."geppetto.runtime@v1"') = 'text' THEN 'text'
          WHEN instr(substr(metadata, instr(metadata, '"runtime_key"') + 1), '"runtime_key"') THEN 'doubt'
          WHEN json_type(metadata, '$."geppetto.runtime@v1"."runtime_key"') = 'text' THEN 'map'
          ELSE 'doubt'
        END
      WHEN instr(metadata, '"runtime"') THEN
        CASE
          WHEN instr(substr(metadata, instr(metadata, '"runtime"') + 1), '"runtime"') THEN 'doubt'
          WHEN json_type(metadata, '$."runtime"') = 'text' THEN 'runtime'
          ELSE 'doubt'
        END
      WHEN instr(metadata, '"runtime_key"') THEN
        CASE
          WHEN instr(substr(metadata, instr(metadata, '"runtime_key"') + 1), '"runtime_key"') THEN 'doubt'
          WHEN json_type(metadata, '$."runtime_key"') = 'text' THEN 'runtime_key'
          ELSE 'doubt'
        END
      ELSE 'nowhere'
    END AS runtime_place,
    CASE
      WHEN reading <> 'plain' THEN reading
      WHEN instr(metadata, '"geppetto.inference_id@v1"') THEN
        CASE
          WHEN instr(substr(metadata, instr(metadata, '"geppetto.inference_id@v1"') + 1), '"geppetto.inference_id@v1"')
            THEN 'doubt'
          WHEN json_type(metadata, '$."geppetto.inference_id@v1"') = 'text' THEN 'text'
          ELSE 'doubt'
        END
      WHEN instr(metadata, '"inference_id"') THEN
        CASE
          WHEN instr(substr(metadata, instr(metadata, '"inference_id"') + 1), '"inference_id"') THEN 'doubt'
          WHEN json_type(metadata, '$."inference_id"') = 'text' THEN 'inference_id'
          ELSE 'doubt'
        END
      ELSE 'nowhere'
    END AS inference_place
  FROM turn
),
extracted AS MATERIALIZED (
  SELECT
    turn_rowid, runtime_before, inference_before, runtime_place, inference_place,
    trim(CASE runtime_place
      WHEN 'text' THEN json_extract(metadata, '$."geppetto.runtime@v1"')
      WHEN 'map' THEN json_extract(metadata, '$."geppetto.runtime@v1"."runtime_key"')
      WHEN 'runtime' THEN json_extract(metadata, '$."runtime"')
      WHEN 'runtime_key' THEN json_extract(metadata, '$."runtime_key"')
    END) AS runtime_value,
    trim(CASE inference_place
      WHEN 'text' THEN json_extract(metadata, '$."geppetto.inference_id@v1"')
      WHEN 'inference_id' THEN json_extract(metadata, '$."inference_id"')
    END) AS inference_value
  FROM located
)
SELECT
  turn_rowid, runtime_before, inference_before,
  coalesce(runtime_value, ''),
  CASE
    WHEN runtime_place IN ('skip', 'nowhere') THEN ''
    -- A blank value hands on to the next key, and what is blank outside of ASCII only the rule knows.
    WHEN runtime_place = 'doubt' OR runtime_value = '' OR runtime_value GLOB '*[^ -~]*' THEN '?'
    WHEN runtime_place IN ('text', 'map') THEN runtime_place
    ELSE 'alias'
  END,
  coalesce(inference_value, ''),
  CASE
    WHEN inference_place IN ('skip', 'nowhere') THEN ''
    WHEN inference_place = 'doubt' OR inference_value = '' OR inference_value GLOB '*[^ -~]*' THEN '?'
    WHEN inference_place = 'text' THEN 'text'
    ELSE 'alias'
  END
FROM extracted;
