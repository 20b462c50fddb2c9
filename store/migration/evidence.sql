-- One row per turn of the window: what its columns hold, and which runtime and inference its metadata names. Filling uses
-- the rule in store/turns/metadata.py; this says the same by other means, for the proof afterwards and for plans beforehand.
--
-- SQLite decides only where every JSON parser reads the same: texts without escapes, numbers in range, each key once.
-- Anything else gets the kind '?' and is decided by that rule. Two properties make plain string
-- search sound here: without a backslash a key can be spelled in one way only, and a key that occurs once cannot be a
-- duplicate (of duplicates SQLite takes the first, where the last is meant).
--
-- Each step reads the one before row by row: LIMIT -1 keeps SQLite from merging them, which would evaluate every
-- expression again wherever it is named.
--
-- :after, :through  the window, rowids
-- :everything       0 = only turns that lack a value and whose metadata could name one
INSERT INTO temp.turn_evidence
  (turn_rowid, runtime_before, inference_before, runtime_value, runtime_kind, inference_value, inference_kind)
WITH
turn AS (
  SELECT
    rowid AS turn_rowid,
    {runtime_column} AS runtime_before,
    {inference_column} AS inference_before,
    turn_metadata_json AS metadata,
    CASE
      WHEN typeof(turn_metadata_json) <> 'text' THEN 'doubt'
      WHEN instr(turn_metadata_json, '\') THEN 'doubt'
      -- Not only ASCII, or a NUL, at which SQLite's parser stops.
      WHEN length(turn_metadata_json) <> octet_length(turn_metadata_json) THEN 'doubt'
      WHEN NOT json_valid(turn_metadata_json) THEN 'doubt'
      -- A number that overflows is no JSON for the programs that write these files.
      WHEN EXISTS (
        SELECT 1 FROM json_tree(turn_metadata_json) WHERE type = 'real' AND abs(atom) > 1.7976931348623157e308
      ) THEN 'doubt'
      WHEN json_type(turn_metadata_json) <> 'object' THEN 'doubt'
      ELSE 'plain'
    END AS reading
  FROM turns
  WHERE rowid > :after AND rowid <= :through
    AND (:everything OR (({runtime_column} = '' OR {inference_column} = '')
      AND (typeof(turn_metadata_json) <> 'text' OR instr(turn_metadata_json, '\')
        OR instr(turn_metadata_json, 'runtime') OR instr(turn_metadata_json, 'inference_id'))))
  LIMIT -1
),
named AS (
  SELECT
    *,
    CASE
      WHEN reading <> 'plain' THEN NULL
      WHEN instr(metadata, '"geppetto.runtime@v1"') THEN '"geppetto.runtime@v1"'
      WHEN instr(metadata, '"runtime"') THEN '"runtime"'
      WHEN instr(metadata, '"runtime_key"') THEN '"runtime_key"'
    END AS runtime_name,
    CASE
      WHEN reading <> 'plain' THEN NULL
      WHEN instr(metadata, '"geppetto.inference_id@v1"') THEN '"geppetto.inference_id@v1"'
      WHEN instr(metadata, '"inference_id"') THEN '"inference_id"'
    END AS inference_name
  FROM turn
  LIMIT -1
),
-- The member's JSON text (by its first character a text is the smallest, a map the greatest); NULL where the name occurs twice, or elsewhere than at the top.
found AS (
  SELECT
    turn_rowid, runtime_before, inference_before, reading, runtime_name, inference_name,
    CASE WHEN NOT instr(substr(metadata, instr(metadata, runtime_name) + 1), runtime_name)
      THEN metadata -> ('$.' || runtime_name) END AS runtime_json,
    CASE WHEN NOT instr(substr(metadata, instr(metadata, inference_name) + 1), inference_name)
      THEN metadata -> ('$.' || inference_name) END AS inference_json
  FROM named
  LIMIT -1
),
text AS (
  SELECT
    turn_rowid, runtime_before, inference_before, reading, runtime_name, inference_name, inference_json,
    runtime_json >= '{' AS is_map,
    CASE
      WHEN runtime_json < '{' THEN runtime_json
      WHEN runtime_name <> '"geppetto.runtime@v1"' THEN NULL
      WHEN NOT instr(substr(runtime_json, instr(runtime_json, '"runtime_key"') + 1), '"runtime_key"')
        THEN runtime_json -> '$."runtime_key"'
    END AS runtime_json
  FROM found
  LIMIT -1
),
value AS (
  SELECT
    turn_rowid, runtime_before, inference_before, reading, runtime_name, inference_name, is_map,
    CASE WHEN runtime_json < '#' THEN trim(substr(runtime_json, 2, length(runtime_json) - 2)) END AS runtime,
    CASE WHEN inference_json < '#' THEN trim(substr(inference_json, 2, length(inference_json) - 2)) END AS inference
  FROM text
  LIMIT -1
)
-- A blank value hands on to the next key, and what is blank or valid outside of ASCII only the rule knows.
SELECT
  turn_rowid, runtime_before, inference_before,
  coalesce(runtime, ''),
  CASE
    WHEN reading = 'doubt' THEN '?'
    WHEN runtime_name IS NULL THEN ''
    WHEN runtime IS NULL OR runtime = '' OR runtime GLOB '*[^ -~]*' THEN '?'
    WHEN runtime_name <> '"geppetto.runtime@v1"' THEN 'alias'
    WHEN is_map THEN 'map'
    ELSE 'text'
  END,
  coalesce(inference, ''),
  CASE
    WHEN reading = 'doubt' THEN '?'
    WHEN inference_name IS NULL THEN ''
    WHEN inference IS NULL OR inference = '' OR inference GLOB '*[^ -~]*' THEN '?'
    WHEN inference_name <> '"geppetto.inference_id@v1"' THEN 'alias'
    ELSE 'text'
  END
FROM value;
